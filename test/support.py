"""What every test shares: where the programs are, waiting, and cleaning up."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from proc import (  # noqa: F401
    become_subreaper,
    descendants,
    is_alive,
    process_fields,
)

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("HOLDFAST_BIN", TOP / "out" / "bin")).absolute()

# The event loop that the programs are built with. That of "poll" can't tell of
# changed directories, nor how processes ended that it has adopted; nor that they
# did, until they are reaped: Host.wait_until() does that.
LOOP = os.environ.get("HOLDFAST_LOOP") or (
    "epoll" if sys.platform == "linux" else "poll"
)

# Whether a logger can read a pipe and leave the bytes in it.
PEEKS = sys.platform == "linux"

# Set where the programs are built with sanitizers: the folder of the reports.
SANITIZER_REPORTS = os.environ.get("HOLDFAST_SANITIZER_REPORTS")


def program_names():
    """The names in the `programs` table of src/meson.build."""
    text = (TOP / "src" / "meson.build").read_text()
    table = re.search(r"^programs = \{(.*?)^\}", text, re.M | re.S).group(1)
    return set(re.findall(r"^\s*'([^']+)':", table, re.M))


def take_sanitizer_reports():
    """The text of all reports since the last call; they are removed."""
    text = ""
    if SANITIZER_REPORTS:
        for path in sorted(pathlib.Path(SANITIZER_REPORTS).iterdir()):
            text += path.read_text(errors="replace")
            path.unlink()
    # A thread that hangs in an exec can't be looked at, and isn't a leak.
    return re.sub(r"==\d+==Unable to get registers from thread \d+\.\n", "", text)


def wait_until(condition, limit_s=120, what=None):
    """Returns the first true result of condition(); fails after limit_s."""
    deadline = time.monotonic() + limit_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s: {what or condition}")
        time.sleep(0.005)


@contextlib.contextmanager
def time_limit(limit_s):
    """Whatever blocks for longer fails, where it does: a write, above all, to a
    program that has ended or doesn't read. The main thread only."""

    def fail(number, frame):
        raise AssertionError(f"not done within {limit_s} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(limit_s)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Programs:
    """Starts programs and ends them, and all they started, at the end."""

    def __init__(self):
        self.before = set(descendants())
        self.started = []

    def start(self, *argv, **options):
        argv = [str(arg) for arg in argv]
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(argv, **options)
        self.started.append(process)
        return process

    def end_all(self):
        """KILL, by pid, whatever is left; twice, as supervisors may fork."""
        for _ in range(100):
            left = set(descendants()) - self.before
            if not left:
                break
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            for process in self.started:
                process.poll()
            self.reap_orphans()
            time.sleep(0.01)
        for process in self.started:
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()

    def wait_end(self, process, code, limit_s=60):
        """Waits until it exits with `code`, reaping what it leaves behind."""

        def has_ended():
            self.reap_zombies()
            return process.poll() is not None

        wait_until(has_ended, limit_s, "the end")
        assert process.returncode == code

    def reap_zombies(self):
        """The same, but quickly: while none of the started has ended."""
        look = os.WEXITED | os.WNOHANG | os.WNOWAIT
        own = {process.pid for process in self.started}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, look)
            except ChildProcessError:
                return
            if not found or found.si_pid in own:
                return
            os.waitpid(found.si_pid, os.WNOHANG)

    def reap_orphans(self):
        """Reaps adopted zombies; children of subprocess are left to it."""
        own = {process.pid for process in self.started}
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) in own | self.before:
                continue
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            if fields[0] == "Z" and int(fields[1]) == os.getpid():
                try:
                    os.waitpid(int(entry), os.WNOHANG)
                except ChildProcessError:
                    pass


def write_script(path, text):
    """An executable file at path, put in place atomically."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(path.name + ".new")
    made.write_text(text)
    made.chmod(0o755)
    made.rename(path)


# ---- services ----

SLEEPER = "#!/bin/sh\nexec sleep 1000\n"
# Keeps all it reads.
KEEPER = "#!/bin/sh\nexec cat >>lines\n"


def program_of(pid):
    """The name of the program that pid has become; None if it has ended."""
    try:
        return pathlib.Path("/proc", str(pid), "comm").read_text().rstrip("\n")
    except (FileNotFoundError, ProcessLookupError):
        return None


def signal_sets(pid):
    """SigBlk, SigIgn, SigCgt of a process, as numbers."""
    text = pathlib.Path("/proc", str(pid), "status").read_text()
    return dict(
        (name, int(value, 16))
        for name, value in re.findall(r"^(Sig\w+):\t([0-9a-f]+)$", text, re.M)
    )


def takes_signal(pid, number):
    """Whether the signal doesn't just end the process."""
    sets = signal_sets(pid)
    return (sets["SigBlk"] | sets["SigCgt"]) >> (number - 1) & 1


class Service:
    """A service directory, made by the test; what its files and tools say."""

    def __init__(self, path, run=SLEEPER, down=False):
        self.path = pathlib.Path(path)
        self.path.mkdir(parents=True)
        if down:
            (self.path / "down").touch()
        if run is not None:
            self.run(run)

    def run(self, text):
        write_script(self.path / "run", text)

    def add_log(self, run=KEEPER, **options):
        """The log directory appears with all that is in it."""
        made = Service(self.path / "log.new", run, **options)
        made.path.rename(self.path / "log")
        made.path = self.path / "log"
        return made

    # ---- tools ----

    def svc(self, *letters):
        done = subprocess.run(
            [BIN / "svc", *letters, self.path], capture_output=True, text=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def svstat(self):
        """svstat's line, without the name."""
        done = subprocess.run(
            [BIN / "svstat", self.path], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{self.path}: ")
        return done.stdout[len(f"{self.path}: ") :].removesuffix("\n")

    def svok(self):
        return subprocess.run([BIN / "svok", self.path]).returncode

    def send(self, letters):
        """Bytes to supervise/control, as they are; never waits."""
        flags = os.O_WRONLY | os.O_NONBLOCK
        fd = os.open(self.path / "supervise" / "control", flags)
        try:
            return os.write(fd, letters)
        finally:
            os.close(fd)

    # ---- files ----

    def read(self, name, otherwise=""):
        try:
            return (self.path / name).read_text()
        except FileNotFoundError:
            return otherwise

    def lines(self, name="lines"):
        return self.read(name).splitlines()

    def status(self):
        """supervise/status as bytes; of a service not yet supervised: zeros."""
        try:
            return (self.path / "supervise" / "status").read_bytes()
        except FileNotFoundError:
            return bytes(20)

    def state(self):
        """supervise/state as a dictionary."""
        text = self.read("supervise/state")
        return dict(line.split("=", 1) for line in text.splitlines())

    def value(self, key):
        """A number of supervise/state."""
        return int(self.state().get(key, 0))

    def pid(self):
        """The pid in the status; 0 when it is down."""
        return int.from_bytes(self.status()[12:16], "little")

    # ---- waiting ----

    def wait_up(self, limit_s=120, besides=0):
        """Waits for a process (other than pid `besides`); returns its pid."""

        def is_up():
            pid = self.pid()
            return pid not in (0, besides) and is_alive(pid) and pid

        return wait_until(is_up, limit_s, f"{self.path} up")

    def wait_program(self, name="sleep", besides=0, limit_s=120):
        """Waits until the process has become `name`; returns its pid."""

        def is_there():
            pid = self.pid()
            return pid not in (0, besides) and program_of(pid) == name and pid

        return wait_until(is_there, limit_s, f"{self.path}: {name}")

    def wait_down(self, limit_s=120):
        what = f"{self.path} down"
        wait_until(lambda: self.pid() == 0 and self.state(), limit_s, what)

    def wait_phase(self, phase, limit_s=120):
        def has_phase():
            return self.state().get("phase") == phase

        wait_until(has_phase, limit_s, f"{self.path} {phase}")

    def wait_lines(self, name, count, limit_s=120):
        """Waits for `count` whole lines in the file; returns all there are."""

        def is_long():
            text = self.read(name)
            return text.count("\n") >= count and text.splitlines()

        return wait_until(is_long, limit_s, f"{count} lines in {self.path}/{name}")


class Host:
    """A program that supervises: what it says, how it ends."""

    def __init__(self, tmp_path, programs):
        self.programs = programs
        self.said_path = tmp_path / "said"
        self.process = None

    def start_program(self, *argv, **options):
        with open(self.said_path, "ab") as said:
            options.setdefault("stderr", said)
            options.setdefault("stdout", said)
            self.process = self.programs.start(*argv, **options)
        return self.process

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        return self.said_path.read_text().splitlines() if self.process else []

    def times_said(self, line):
        return self.said().count(line)

    def wait_said(self, line, count=1, limit_s=120):
        what = f"{count} times: {line}"
        wait_until(lambda: self.times_said(line) >= count, limit_s, what)

    def kill(self):
        self.process.kill()
        self.process.wait(120)

    def stop(self, number=signal.SIGTERM):
        """The orderly stop, also of what was adopted."""
        self.process.send_signal(number)
        self.wait_until(lambda: self.process.poll() is not None, what="the end")
        assert self.process.returncode == 0

    def wait_until(self, condition, limit_s=120, what=None):
        """wait_until(), for services whose parent was killed: somebody must
        reap them."""

        def look():
            self.programs.reap_zombies()
            return condition()

        return wait_until(look, limit_s, what)


class Scan(Host):
    """A scan directory, and the svscan that has it."""

    def __init__(self, tmp_path, programs):
        super().__init__(tmp_path, programs)
        self.outside = tmp_path / "outside"
        self.path = tmp_path / "scan"
        self.outside.mkdir()
        self.path.mkdir()

    def make(self, name="service", run=SLEEPER, **options):
        """A service that appears in the scan directory as a whole."""
        made = Service(self.outside / name, run, **options)
        return self.move_in(made)

    def move_in(self, service):
        target = self.path / service.path.name
        service.path.rename(target)
        service.path = target
        self.notice()
        return service

    def start(self, *before, **options):
        return self.start_program(*before, BIN / "svscan", self.path, **options)

    def hang_up(self):
        """HUP, once svscan is there to take it."""
        wait_until(lambda: takes_signal(self.pid, signal.SIGHUP), what="svscan")
        self.process.send_signal(signal.SIGHUP)

    def notice(self):
        """The scan directory changed: where svscan isn't told, tell it."""
        if LOOP == "poll" and self.process and self.process.poll() is None:
            self.hang_up()


def seconds_up(status_line):
    """(pid, seconds, rest) of what svstat says of a service that is up."""
    found = re.fullmatch(r"up \(pid (\d+)\) (\d+) seconds(.*)", status_line)
    assert found, status_line
    return int(found[1]), int(found[2]), found[3]


def kill_and_start(scan):
    scan.kill()
    scan.start()
