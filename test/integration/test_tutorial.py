"""doc/tutorial.md: what it tells the reader to type works as it stands."""

import os
import re
import subprocess

import pytest

from support import BIN, TOP, wait_until

NEEDED = ["svscan", "svscanctl", "svc", "svok", "svstat", "multilog", "tai64nlocal", "svlog", "sv", "svwait"]

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
	before=$(pid_of "$2")
	command svc "$@"
	case $1 in
	-d) until test -z "$(pid_of "$2")"; do command sleep 0.05; done ;;
	-[utk]) until has_new_pid "$2" "$before"; do command sleep 0.05; done ;;
	esac
}
sleep() {
	command sleep "$1"
	until grep -qs 'the clock starts' ~/clock/log/main/current; do
		command sleep 0.05
	done
}
"""


def commands():
    """
    The blocks marked as sh, which keep to the home folder, a temporary one here.
    Those that need root or change the system are marked as console.
    """
    text = (TOP / "doc" / "tutorial.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    foreign = re.compile(r"meson|install|(?<![\w~.])/(?!bin/sh|tmp/)[a-z]")
    for block in blocks:
        assert not foreign.search(block), f"not to be run by a test: {block}"
    return blocks


def missing():
    return [name for name in NEEDED if not (BIN / name).exists()]


@pytest.mark.skipif(bool(missing()), reason="programs not built")
def test_tutorial_can_be_typed(tmp_path, programs):
    typed = "\n".join([PATIENCE, "set -e", *commands()])
    out_path = tmp_path / "out"
    with open(out_path, "w") as out:
        shell = programs.start(
            "sh",
            "-c",
            typed,
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": f"{BIN}:{os.defpath}"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )

        def has_ended():
            # Nobody else reaps the clock of an svscan that was killed.
            programs.reap_zombies()
            return shell.poll() is not None

        wait_until(has_ended, limit_s=120, what=f"the end, see {out_path}")
        code = shell.returncode
    said = out_path.read_text()
    assert code == 0, said
    assert re.search(r"^@[0-9a-f]{24} the clock starts", said, re.M)
    shown = re.findall(r"^\d{4}-\d\d-\d\d [\d:]{8}\.\d{9} the clock starts", said, re.M)
    assert len(shown) >= 3  # by tai64nlocal, and twice by svlog
    assert re.search(r'^\{"time":"[^"]+","service":"clock","message":".+"\}$', said, re.M)
    assert re.search(r"/clock: down \d+ seconds, normally up", said)
    assert re.search(r"/clock: up \(pid \d+\) \d+ seconds, normally down", said)

    # Dependencies: who waits, for how long; and a shop that needs nothing more.
    assert re.search(r"^  needs db: ready after 2\.\d{3} s$", said, re.M)
    assert re.search(r"^critical path of the last start: ", said, re.M)
    assert re.search(r"/town/shop: up \(pid", said)

    # The last three are from before and after svscan was killed, and upgraded.
    pids = re.findall(r"/clock: up \(pid (\d+)\)", said)
    assert pids[-1] == pids[-2] == pids[-3]
