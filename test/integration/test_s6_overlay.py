"""Images made for s6-overlay: what they have in /etc runs as it is.

Each test is a container of its own: a root that is this machine's, with the image on
top, and with namespaces as an engine makes them."""

import os
import pathlib
import shutil
import subprocess
import textwrap

import pytest

from support import BIN, TOP, wait_until

# A root in memory above the machine's; /command is where images look for programs.
MAKE_ROOT = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay root -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs run "$1/root/run"
mkdir "$1/root/run/out"
mount --bind "$2/out" "$1/root/run/out"
cp -R "$2/image/." "$1/root/"
root=$1/root
shift 2
exec chroot "$root" /init "$@"
"""
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_have_a_root(folder):
    made = folder / "probe"
    made.mkdir()
    (made / "image").mkdir()
    (made / "out").mkdir()
    script = MAKE_ROOT.replace("/init", "/bin/true")
    argv = [*NAMESPACES, "sh", "-c", script, "sh", "/mnt", made]
    return os.geteuid() == 0 and subprocess.run(argv, capture_output=True).returncode == 0


class Image:
    def __init__(self, folder, programs):
        self.dir = folder
        self.programs = programs
        self.out = folder / "out"  # what is written there outlives the container
        self.out.mkdir()
        command = folder / "image" / "command"
        command.mkdir(parents=True)
        for path in BIN.iterdir():
            shutil.copy(path, command / path.name)
        subprocess.run([TOP / "dist/s6-overlay/install", folder / "image"], check=True)

    def file(self, path, text, mode=0o644):
        target = self.dir / "image" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))
        target.chmod(mode)

    def script(self, path, text):
        self.file(path, text, 0o755)

    def service(self, name, **files):
        """In s6-rc.d; scripts there need not be executable."""
        for file, text in files.items():
            path = file.replace("__", ".d/").replace("_", "-")
            self.file(f"etc/s6-overlay/s6-rc.d/{name}/{path}", text)
        self.file(f"etc/s6-overlay/s6-rc.d/user/contents.d/{name}", "")
        self.file("etc/s6-overlay/s6-rc.d/user/type", "bundle\n")

    def start(self, *command, **variables):
        path = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        self.process = self.programs.start(
            *NAMESPACES, "sh", "-c", MAKE_ROOT, "sh", "/mnt", self.dir, *command,
            env=path | variables, stdin=subprocess.DEVNULL,
            stdout=open(self.dir / "stdout", "w"), stderr=open(self.dir / "stderr", "w"),
        )  # fmt: skip

    def run(self, *command, **variables):
        """To its end; the exit code."""
        self.start(*command, **variables)
        wait_until(lambda: self.process.poll() is not None, what="the end of the container")
        return self.process.returncode

    def said(self, name="stderr"):
        return (self.dir / name).read_text()

    def lines(self, name):
        path = self.out / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def image(tmp_path, programs):
    if not can_have_a_root(tmp_path):
        pytest.skip("needs root, and namespaces")
    (tmp_path / "case").mkdir()
    return Image(pathlib.Path(tmp_path / "case"), programs)


def note(word):
    return f"#!/bin/sh\necho {word} >>/run/out/order\n"


def test_a_web_server_with_scripts_and_a_logger(image):
    """The shape of most: one-shots, a pipeline, older scripts, a command."""
    image.service("init-certificates", type="oneshot\n", up="/etc/s6-overlay/scripts/cert\n",
                  dependencies__base="")  # fmt: skip
    image.script("etc/s6-overlay/scripts/cert", note("certificate"))
    image.service(
        "nginx", type="longrun\n", producer_for="nginx-log\n", notification_fd="3\n",
        dependencies__init_certificates="", finish="#!/bin/sh\nsleep 1; echo down >>/run/out/order\n",
        run="#!/command/with-contenv sh\n"
            'echo "nginx of $SITE"; echo nginx >>/run/out/order; echo >&3\nexec sleep 1000\n',
    )  # fmt: skip
    image.service("nginx-log", type="longrun\n", consumer_for="nginx\n",
                  pipeline_name="nginx-pipeline\n",
                  run="#!/bin/sh\nexec logutil-service /run/out/log\n")  # fmt: skip
    image.file("etc/s6-overlay/s6-rc.d/user/contents.d/nginx-pipeline", "")
    image.file("etc/fix-attrs.d/01-data", "/run/out/data false nobody 0640 0750\n")
    (image.out / "data").touch()
    (image.out / "log").mkdir()
    image.script("etc/cont-init.d/10-first", note("first"))
    image.script("etc/cont-init.d/20-second", note("second"))
    image.script("etc/services.d/cron/run", "#!/bin/sh\necho cron >>/run/out/order\nexec sleep 1000\n")
    image.script("etc/cont-finish.d/10-last", note("last"))
    code = image.run(
        "sh", "-c",
        "until grep -q cron /run/out/order; do sleep 0.1; done\n"
        "until grep -q SITE /run/out/log/current || grep -q here /run/out/log/current; do sleep 0.1; done\n"
        "printcontenv SITE >/run/out/variable; sv -d /run/service status --json >/run/out/status\n"
        "echo command >>/run/out/order; exit 7",
        SITE="here", S6_UNHEARD_OF="1",
    )  # fmt: skip
    order = image.lines("order")
    assert code == 7, image.said()
    assert order.index("certificate") < order.index("nginx") < order.index("command")
    assert order.index("first") < order.index("second") < order.index("cron")
    assert order.index("command") < order.index("down") and order[-1] == "last"
    assert (image.out / "data").stat().st_uid == 65534
    assert (image.out / "data").stat().st_mode & 0o777 == 0o640
    assert image.lines("variable") == ["here"]
    assert "init: warning: S6_UNHEARD_OF isn't carried over" in image.said()
    assert "nginx-pipeline" in (image.out / "status").read_text()
    (log,) = image.lines("log/current")
    assert log.endswith(" nginx of here")


@pytest.mark.parametrize("behaviour,code", [("0", 5), ("1", 5), ("2", 3)])
def test_a_script_that_fails_ends_all_if_the_image_says_so(image, behaviour, code):
    image.script("etc/cont-init.d/10-bad", "#!/bin/sh\nexit 3\n")
    image.script("etc/services.d/web/run", "#!/bin/sh\necho web >>/run/out/order\nexec sleep 1000\n")
    found = image.run(
        "sh", "-c", "until grep web /run/out/order; do sleep 0.1; done; exit 5",
        S6_BEHAVIOUR_IF_STAGE2_FAILS=behaviour,
    )  # fmt: skip
    assert found == code, image.said()
    is_told = "cont-init: warning: /etc/cont-init.d/10-bad failed: exit code 3" in image.said()
    assert is_told == (behaviour != "0")
    assert bool(image.lines("order")) == (behaviour != "2")


def test_a_media_server_with_puid_and_pgid(image):
    """linuxserver.io's shape: an account made to order, and everything run as that."""
    image.script(
        "etc/cont-init.d/10-adduser",
        "#!/command/with-contenv sh\n"
        "echo \"abc:x:${PUID}:${PGID}::/config:/bin/false\" >>/etc/passwd\n"
        "mkdir -p /config && chown \"$PUID:$PGID\" /config\n",
    )
    image.script(
        "etc/services.d/server/run",
        "#!/command/with-contenv sh\nexec s6-setuidgid abc sh -c 'id -u >/config/uid; exec sleep 1000'\n",
    )
    code = image.run(
        "sh", "-c", "until [ -s /config/uid ]; do sleep 0.1; done; cp /config/uid /run/out/uid",
        PUID="1234", PGID="1234",
    )  # fmt: skip
    assert code == 0, image.said()
    assert image.lines("uid") == ["1234"]


def test_a_script_ends_the_container_with_a_code(image):
    image.script(
        "etc/services.d/db/run",
        "#!/bin/sh\necho 42 >/run/s6-linux-init-container-results/exitcode\n"
        "exec /run/s6/basedir/bin/halt\n",
    )
    assert image.run() == 42, image.said()


def test_what_cannot_be_carried_over_is_named(image):
    image.service("a", type="longrun\n", run="#!/bin/sh\nexec sleep 1000\n", producer_for="b\n")
    image.service("b", type="longrun\n", run="#!/bin/sh\nexec cat\n", producer_for="c\n", consumer_for="a\n")
    image.service("c", type="longrun\n", run="#!/bin/sh\nexec cat\n", consumer_for="b\n")
    image.service("two", type="longrun\n", run="#!/bin/sh\nexec cat\n", consumer_for="a\nc\n")
    image.service("d", type="longrun\n", run="#!/bin/sh\nexec sleep 1000\n", dependencies__nowhere="")
    assert image.run("true", S6_LOGGING="2") == 0, image.said()
    for words in (
        "c reads the output of b, which isn't there, or has a reader, or is one: it is left out",
        "two reads the output of several (a c): it is left out",
        "d names nowhere, which isn't in /etc/s6-overlay/s6-rc.d",
        "S6_LOGGING isn't carried over",
    ):
        assert words in image.said()
