"""svscanboot(8) as process 1 of a container: environment, output, signals.

A container is a pid namespace here; test/machine/test_containers.py has one of an
engine.
"""

import os
import signal
import subprocess

import pytest

from proc import children_of
from support import BIN, Service, wait_until, write_script

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
if os.getuid() != 0:
    NAMESPACE[1:1] = ["--user", "--map-root-user"]
STOP_OF_INIT = 37  # RTMIN+3, as everybody but musl counts

# Says what it was told, until it is told to end.
SPEAKER = """#!/bin/sh
for name in HUP USR1 USR2 WINCH QUIT; do trap "echo got $name" $name; done
trap 'echo ends; exit 0' TERM
echo up
while :; do sleep 1000 & wait; kill $!; done
"""


class Box:
    """A scan directory, and process 1 of a container that runs it."""

    def __init__(self, tmp_path, programs):
        self.programs = programs
        self.path = tmp_path
        self.scan = tmp_path / "service"
        self.scan.mkdir()
        self.process = None

    def make(self, name, run, **files):
        service = Service(self.scan / name, run=run)
        for file, text in files.items():
            (service.path / file.replace("_", "-")).write_text(text)
        return service

    def start(self, *options, argv=(), program="svscanboot", **more):
        with open(self.path / "out", "wb") as out, open(self.path / "err", "wb") as err:
            self.process = self.programs.start(
                *NAMESPACE, BIN / program, *options, self.scan, *argv,
                stdout=out, stderr=err, **more
            )
        return self

    def run(self, *options, **more):
        """To the end of it, which is its exit code."""
        return self.start(*options, **more).process.wait(120)

    def out(self):
        return (self.path / "out").read_text()

    def err(self):
        return (self.path / "err").read_text()

    def first(self):
        """The number of process 1, as seen from here."""
        return wait_until(lambda: children_of(self.process.pid))[0]

    def tell(self, number):
        os.kill(self.first(), number)

    def wait_out(self, text):
        wait_until(lambda: text in self.out(), what=f"{text!r} in {self.out()!r}")

    def wait_err(self, text):
        wait_until(lambda: text in self.err(), what=f"{text!r} in {self.err()!r}")

    def end(self, number=signal.SIGTERM):
        self.tell(number)
        return self.process.wait(120)

    def last_line(self):
        return self.err().splitlines()[-1]


@pytest.fixture
def box(tmp_path, programs):
    probe = subprocess.run([*NAMESPACE, "true"], capture_output=True, timeout=120)
    if probe.returncode != 0:
        pytest.skip("no pid namespaces here: " + probe.stderr.decode())
    return Box(tmp_path, programs)


# Environment and output


def test_services_have_the_environment_and_the_output(box):
    """All that was there was PATH, and readproctitle."""
    box.make("web", '#!/bin/sh\necho "FOO is $FOO"\necho trouble >&2\n'
             "echo input $(readlink /proc/self/fd/0)\nexec sleep 1000\n")
    box.start(env={"PATH": "/usr/bin:/bin", "FOO": "two\nlines"})
    box.wait_out("FOO is two\nlines\n")
    box.wait_out("input /dev/null\n")
    box.wait_err("trouble\n")
    assert box.end() == 0


@pytest.mark.parametrize("path", ["/usr/bin:/bin", None])
def test_the_programs_are_found_after_those_of_the_image(box, path):
    box.make("web", '#!/bin/sh\necho "PATH is $PATH"\nexec /bin/sleep 1000\n')
    box.start(env={"PATH": path} if path else {})
    box.wait_out("PATH is ")
    line = wait_until(lambda: "\n" in box.out() and box.out().splitlines()[0])
    assert line.endswith(f":{BIN}")
    assert line.startswith(f"PATH is {path or '/command:'}")


def test_variables_of_the_supervisors_reach_no_service(box):
    box.make("web", "#!/bin/sh\nenv\necho that is all\nexec sleep 1000\n")
    box.start(env={"PATH": os.environ["PATH"], "HOLDFAST_DEATHS": "9",
                   "HOLDFAST_KEEPER": "9,9", "NOTIFY_SOCKET": "/nowhere"})
    box.wait_out("that is all")
    assert "HOLDFAST" not in box.out() and "NOTIFY" not in box.out()


def test_the_environment_is_a_directory_too(box):
    box.make("web", f'#!/bin/sh\nexec env -i {BIN}/envdir {box.path}/a/b sh -c '
             '\'echo "FOO is $FOO, NONE is ${NONE-unset}."; exec sleep 1000\'\n')
    box.start("-e", box.path / "a" / "b", env={
        "PATH": os.environ["PATH"], "FOO": "two\nlines", "NONE": "", "a/b": "x"})
    box.wait_out("FOO is two\nlines, NONE is .\n")
    assert (box.path / "a" / "b").stat().st_mode & 0o7777 == 0o700
    assert (box.path / "a" / "b" / "FOO").stat().st_mode & 0o7777 == 0o600


def test_where_it_can_not_be_that_is_told_and_all_runs(box):
    box.make("web", SPEAKER)
    (box.path / "file").touch()
    box.start("-e", box.path / "file")
    box.wait_out("up\n")
    box.wait_err("warning: unable to write the environment to ")


# Signals


@pytest.mark.parametrize("number", [
    signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGPWR, STOP_OF_INIT])
def test_all_stops_in_order(box, number):
    """QUIT, of images of nginx, and RTMIN+3, of podman, were ignored."""
    box.make("web", SPEAKER)
    box.start().wait_out("up\n")
    assert box.end(number) == 0
    assert box.out() == "up\nends\n"
    names = {STOP_OF_INIT: "RTMIN+3"}
    name = names.get(number) or signal.Signals(number).name[3:]
    assert box.last_line().startswith(
        f"svscanboot: told to stop by {name}, all was stopped in "
    )


def test_other_signals_mean_nothing(box):
    box.make("web", SPEAKER)
    box.start().wait_out("up\n")
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGALRM,
                   signal.SIGPIPE, 40):
        box.tell(number)
    assert box.end() == 0
    assert box.out() == "up\nends\n"


def test_so_it_is_below_an_init_of_the_engine(box):
    """Where the default action would end it."""
    box.make("web", SPEAKER)
    boot = box.programs.start(BIN / "svscanboot", "-c", box.scan,
                              stdout=open(box.path / "out", "wb"))
    box.wait_out("up\n")
    for number in signal.SIGUSR1, signal.SIGALRM, 40, signal.SIGQUIT:
        boot.send_signal(number)
    assert boot.wait(120) == 0


def test_hangup_scans(box):
    box.make("web", SPEAKER)
    box.start().wait_out("up\n")
    box.make("late", "#!/bin/sh\necho late\nexec sleep 1000\n")
    box.tell(signal.SIGHUP)
    box.wait_out("late\n")


def test_signals_are_mapped(box):
    box.make("web", SPEAKER)
    box.start("-s", "USR1=web", "-s", "SIGUSR2=web:WINCH", "-s", "TERM=ignore",
              "-s", "RTMIN+8=stop", "-s", "QUIT=scan")
    box.wait_out("up\n")
    box.tell(signal.SIGUSR1)
    box.wait_out("got USR1\n")
    box.tell(signal.SIGTERM)
    box.tell(signal.SIGUSR2)
    box.wait_out("got WINCH\n")
    assert box.end(42) == 0
    assert "RTMIN+8" in box.last_line()


@pytest.mark.parametrize("mapping", [
    "", "TERM", "TERM=", "NONE=stop", "KILL=stop", "CHLD=ignore", "0=stop", "65=stop",
    "TERM=a/b", "TERM=.x", "TERM=web:", "TERM=web:NONE", "TERM=web:WINCHX", "PWR=web"])
def test_a_mapping_that_can_not_be_is_refused(tmp_path, mapping):
    done = subprocess.run([BIN / "svscanboot", "-c", "-s", mapping, tmp_path],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 100
    assert len(done.stderr.splitlines()) == 1 and "fatal: -s " in done.stderr


def test_a_second_signal_does_not_shorten_a_stop(box):
    box.make("web", "#!/bin/sh\ntrap 'echo told; while ! [ -e go ]; do sleep 0.02; done;"
             " echo ends; exit 0' TERM\necho up\nwhile :; do sleep 0.02; done\n")
    box.start().wait_out("up\n")
    box.tell(signal.SIGTERM)
    box.wait_out("told\n")
    box.tell(signal.SIGTERM)
    box.tell(signal.SIGINT)
    (box.scan / "web" / "go").touch()
    assert box.process.wait(120) == 0
    assert box.out() == "up\ntold\nends\n"
    assert "told to stop by TERM" in box.last_line()


@pytest.mark.parametrize("program", ["runsvdir", "svscan"])
def test_other_supervisors_stop_in_order_too(box, program):
    """runsvdir left what ran to the kernel, as nobody could take it over."""
    box.make("web", SPEAKER)
    box.start(program=program).wait_out("up\n")
    assert box.end() == 0
    assert box.out() == "up\nends\n"


# Use


def test_as_on_a_machine(box):
    service = box.make("web", '#!/bin/sh\necho "FOO is $FOO" >said\nexec sleep 1000\n')
    box.start("-m", env={"PATH": os.environ["PATH"], "FOO": "x"})
    wait_until(lambda: service.lines("said") == ["FOO is "])
    assert box.end() == 0
    assert box.out() + box.err() == ""


def test_a_command_is_not_taken_for_a_log_service(box):
    """`docker run IMAGE bash` had everything log to "bash"."""
    assert box.run(argv=["bash"]) == 100
    assert box.err() == (
        f"svscanboot: fatal: bash is no service in {box.scan} to log to\n"
    )


@pytest.mark.parametrize("options", [["-s", "TERM=stop"], ["-e", "x"]])
def test_what_means_something_in_a_container_only(tmp_path, options):
    done = subprocess.run([BIN / "svscanboot", *options, tmp_path], capture_output=True,
                          text=True, timeout=120)
    assert (done.returncode, done.stderr) == (100, (
        f"svscanboot: fatal: {options[0]} has a meaning in a container only: see -c\n"))
