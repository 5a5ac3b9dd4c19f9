"""A scan directory whose supervisor is killed, and what must be true then.

The helpers (killpoints, numberer, collector, actor) say at their tops what they do.
"""

import atexit
import functools
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

from proc import children_of, is_alive, state_of  # noqa: F401
from support import BIN, wait_until

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "src"
PARTS = {
    "killpoints": [
        SOURCES / name
        for name in ("boot/hold.c", "service/death.c", "service/keeping.c", "base/strb.c")
    ]
}
LONG = os.environ.get("HOLDFAST_LONG") == "1"


@functools.cache
def helpers():
    """The folder with the helpers, static as what users run; made once."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-fault-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("killpoints", "numberer", "collector", "actor"):
        argv = ["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-static", f"-I{SOURCES}"]
        parts = [HERE / f"{name}.c", *PARTS.get(name, ())]
        subprocess.run([*argv, "-o", folder / name, *parts], check=True)
    return folder


@functools.cache
def syscall_names():
    """{number: name} of this machine, as the C compiler knows them."""
    source = "#include <sys/syscall.h>\n"
    argv = ["cc", "-E", "-dM", "-"]
    text = subprocess.run(argv, input=source, text=True, capture_output=True).stdout
    found = re.findall(r"^#define __NR_(\w+) (\d+)$", text, re.M)
    return {int(number): name for name, number in found}


class Harness:
    """killpoints, and a line of conversation with it."""

    def __init__(self, folder, only_effects=False):
        self.errors = open(folder / "errors", "ab")
        self.process = subprocess.Popen(
            [helpers() / "killpoints"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            bufsize=0,
        )
        self.pid = self.process.pid
        self.room = b""
        if only_effects:
            self.tell("effects")

    def tell(self, *words):
        line = " ".join(str(word) for word in words) + "\n"
        self.process.stdin.write(line.encode())

    def hear(self, limit_s=0.0):
        """The next line as words, or None if none comes in time."""
        while b"\n" not in self.room:
            if not select.select([self.process.stdout], [], [], limit_s)[0]:
                return None
            got = os.read(self.process.stdout.fileno(), 4096)
            assert got, "killpoints ended"
            self.room += got
        line, _, self.room = self.room.partition(b"\n")
        return line.decode().split()

    def ask(self, *words):
        """Tells, and returns the answer; news that comes first stays unheard."""
        self.tell(*words)
        answer = words[0] if words[0] in ("count", "held") else "started"
        early = []
        while (said := self.hear(120)) and said[0] != answer:
            early.append(" ".join(said))
        assert said, f"no answer to {words}"
        if early:
            self.room = ("\n".join(early) + "\n").encode() + self.room
        return said[1:]

    def close(self):
        self.process.stdin.close()
        self.process.wait(120)
        self.process.stdout.close()
        self.errors.close()


def below(pid):
    """All processes below pid, but not zombies."""
    found, todo = [], [pid]
    while todo:
        for child in children_of(todo.pop()):
            todo.append(child)
            if is_alive(child):
                found.append(child)
    return found


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


class Service:
    """A service directory of the test's, and what its files say."""

    def __init__(self, folder, program="numberer"):
        self.dir = folder
        self.dir.mkdir(parents=True)
        (self.dir / "run").symlink_to(helpers() / program)

    def state(self):
        """The fields of supervise/state, and whether it is whole."""
        text = read(self.dir / "supervise" / "state").decode()
        return dict(line.partition("=")[::2] for line in text.splitlines())

    def status(self):
        """(pid, paused, want) of supervise/status; None when there is none."""
        record = read(self.dir / "supervise" / "status")
        if not record:
            return None
        assert len(record) == 20, record
        want = {0: "once", ord("u"): "up", ord("d"): "down"}[record[17]]
        return int.from_bytes(record[12:16], "little"), bool(record[16]), want

    def pid(self):
        status = self.status()
        return status[0] if status else 0

    def recorded_pid(self):
        """The pid in supervise/state, 0 if there is none."""
        text = read(self.dir / "supervise" / "state").decode()
        found = re.search(r"^pid=(\d+)", text, re.M)
        return int(found.group(1)) if found else 0

    def processes(self, root, but=0):
        """The pids of those below root that run in this directory."""
        found = []
        for pid in set(below(root)) - {but}:
            try:
                inside = os.path.samefile(f"/proc/{pid}/cwd", self.dir)
            except OSError:
                continue
            if inside:
                found.append(pid)
        return found

    def is_supervised(self):
        """As svok(8) sees it."""
        try:
            fd = os.open(self.dir / "supervise" / "ok", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return False
        os.close(fd)
        return True

    def command(self, letters):
        """As svc(8) gives it; the descriptor is closed at once."""
        path = self.dir / "supervise" / "control"
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(fd, letters.encode())
        finally:
            os.close(fd)

    def starts(self):
        """[(pid, seconds)] of every start, as the service itself noted it: the
        moment before which there may be no other."""
        lines = read(self.dir / "history").decode().splitlines()
        return [(int(pid), int(ns) / 1e9) for pid, ns in map(str.split, lines)]

    def has_violation(self):
        return (self.dir / "violation").exists()

    def is_up(self):
        """Up, and seen to be so by everybody."""
        pid = self.pid()
        return (
            pid != 0
            and self.state().get("pid") == str(pid)
            and self.starts()[-1:]
            and self.starts()[-1][0] == pid
        )

    def is_down(self):
        return self.status() is not None and self.pid() == 0


class Logged(Service):
    """A service with a logger."""

    def __init__(self, folder, logger="collector"):
        super().__init__(folder)
        self.log = Service(folder / "log", logger)

    def written(self):
        return read(self.dir / "written")

    def logged(self):
        return read(self.log.dir / "lines")


LETTERS = {"start": "S", "run": "R", "finish": "F", "stop": "P"}


class Acted(Service):
    """A service directory whose scripts are actors."""

    def __init__(self, folder, *scripts, **files):
        super().__init__(folder, "actor")
        if "run" not in scripts:
            # One that can't be executed: without it, it may not be finished.
            (folder / "run").unlink()
            (folder / "run").write_text("")
        for script in scripts:
            if script != "run":
                (folder / script).symlink_to(helpers() / "actor")
        for name, text in files.items():
            (folder / name.replace("_", "-")).write_text(f"{text}\n")

    def trace(self):
        return [line.split() for line in read(self.dir / "trace").decode().splitlines()]

    def order(self):
        """A letter for each script that began."""
        return "".join(LETTERS[t[0]] for t in self.trace() if t[1] == "begin")

    def at(self, script, what):
        return any(t[:2] == [script, what] for t in self.trace())

    def phase(self):
        return self.state().get("phase")

    def wait_order(self, wanted):
        def is_so():
            return re.fullmatch(wanted, self.order())

        try:
            wait_until(is_so)
        except AssertionError:
            raise AssertionError(f"{self.order()}, not {wanted}") from None


def check_finish(service):
    """It is told of the run before it, or that nobody knows."""
    last = None
    for words in service.trace():
        if words[:2] == ["run", "begin"]:
            last = words[2]
        elif words[:2] == ["finish", "begin"]:
            assert words[6] == last, service.trace()


def check_lines(written, logged):
    """
    Every line written is in the log once and in order. A writer that was
    killed between writing a line and saying so has one more there than said;
    it can be only its last. Returns how many lines there are.
    """
    said, found = {}, {}
    for lines, counts in ((written, said), (logged, found)):
        assert not lines or lines.endswith(b"\n"), lines[-80:]
        for line in lines.splitlines():
            pid, number = map(int, line.split())
            expected = counts.get(pid, 0) + 1
            assert number == expected, f"{pid}: {number} where {expected} should be"
            counts[pid] = number
    for pid in said.keys() | found.keys():
        surplus = found.get(pid, 0) - said.get(pid, 0)
        assert surplus in (0, 1), f"{pid}: {said.get(pid)} written, {found.get(pid)} logged"
    assert list(found)[: len(said)] == list(said) or set(found) >= set(said)
    return sum(found.values())


class World:
    """One run of one scenario in a folder of its own."""

    def __init__(self, folder):
        self.dir = pathlib.Path(folder)
        self.scan = self.dir / "scan"
        self.scan.mkdir(parents=True)
        self.services = {}
        self.harness = Harness(self.dir, only_effects=not LONG)
        self.engine = 0
        self.since = None

    def close(self):
        self.harness.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def add(self, name, has_logger=False, where=None):
        folder = (where or self.scan) / name
        made = Logged(folder) if has_logger else Service(folder)
        self.services[name] = made
        return made

    def each(self):
        """All service directories, loggers too."""
        for service in self.services.values():
            yield service
            if isinstance(service, Logged):
                yield service.log

    def engine_argv(self):
        return [BIN / "svscan", self.scan]

    def trace(self, point):
        self.engine = int(self.harness.ask("trace", point, *self.engine_argv())[0])

    def start_plain(self, argv=None):
        self.engine = int(self.harness.ask("plain", *(argv or self.engine_argv()))[0])

    def count(self):
        points, state = self.harness.ask("count")
        return int(points), state

    def held(self):
        """How many descriptors are kept for the engine."""
        return int(self.harness.ask("held")[0])

    def settle(self):
        """The traced engine waits for events, and goes on doing so."""
        last = None
        for _ in range(12000):
            now = self.count()
            if now == last and now[1] != "busy":
                return now
            last = now
            time.sleep(0.01)
        raise AssertionError(f"never at rest: {last}")

    def kill_engine(self):
        os.kill(self.engine, signal.SIGKILL)
        wait_until(lambda: state_of(self.engine) is None, what="the engine's end")

    def said(self):
        return read(self.dir / "errors").decode(errors="replace")
