"""doc/: what the tutorial and the how-tos tell the reader to type works.

Blocks marked as sh keep to the home folder, a temporary one here. Blocks marked
as console are for root, and change the system: they run on an overlay of it,
where that can be had, in namespaces of their own.
"""

import collections
import os
import re
import subprocess

import pytest

from support import BIN, TOP, Programs, program_names, wait_until

DOC = TOP / "doc"
PAGES = [DOC / "tutorial.md", *sorted(DOC.glob("from-*.md"))]

pytestmark = pytest.mark.skipif(
    not all((BIN / name).exists() for name in program_names()), reason="programs not built"
)

# A reader types slowly; a busy machine that runs tests may be slower yet. These
# stand in for the commands of their names, and wait until the effect is there.
PATIENCE = r"""
pid_of() {
	command svstat "$1" | sed -n 's/.*: up (pid \([0-9]*\)).*/\1/p'
}
has_new_pid() {
	now=$(pid_of "$1")
	test -n "$now" -a "$now" != "$2"
}
svc() {
	if [ $# != 2 ]; then
		command svc "$@"
		return
	fi
	before=$(pid_of "$2")
	command svc "$@"
	case $1 in
	-d) until test -z "$(pid_of "$2")"; do command sleep 0.05; done ;;
	-[utk]) until has_new_pid "$2" "$before"; do command sleep 0.05; done ;;
	esac
}
sleep() {
	command sleep "$1"
	until [ ! -e ~/clock/log/main ] ||
		grep -qs 'the clock starts' ~/clock/log/main/current; do
		command sleep 0.05
	done
}
"""
# What only some systems let a user do.
NEEDS = {"unshare": ["unshare", "--user", "--map-root-user", "--pid", "--fork", "true"]}


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text(), re.M | re.S)


def may_run(block):
    for word, probe in NEEDS.items():
        if re.search(rf"^{word} ", block, re.M):
            return subprocess.run(probe, capture_output=True).returncode == 0
    return True


def commands(page):
    foreign = re.compile(r"meson|(?<![\w~./$}|])/(?!bin/sh|dev/null|share/|tmp/)[a-z]")
    for block in blocks(page, "sh"):
        assert not foreign.search(block), f"not to be run by a test: {block}"
    return [block for block in blocks(page, "sh") if may_run(block)]


class Reader:
    """Types all of a page into one shell, with a home folder of its own."""

    def __init__(self, page, home, programs):
        self.home = home
        self.programs = programs
        self.out_path = home / "out"
        text = "\n".join([PATIENCE, "set -e", *commands(page), 'echo "all was typed"'])
        with open(self.out_path, "w") as out:
            self.shell = programs.start(
                "sh", "-c", text,
                cwd=home,
                env={"HOME": str(home), "PATH": f"{BIN}:{os.defpath}:/usr/sbin:/sbin"},
                stdout=out, stderr=subprocess.STDOUT,
            )

    def has_ended(self):
        # Nobody else reaps the clock of an svscan that was killed; the shell of
        # another page, which has ended, must not stand in the way.
        for shell in self.programs.started:
            shell.poll()
        self.programs.reap_zombies()
        return self.shell.poll() is not None

    def said(self):
        """All that was seen, at the end."""
        wait_until(self.has_ended, limit_s=120, what=f"the end, see {self.out_path}")
        said = self.out_path.read_text()
        assert self.shell.returncode == 0 and said.endswith("all was typed\n"), said
        return said


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    """One for each page. They read side by side, as most of it is waiting."""
    programs = Programs()
    yield {
        page.stem: Reader(page, tmp_path_factory.mktemp(page.stem), programs)
        for page in PAGES
    }
    programs.end_all()


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_how_to_can_be_typed(page, readers):
    readers[page.stem].said()


def test_tutorial_can_be_typed(readers):
    said = readers["tutorial"].said()
    assert re.search(r"^@[0-9a-f]{24} the clock starts", said, re.M)
    shown = re.findall(r"^\d{4}-\d\d-\d\d [\d:]{8}\.\d{9} the clock starts", said, re.M)
    assert len(shown) >= 3  # by tai64nlocal, and twice by svlog
    assert re.search(r'^\{"time":"[^"]+","service":"clock","message":".+"\}$', said, re.M)
    assert re.search(r"/clock: down \d+ seconds, normally up", said)
    assert re.search(r"/clock: up \(pid \d+\) \d+ seconds, normally down", said)

    # Dependencies: who waits, for how long; and a server that needs nothing more.
    assert re.search(r"^  needs db: ready after 2\.\d{3} s$", said, re.M)
    assert re.search(r"^critical path of the last start: ", said, re.M)
    assert re.search(r"/town/web: up \(pid", said)
    assert len(re.findall(r"/town/web: \d+s, .*, waiting for db$", said, re.M)) == 2

    # The last three are from before and after svscan was killed, and upgraded.
    pids = re.findall(r"/clock: up \(pid (\d+)\)", said)
    assert pids[-1] == pids[-2] == pids[-3]
    home = readers["tutorial"].home
    unit = (home / ".config/systemd/user/svscanboot.service").read_text()
    assert f"ExecStart={BIN}/svscanboot {home}/service\n" in unit


# ---- as root ----

OVERLAY = r"""
set -e
mount --make-rprivate /
mount -t tmpfs none "$room"
mkdir "$room/up" "$room/work" "$room/root"
mount -t overlay -o "lowerdir=/,upperdir=$room/up,workdir=$room/work" \
	none "$room/root"
for folder in proc dev tmp; do
	mount --rbind "/$folder" "$room/root/$folder"
done
exec chroot "$room/root" sh -c "$text"
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_root_is_told_can_be_typed(page, tmp_path, programs):
    lines = [block for block in blocks(page, "console") if may_be_root(block)]
    if not lines:
        pytest.skip("nothing for root on this page")
    if os.getuid() != 0:
        pytest.skip("only root can")
    room = tmp_path / "room"
    room.mkdir()
    prepared = [
        "set -e",
        f"cd {tmp_path}; mkdir out; ln -s {BIN} out/bin; ln -s {BIN.parent}/share out/share",
        "mkdir -p /home/you/clock",
        r"printf '#!/bin/sh\nexec sleep 1000\n' >/home/you/clock/run",
        "cp -RL out out.real; rm out/bin out/share; mv out.real/* out",
    ]
    text = "\n".join([*prepared, *lines, 'echo "all was typed"'])
    probe = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", OVERLAY],
        env=os.environ | {"room": str(room), "text": "test -e /bin/sh"},
        capture_output=True, text=True,
    )
    if probe.returncode != 0:
        pytest.skip(f"no overlay here: {probe.stderr}")
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
         "sh", "-c", OVERLAY],
        env={"room": str(room), "text": text, "PATH": os.environ["PATH"], "HOME": "/root"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, timeout=120,
    )
    assert done.returncode == 0 and "all was typed" in done.stdout, done.stdout


def may_be_root(block):
    """All but what builds: the programs are built already."""
    return "script/build" not in block


def test_every_block_is_of_a_kind_that_is_typed():
    for page in PAGES:
        kinds = re.findall(r"^```(\S+)$", page.read_text(), re.M)
        assert set(kinds) <= {"sh", "console"}, page


def test_includes_point_downwards():
    """The first table of doc/design.md is the order, and has every folder."""
    text = (DOC / "design.md").read_text()
    order = re.findall(r"^\| `src/(\w+)/` \|", text, re.M)
    assert set(order) == {path.name for path in (TOP / "src").iterdir() if path.is_dir()}
    for path in (TOP / "src").rglob("*.[ch]"):
        above = order[: order.index(path.relative_to(TOP / "src").parts[0])]
        included = re.findall(r'^#include "(\w+)/', path.read_text(), re.M)
        assert set(included).isdisjoint(above), path


def file_arrows():
    """What each file of src needs: the headers that it includes and, of .c files,
    those that define what it names and nobody else defines."""
    arrows, homes, named = {}, collections.defaultdict(set), {}
    for path in (TOP / "src").rglob("*.[ch]"):
        name = str(path.relative_to(TOP / "src"))
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        arrows[name] = set(re.findall(r'^#include "([^"]+)"', text, re.M))
        if path.suffix == ".c":
            text = re.sub(r'^#.*|"(?:\\.|[^"\\\n])*"', "", text, flags=re.M)
            named[name] = set(re.findall(r"\b[a-z]\w+", text))
            function = r"^(?!static\b)[a-z][\w\s*]*?\b(\w+)\([^;{}]*\)\n\{"
            for defined in re.findall(function, text, re.M):
                homes[defined].add(name)
    for name, words in named.items():
        for home in (homes[word] for word in words if len(homes[word]) == 1):
            arrows[name] |= home - {name}
    return arrows


def reached_from(name, arrows):
    reached, left = set(), [name]
    while left:
        new = arrows[left.pop()] - reached
        reached |= new
        left += new
    return reached


def test_no_file_needs_one_that_needs_it():
    arrows = file_arrows()
    assert "engine/orders.c" in arrows["engine/step.c"], "calls are seen"
    assert [name for name in arrows if name in reached_from(name, arrows)] == []


def without_twin(stem):
    """What a file is about, whichever system it is for."""
    return re.sub(r"_(linux|portable|fork)$", "", stem)


def test_design_has_the_files_of_the_engine_in_their_order():
    """Each row of its table needs only what is in it or below."""
    text = (DOC / "design.md").read_text()
    table = text.partition("The files of `src/engine/`")[2].partition("\n\n`")[0]
    rows = {
        name: i
        for i, row in enumerate(re.findall(r"^\| .*", table, re.M))
        for name in re.findall(r"`(\w+)`", row)
    }
    engine = TOP / "src" / "engine"
    assert set(rows) == {without_twin(path.stem) for path in engine.glob("*.h")}
    for name, needed in file_arrows().items():
        if name.startswith("engine/"):
            row = rows[without_twin(name[7:-2])]
            theirs = {without_twin(other[7:-2]) for other in needed if other.startswith("engine/")}
            assert all(rows[other] >= row for other in theirs), name


def test_links_lead_somewhere():
    for page in [TOP / "README.md", TOP / "CONTRIBUTING.md", *DOC.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
