"""What every test shares: where the programs are, waiting, and cleaning up."""

import ctypes
import os
import pathlib
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("HOLDFAST_BIN", TOP / "out" / "bin")).absolute()

# Set where the programs are built with sanitizers: the folder of the reports.
SANITIZER_REPORTS = os.environ.get("HOLDFAST_SANITIZER_REPORTS")


def take_sanitizer_reports():
    """The text of all reports since the last call; they are removed."""
    text = ""
    if SANITIZER_REPORTS:
        for path in sorted(pathlib.Path(SANITIZER_REPORTS).iterdir()):
            text += path.read_text(errors="replace")
            path.unlink()
    return text


def wait_until(condition, limit_s=30, what=None):
    """Returns the first true result of condition(); fails after limit_s."""
    deadline = time.monotonic() + limit_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s: {what or condition}")
        time.sleep(0.005)


def become_subreaper():
    """Orphans of what the tests start come to this process, which ends them."""
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid=None):
    """The pids of all living processes below pid (default: this process)."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            fields = stat.rpartition(")")[2].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid or os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


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
