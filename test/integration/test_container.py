"""svscanboot(8) as process 1 of a container: environment, output, signals.

A container is a pid namespace here; test/machine/test_containers.py has one of an
engine.
"""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import time

import pytest

from proc import children_of, descendants
from support import BIN, Service, program_of, wait_until

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
        """Without a limit, unless that is what is tried: machines may be busy."""
        if program == "svscanboot" and not {"-t", "-m"} & set(options):
            options = "-t", "0", *options
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
    assert len(done.stderr.splitlines()) == 1
    assert f"fatal: -s {mapping}: " in done.stderr


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
        f"svscanboot: fatal: bash is no service in {box.scan} to log to; "
        "a command comes after --\n"
    )


@pytest.mark.parametrize("options", [["-s", "TERM=stop"], ["-e", "x"]])
def test_what_means_something_in_a_container_only(tmp_path, options):
    done = subprocess.run([BIN / "svscanboot", *options, tmp_path], capture_output=True,
                          text=True, timeout=120)
    assert (done.returncode, done.stderr) == (100, (
        f"svscanboot: fatal: {options[0]} has a meaning in a container only: see -c\n"))


# The end

# Reads to the end of its input, as a log program does.
READER = "#!/bin/sh\nexec cat >>read\n"



@pytest.mark.parametrize("how, grace_ms", [
    ("", 60000), ("trap '' TERM; ", 100), ("trap 'echo ends; exit' TERM; ", 60000)])
def test_what_outlives_its_service_does_not_keep_a_log_waiting(box, how, grace_ms):
    """A helper held the pipe, and its log waited for the engine's KILL."""
    web = box.make("web", f"#!/bin/sh\n(setsid sh -c \"{how}while :; do sleep 0.05; done\""
                   " &)\necho up\nexec sleep 1000\n")
    web.add_log(READER)
    box.start("-g", str(grace_ms))
    wait_until(lambda: "up" in (web.path / "log" / "read").read_text()
               if (web.path / "log" / "read").exists() else False)
    assert box.end() == 0
    assert "all was stopped" in box.last_line()
    read = (web.path / "log" / "read").read_text()
    assert read == ("up\nends\n" if "ends" in how else "up\n")


def test_what_holds_no_log_is_told_to_end_too(box):
    """It was cut off, as process 1 left a second later."""
    box.make("web", "#!/bin/sh\n(setsid sh -c \"trap 'sleep 0.3; echo told; exit' TERM;"
             " echo up; while :; do sleep 0.05; done\" &)\nexec sleep 1000\n")
    box.start("-g", "60000").wait_out("up\n")
    assert box.end() == 0
    assert box.out() == "up\ntold\n"


def test_a_stopped_process_is_told_and_continued(box):
    box.make("web", "#!/bin/sh\n(setsid sh -c \"trap 'echo told; exit' TERM; echo up;"
             " kill -STOP \\$\\$; while :; do sleep 0.05; done\" &)\nexec sleep 1000\n")
    box.start("-g", "100000", "-t", "0").wait_out("up\n")
    assert box.end() == 0
    assert box.out() == "up\ntold\n"


def test_the_stop_has_a_limit_that_is_told(box):
    """A service that ignores TERM, and has no timeout-kill, took the whole container."""
    box.make("web", SPEAKER)
    box.make("deaf", "#!/bin/sh\ntrap '' TERM\necho up\nwhile :; do sleep 0.05; done\n")
    box.start("-t", "700")
    wait_until(lambda: box.out().count("up\n") == 2)
    assert box.end() == 0
    said = box.err().splitlines()
    assert said[-2].startswith("svscanboot: warning: not all has stopped in 700ms, killing ")
    assert f"run in {box.scan}/deaf (pid " in said[-2]
    assert said[-1].startswith(
        "svscanboot: told to stop by TERM, what was left was killed in ")


def test_at_the_limit_loggers_have_a_moment(box):
    deaf = box.make("deaf", "#!/bin/sh\ntrap '' TERM\necho up\n"
                    "while :; do echo more; sleep 0.01; done\n")
    log = deaf.add_log("#!/bin/sh\ncat\necho the last >>read\n")
    box.start("-t", "500").wait_out("up\nmore\nmore\n")
    assert box.end() == 0
    assert log.lines("read") == ["the last"]


def test_at_the_limit_even_a_logger_is_killed(box):
    web = box.make("web", SPEAKER)
    web.add_log("#!/bin/sh\necho reads >&2\ntrap '' TERM\nwhile :; do sleep 0.05; done\n")
    box.start("-t", "500").wait_err("reads\n")
    assert box.end() == 0
    assert "killing loggers" in box.err().splitlines()[-2]
    assert "what was left was killed" in box.last_line()


def test_without_a_limit_all_have_their_time(box):
    box.make("slow", "#!/bin/sh\ntrap 'echo told; while ! [ -e go ]; do sleep 0.02; done;"
             " echo ends; exit 0' TERM\necho up\nwhile :; do sleep 0.02; done\n")
    box.start("-t", "0").wait_out("up\n")
    box.tell(signal.SIGTERM)
    box.wait_out("told\n")
    (box.scan / "slow" / "go").touch()
    assert box.process.wait(120) == 0
    assert box.out() == "up\ntold\nends\n"


def test_order_is_kept(box):
    for name, needs in ("base", None), ("user", "base"):
        service = box.make(name, f"#!/bin/sh\ntrap 'echo {name} ends; exit 0' TERM\n"
                           f"echo {name}\nwhile :; do sleep 0.02; done\n")
        if needs:
            (service.path / "dependencies.d").mkdir()
            (service.path / "dependencies.d" / needs).touch()
    box.start().wait_out("user\n")
    assert box.end() == 0
    assert box.out().splitlines()[-2:] == ["user ends", "base ends"]


def test_an_svscan_killed_before_has_its_loggers_spared(box):
    """They are children of process 1 then, as what outlived its service is."""
    web = box.make("web", "#!/bin/sh\n(setsid sleep 1000 &)\necho up\nexec sleep 1000\n")
    log = web.add_log("#!/bin/sh\ntrap 'echo told >>read' TERM\n"
                      "while read line; do echo $line >>read; done\n"
                      "sleep 0.3\necho the end >>read\n")
    box.start()
    wait_until(lambda: log.lines("read") == ["up"])
    kill_svscan(box)
    assert box.end() == 0
    assert log.lines("read") == ["up", "the end"]


def kill_svscan(box):
    def svscan():
        for pid in children_of(box.first()):
            if program_of(pid) == "svscan":
                return pid
        return None

    pid = wait_until(svscan)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: svscan() not in (None, pid), what="another svscan")


@pytest.mark.parametrize("code", [None, 42])
def test_a_stop_that_svscan_is_killed_in_goes_on(box, code):
    """And starts nothing again, as an svscan in a crash otherwise does."""
    box.make("quick", SPEAKER)
    box.make("slow", "#!/bin/sh\ntrap 'echo told; while ! [ -e go ]; do sleep 0.02; done;"
             " echo slow ends; exit 0' TERM\necho up\nwhile :; do sleep 0.02; done\n")
    main = box.make("main", "#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done; exit 1\n",
                    restart="never\n", on_giving_up=f"shutdown {code or 1}\n")
    box.start()
    wait_until(lambda: box.out().count("up\n") == 2)
    if code:
        (main.path / "go").touch()
    else:
        box.tell(signal.SIGTERM)
    box.wait_out("told\n")
    box.wait_out("ends\n")
    for _ in range(3):
        kill_svscan(box)
    (box.scan / "slow" / "go").touch()
    assert box.process.wait(120) == (code or 0)
    assert box.out().count("up\n") == 2
    assert ("main has given up" if code else "told to stop by TERM") in box.last_line()


@pytest.mark.parametrize("main", [None, 7])
def test_svscan_may_be_killed_at_any_moment_of_a_stop(box, main):
    """Early and late ones: nothing is started again, the log has all, and all ends."""
    web = box.make("web", "#!/bin/sh\n(setsid sleep 1000 &)\ntrap 'echo ends; exit 0' TERM\n"
                   "echo up\nwhile :; do sleep 0.01; done\n")
    web.add_log(READER)
    box.make("main", "#!/bin/sh\necho main\nwhile ! [ -e go ]; do sleep 0.01; done\n"
             "rm go; exit 7\n")
    for turn in range(20):
        read = web.path / "log" / "read"
        read.unlink(missing_ok=True)
        box.start("-M", "main")
        wait_until(lambda: read.exists() and "up" in read.read_text())
        box.wait_out("main\n")
        first = box.first()
        if main:
            (box.scan / "main" / "go").touch()
        else:
            box.tell(signal.SIGTERM)
        time.sleep(turn * turn * 0.0005)
        for pid in children_of(first):
            if program_of(pid) == "svscan":
                os.kill(pid, signal.SIGKILL)
        assert box.process.wait(120) == (main or 0), box.err()
        assert (read.read_text(), box.out()) == ("up\nends\n", "main\n"), turn


def test_a_stop_by_svscanctl_is_one_like_others(box):
    box.make("web", "#!/bin/sh\n(setsid sleep 1000 &)\necho up\nexec sleep 1000\n")
    box.start().wait_out("up\n")
    subprocess.run([BIN / "svscanctl", "-t", box.scan], check=True, timeout=120)
    assert box.process.wait(120) == 0
    assert box.last_line().startswith("svscanboot: svscan was told to stop, all was ")


def test_what_others_run_beside_is_left_alone(box):
    """With -c in a pid namespace that it shares, as in a pod."""
    box.make("web", SPEAKER)
    other = box.programs.start("sleep", "1000")
    boot = box.programs.start(BIN / "svscanboot", "-c", box.scan,
                              stdout=open(box.path / "out", "wb"))
    box.wait_out("up\n")
    boot.terminate()
    assert boot.wait(120) == 0
    assert other.poll() is None


# The command


def test_a_command_runs_beside_the_services(box):
    """On the container's own input, environment and directory, when svscan is ready;
    its end is the end of all."""
    box.make("web", SPEAKER)
    (box.path / "in").write_text("typed\n")
    box.start(argv=["--", "sh", "-c",
                    'read x; echo "got $x, FOO is $FOO, in $PWD"; sv -d "$0" check web'
                    ' >/dev/null || sv -w 60 -d "$0" start web; exit 3', box.scan],
              cwd=box.path, stdin=open(box.path / "in"),
              env={"PATH": os.environ["PATH"], "FOO": "bar"})
    assert box.process.wait(120) == 3
    assert f"got typed, FOO is bar, in {box.path}\n" in box.out()
    assert box.out().endswith("ends\n")
    assert box.last_line().startswith(
        "svscanboot: the command ended with exit code 3, all was stopped in ")


@pytest.mark.parametrize("argv, code", [
    (["true"], 0), (["sh", "-c", "kill -KILL $$"], 137), (["/dev/null"], 126),
    (["no-such-program"], 127)])
def test_the_exit_code_is_that_of_the_command(box, argv, code):
    box.make("web", SPEAKER)
    assert box.run(argv=["--", *argv]) == code
    if code in (126, 127):
        assert f"svscanboot: fatal: unable to run {argv[0]}: " in box.err()


def test_without_a_command_there_may_be_a_mark(box):
    """Of an entry point that waits for one."""
    box.make("web", SPEAKER)
    box.start(argv=["--"]).wait_out("up\n")
    assert box.end() == 0


def test_a_command_is_told_before_the_services(box):
    box.make("web", SPEAKER)
    box.start(argv=["--", "sh", "-c", "trap 'echo told; sleep 0.3; echo command ends;"
                    " exit 4' TERM; echo runs; while :; do sleep 0.02; done"])
    box.wait_out("up\n")
    box.wait_out("runs\n")
    assert box.end() == 4
    assert box.out().splitlines()[-3:] == ["told", "command ends", "ends"]


def test_a_command_that_does_not_end_is_not_waited_for_long(box):
    box.make("web", SPEAKER)
    box.start("-g", "200", argv=[
        "--", "sh", "-c", "trap '' TERM; echo runs; while :; do sleep 0.02; done"])
    box.wait_out("up\n")
    box.wait_out("runs\n")
    assert box.end() == 137
    assert box.out().endswith("ends\n")


def test_a_service_that_gives_up_ends_the_command_and_has_its_code(box):
    main = box.make("main", "#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done; exit 1\n",
                    restart="never\n", on_giving_up="shutdown 42\n")
    box.start(argv=["--", "sh", "-c", "trap 'echo told; exit 4' TERM; echo runs;"
                    " while :; do sleep 0.02; done"])
    box.wait_out("runs\n")
    (main.path / "go").touch()
    assert box.process.wait(120) == 42
    assert box.out() == "runs\ntold\n"


def test_a_command_is_for_containers(tmp_path):
    done = subprocess.run([BIN / "svscanboot", tmp_path, "--", "true"],
                          capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (100, (
        "svscanboot: fatal: a command has a meaning in a container only: see -c\n"))


class Terminal:
    """What a container that is started with -t has for input and output."""

    def __init__(self, box, *argv):
        self.fd, inner = pty.openpty()
        self.read = b""
        os.set_blocking(self.fd, False)

        def lead():
            os.setsid()
            fcntl.ioctl(inner, termios.TIOCSCTTY, 0)

        box.process = box.programs.start(
            *NAMESPACE, BIN / "svscanboot", box.scan, "--", *argv, stdin=inner,
            stdout=inner, stderr=inner, preexec_fn=lead,
            env={**os.environ, "PS1": "ready> ", "ENV": ""})
        os.close(inner)

    def type(self, text):
        os.write(self.fd, text)

    def wait(self, text, count=1):
        def has_come():
            try:
                self.read += os.read(self.fd, 4096)
            except (BlockingIOError, OSError):
                pass
            return self.read.count(text) >= count

        wait_until(has_come, what=f"{text!r} on the terminal: {self.read!r}")


def test_on_a_terminal_the_command_has_job_control(box):
    """`docker run -it IMAGE sh`."""
    box.make("web", "#!/bin/sh\ntrap 'echo interrupted' INT\necho up\n"
             "while :; do sleep 0.02; done\n")
    terminal = Terminal(box, "sh", "-i")
    terminal.wait(b"ready> ")
    terminal.type(b"sleep 1000\n\x03")  # the shell goes on, and all else does
    terminal.wait(b"ready> ", 2)
    terminal.type(b"sleep 1001\n")
    wait_until(lambda: [pid for pid in descendants(box.process.pid)
                        if b"1001" in cmdline(pid)])
    terminal.type(b"\x1a")
    terminal.wait(b"ready> ", 3)
    terminal.type(b"jobs\n")
    terminal.wait(b"ready> ", 4)
    assert terminal.read.count(b"topped") == 2
    terminal.type(b"fg\n")
    terminal.wait(b"sleep 1001\r\n", 4)
    terminal.type(b"\x03")
    terminal.wait(b"ready> ", 5)
    terminal.type(b"exit 5\n")
    terminal.wait(b"exit code 5, all was stopped")
    assert box.process.wait(120) == 5
    assert b"interrupted" not in terminal.read


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def test_a_shell_on_a_terminal_ends_when_the_container_is_told_to(box):
    """It ignores TERM."""
    box.make("web", SPEAKER)
    terminal = Terminal(box, "sh", "-i")
    terminal.wait(b"ready> ")
    box.tell(signal.SIGTERM)
    terminal.wait(b"told to stop by TERM, all was stopped")
    assert box.process.wait(120) == 128 + signal.SIGHUP


def test_a_command_that_is_stopped_from_the_terminal_goes_on(box):
    """Nobody could continue it."""
    terminal = Terminal(box, "sh", "-c", "echo runs; read x; echo got $x")
    terminal.wait(b"runs")
    terminal.type(b"\x1a")
    terminal.type(b"line\n")
    terminal.wait(b"got line")
    assert box.process.wait(120) == 0


# The exit code


ENDS = {"success": ("exit 0", 0, "ended with exit code 0"),
        "failure": ("exit 3", 3, "ended with exit code 3"),
        "svscan's own": ("exit 111", 111, "ended with exit code 111"),
        "usage": ("exit 100", 100, "ended with exit code 100"),
        "detached": ("exit 99", 99, "ended with exit code 99"),
        "signal": ("kill -SEGV $$", 139, "was killed by SEGV")}


@pytest.mark.parametrize("way", ["file", "option"])
@pytest.mark.parametrize("end", ENDS)
def test_the_container_is_its_main_service(box, end, way):
    """Success, too, was followed by a restart or by nothing, for ever; and codes such
    as 111 can be those of any program."""
    script, code, words = ENDS[end]
    box.make("other", SPEAKER)
    main = box.make("main", f"#!/bin/sh\necho main >&2\nwhile ! [ -e go ]; do sleep 0.02;"
                    f" done\n{script}\n")
    if way == "file":
        (main.path / "on-exit").write_text("shutdown\n")
    box.start(*(["-M", "main"] if way == "option" else []))
    box.wait_out("up\n")
    (main.path / "go").touch()
    assert box.process.wait(120) == code
    assert box.out() == "up\nends\n"
    assert box.last_line().startswith(f"svscanboot: main {words}, all was stopped in ")
    assert box.err().splitlines().count("main") == 1


def test_a_main_service_is_restarted_when_an_administrator_says_so(box):
    main = box.make("main", SPEAKER, on_exit="shutdown\n")
    box.start().wait_out("up\n")
    subprocess.run([BIN / "sv", "-d", box.scan, "-w", "60", "restart", "main"],
                   check=True, timeout=120, stdout=subprocess.DEVNULL)
    wait_until(lambda: box.out().count("up\n") == 2)
    main.svc("-d")
    main.wait_phase("down")
    main.svc("-u")
    wait_until(lambda: box.out().count("up\n") == 3)
    assert box.end() == 0


def test_a_policy_says_when_it_has_ended_for_good(box):
    main = box.make("main", "#!/bin/sh\necho try\n[ -e go ] && exit 0\ntouch go\nexit 1\n",
                    restart="on-failure\n", on_exit="shutdown\n")
    assert box.start().process.wait(120) == 0
    assert box.out() == "try\ntry\n"
    assert main.value("deaths") == 2


def test_what_gives_up_has_the_code_of_its_file(box):
    box.make("main", "#!/bin/sh\nexit 3\n", restart="never\n", on_exit="shutdown\n",
             on_giving_up="shutdown 42\n")
    assert box.run() == 42


def test_any_of_some_services(box):
    for name in "a", "b":
        box.make(name, f"#!/bin/sh\necho {name}\nwhile ! [ -e go ]; do sleep 0.02; done\n"
                 "exit 5\n")
    box.start("-M", "a,b")
    box.wait_out("a\n")
    box.wait_out("b\n")
    (box.scan / "b" / "go").touch()
    assert box.process.wait(120) == 5
    assert box.last_line().startswith("svscanboot: b ended with exit code 5")


@pytest.mark.parametrize("is_killed", [False, True])
def test_all_of_some_services(box, is_killed):
    for code, name in enumerate(("a", "b")):
        box.make(name, f"#!/bin/sh\necho {name}\nwhile ! [ -e go ]; do sleep 0.02; done\n"
                 f"exit {code + 5}\n")
    other = box.make("other", SPEAKER)
    box.start("-A", "a,b")
    for line in "a\n", "b\n", "up\n":
        box.wait_out(line)
    (box.scan / "b" / "go").touch()
    wait_until(lambda: "b: down" in subprocess.run(
        [BIN / "svstat", box.scan / "b"], capture_output=True, text=True).stdout)
    if is_killed:
        kill_svscan(box)
        wait_until(lambda: other.svok() == 0)
    assert box.process.poll() is None
    (box.scan / "a" / "go").touch()
    assert box.process.wait(120) == 5


def test_a_killed_svscan_is_followed_by_one_that_goes_on_to_the_code(box):
    box.make("slow", "#!/bin/sh\ntrap 'echo told; while ! [ -e go ]; do sleep 0.02; done;"
             " exit 0' TERM\necho up\nwhile :; do sleep 0.02; done\n")
    main = box.make("main", "#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done; exit 7\n")
    box.start("-M", "main", "-t", "0").wait_out("up\n")
    (main.path / "go").touch()
    box.wait_out("told\n")
    kill_svscan(box)
    (box.scan / "slow" / "go").touch()
    assert box.process.wait(120) == 7
    assert box.last_line().startswith("svscanboot: main ended with exit code 7")


def test_other_supervisors_know_the_file(box):
    box.make("main", "#!/bin/sh\nexit 6\n", on_exit="shutdown\n")
    assert box.run(program="svscan") == 6


@pytest.mark.parametrize("options", [["-M", ""], ["-M", ","], ["-A", "a/b"],
                                     ["-M", "a", "-A", "b"], ["-M", "a", "-M", "b"]])
def test_main_services_that_can_not_be(tmp_path, options):
    done = subprocess.run([BIN / "svscanboot", "-c", *options, tmp_path],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 100 and len(done.stderr.splitlines()) == 1
