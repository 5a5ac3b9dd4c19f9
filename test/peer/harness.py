"""Running one side of a case: a place of its own, a process, what came out."""

import os
import pathlib
import re
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import threading

LIMIT_S = 60
NOBODY = 65534
PATH = "/usr/bin:/bin"
# A child that another thread forks while a file is open for writing keeps it
# open until it execs, and so makes it "text busy" for those who run it.
FORKING = threading.Lock()
LABEL = re.compile(rb"@[0-9a-f]{24}")


class Invalid(Exception):
    """The case cannot be set up; only shrinking makes such cases."""


class Arena:
    """Folders for cases, in memory where possible: multilog syncs a lot."""

    def __init__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="peer.", dir=base))
        self.top.chmod(0o755)

    def place(self, *names):
        path = self.top.joinpath(*map(str, names))
        path.mkdir(parents=True)
        path.chmod(0o777)
        return path

    def clear(self, path):
        shutil.rmtree(path, ignore_errors=True)

    def remove(self):
        self.clear(self.top)


def memory_file(content=b""):
    """An open descriptor of a regular file that has no name."""
    fd = os.memfd_create("peer")
    if content:
        os.write(fd, content)
        os.lseek(fd, 0, os.SEEK_SET)
    return fd


def contents(fd):
    return os.pread(fd, os.fstat(fd).st_size, 0)


class Process:
    """A program under test, with stdout and stderr kept in memory files."""

    def __init__(self, bin_dir, argv, cwd, env=None, stdin=b"", nobody=False,
                 pass_fds=(), stdout=None):
        """stdin and stdout: bytes, or a descriptor that stays the caller's."""
        given = stdin if isinstance(stdin, int) else memory_file(stdin)
        self.out = memory_file() if stdout is None else None
        self.err = memory_file()
        options = {}
        if nobody:
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        argv = [os.fsencode(arg) for arg in argv]
        try:
            with FORKING:
                self.process = subprocess.Popen(
                    argv,
                    executable=os.fsencode(bin_dir / os.fsdecode(argv[0])),
                    cwd=cwd,
                    env={"PATH": PATH} if env is None else env,
                    stdin=given,
                    stdout=self.out if stdout is None else stdout,
                    stderr=self.err,
                    pass_fds=pass_fds,
                    **options,
                )
        except ValueError as problem:  # a NUL in an argument
            self.close()
            raise Invalid(problem) from problem
        finally:
            if given is not stdin:
                os.close(given)
        self.pid = self.process.pid
        self.pid_fd = os.pidfd_open(self.pid)

    def close(self):
        for fd in (self.out, self.err):
            if fd is not None:
                os.close(fd)
        self.out = self.err = None

    def ended(self, limit_s=LIMIT_S):
        poll = select.poll()
        poll.register(self.pid_fd, select.POLLIN)
        return bool(poll.poll(limit_s * 1000))

    def finish(self, limit_s=LIMIT_S):
        """Waits; kills what is not over in time. The outcome, for comparing."""
        in_time = self.ended(limit_s)
        if not in_time:
            self.process.kill()
        code = self.process.wait()
        os.close(self.pid_fd)
        outcome = {"exit": code if in_time else "timed out"}
        if self.out is not None:
            outcome["stdout"] = contents(self.out)
        outcome["stderr"] = contents(self.err)
        self.close()
        return outcome


def run(bin_dir, argv, cwd, limit_s=LIMIT_S, **options):
    return Process(bin_dir, argv, cwd, **options).finish(limit_s)


def proc_text(pid, name):
    """A file of /proc/PID; "" when the process is gone."""
    try:
        return pathlib.Path("/proc", str(pid), name).read_text()
    except OSError:
        return ""


def sleeps(pid):
    """Whether the process waits for an event, and no signal waits for it."""
    fields = dict(
        line.split(":", 1) for line in proc_text(pid, "status").splitlines()
    )
    # Zombies and the stopped are as settled as they will get.
    state = fields.get("State", "Z").split()[0]
    pending = int(fields.get("SigPnd", "0"), 16) | int(
        fields.get("ShdPnd", "0"), 16
    )
    return state in "SZT" and (state != "S" or not pending)


def end(pid):
    """Kills and reaps a process that came to us; nothing when it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def file_name(name):
    if not name or name in (b".", b"..") or b"/" in name or b"\0" in name:
        raise Invalid(name)
    return name


def plant(folder, entries):
    """Makes entries: ("file", name, content, mode), ("dir", name, entries,
    mode), ("link", name, target) or ("fifo", name)."""
    for kind, name, *rest in entries:
        path = os.path.join(os.fsencode(folder), file_name(name))
        if os.path.lexists(path):
            raise Invalid(name)
        if kind == "file":
            with FORKING, open(path, "wb") as made:
                made.write(rest[0])
            os.chmod(path, rest[1])
        elif kind == "dir":
            os.mkdir(path)
            plant(path, rest[0])
            os.chmod(path, rest[1])
        elif kind == "link":
            if not rest[0] or b"\0" in rest[0]:
                raise Invalid(rest[0])
            os.symlink(rest[0], path)
        else:
            os.mkfifo(path)


def mask_labels(data):
    return LABEL.sub(b"@" + b"#" * 24, data)


def snapshot(folder, known=()):
    """{relative name: (kind, mode, masked content)} of all below folder.

    Names made of a label that are not in known become @NEW1, @NEW2, ... in
    ascending order, by folder.
    """
    found = {}
    for path, folders, files in os.walk(os.fsencode(folder)):
        folders.sort()
        new = 0
        for name in sorted(folders + files):
            full = os.path.join(path, name)
            shown = name
            if LABEL.match(name) and name not in known:
                new += 1
                shown = b"@NEW%d%s" % (new, name[25:])
            info = os.lstat(full)
            mode = oct(stat.S_IMODE(info.st_mode))
            key = os.path.relpath(os.path.join(path, shown), folder_bytes(folder))
            if stat.S_ISREG(info.st_mode):
                with open(full, "rb") as opened:
                    found[key] = ("file", mode, mask_labels(opened.read()))
            elif stat.S_ISLNK(info.st_mode):
                found[key] = ("link", os.readlink(full))
            else:
                found[key] = (oct(stat.S_IFMT(info.st_mode)), mode)
    return found


def folder_bytes(folder):
    return os.fsencode(folder)
