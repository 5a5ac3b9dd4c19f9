"""multilog(8): what recorded cases can't show - signals, trouble, crashes."""

import fcntl
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import subprocess

import pytest

import support
from support import wait_until

MULTILOG = support.BIN / "multilog"
LABEL = r"@[0-9a-f]{24}"
RUNNER_NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(autouse=True)
def time_limit():
    """A write to a multilog that has ended would wait for ever."""
    with support.time_limit(14400 if os.environ.get("HOLDFAST_LONG") else 300):
        yield


class Logger:
    """A running multilog whose input this side holds."""

    def __init__(self, programs, folder, actions, **options):
        self.folder = pathlib.Path(folder)
        self.read_fd, self.write_fd = os.pipe()
        self.errors = self.folder / "stderr"
        with open(self.errors, "ab") as errors:
            self.process = programs.start(
                MULTILOG,
                *actions,
                cwd=folder,
                stdin=self.read_fd,
                stderr=errors,
                **options,
            )

    def write(self, data):
        os.write(self.write_fd, data)

    def signal(self, number):
        self.process.send_signal(number)

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def end_input(self):
        os.close(self.write_fd)
        self.write_fd = None

    def exit_code(self):
        return self.process.wait(timeout=120)

    def has_read_all(self):
        """Whether it waits for more. A write wakes it before returning, and
        what it has read of a line may still be in the pipe."""
        return support.process_fields(self.process.pid)[0] == "S"

    def close(self):
        """Lets it end by itself, which may be cut short by a kill otherwise."""
        for fd in (self.read_fd, self.write_fd):
            if fd is not None:
                os.close(fd)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass  # it retries something; the other fixture ends it


@pytest.fixture
def logger(programs, tmp_path):
    """Starts a multilog in tmp_path; its pipe stays open for this side."""
    started = []

    def start(*actions, **options):
        started.append(Logger(programs, tmp_path, actions, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def run(folder, *actions, data=b"", **options):
    """Runs multilog to its end on `data`."""
    return subprocess.run(
        [MULTILOG, *actions],
        cwd=folder,
        input=data,
        capture_output=True,
        timeout=60,
        **options,
    )


def old_files(folder, code="?"):
    return sorted(pathlib.Path(folder).glob(f"@*.{code}"))


def contents(folder):
    """All that a log directory holds, oldest first."""
    folder = pathlib.Path(folder)
    files = old_files(folder) + [folder / "current"]
    return b"".join(path.read_bytes() for path in files)


def contents_so_far(folder):
    """The same while it is being written: nothing if a file goes just now."""
    try:
        return contents(folder)
    except FileNotFoundError:
        return b""


def holds(path, data):
    path = pathlib.Path(path)
    return lambda: path.exists() and path.read_bytes() == data


def mode(path):
    return os.stat(path).st_mode & 0o777


def lines(count, width=100):
    """`count` numbered lines of `width` bytes."""
    return b"".join(b"%0*d\n" % (width - 1, i) for i in range(count))


# Lines come through without delay, and whole


def test_a_line_is_in_the_log_before_the_next_comes(logger, tmp_path):
    log = logger("./log")
    for i in range(1, 20):
        log.write(b"line\n")
        wait_until(holds(tmp_path / "log/current", b"line\n" * i))


def test_a_stamped_line_is_in_the_log_before_the_next_comes(logger, tmp_path):
    log = logger("t", "./log")
    for i in range(1, 20):
        log.write(b"line\n")
        pattern = re.compile(rf"({LABEL} line\n){{{i}}}".encode())
        current = tmp_path / "log/current"
        wait_until(lambda: current.exists() and pattern.fullmatch(current.read_bytes()))


def test_a_long_line_is_written_before_it_ends(logger, tmp_path):
    """Once 1000 bytes are there, it is known who wants the line."""
    log = logger("-*", "+x*", "./log")
    log.write(b"x" * 999)
    wait_until(log.has_read_all)
    log.write(b"x")
    wait_until(holds(tmp_path / "log/current", b"x" * 1000))
    log.write(b"y")
    wait_until(holds(tmp_path / "log/current", b"x" * 1000 + b"y"))
    log.write(b"\nno\n")
    log.end_input()
    assert log.exit_code() == 0
    assert contents(tmp_path / "log") == b"x" * 1000 + b"y\n"


def test_a_short_line_waits_for_its_end(logger, tmp_path):
    log = logger("-*", "+the end", "./log")
    for byte in b"the end":
        log.write(bytes([byte]))
        wait_until(log.has_read_all)
    assert (tmp_path / "log/current").read_bytes() == b""
    log.write(b"\n")
    wait_until(holds(tmp_path / "log/current", b"the end\n"))


@pytest.mark.parametrize("stamp", [(), ("t",)])
def test_lines_of_all_lengths_survive_reads_of_all_lengths(
    stamp, logger, tmp_path
):
    generator = random.Random(1)
    data = b"".join(
        bytes([97 + i % 26]) * generator.choice([0, 1, 30, 973, 974, 975, 1000, 5000])
        + b"\n"
        for i in range(300)
    )
    log = logger(*stamp, "s16777215", "./log", "-a*", "./not-a")
    at = 0
    while at < len(data):
        size = generator.choice([1, 7, 100, 4096, 60000])
        log.write(data[at : at + size])
        at += size
    log.end_input()
    assert log.exit_code() == 0
    strip = re.compile(rf"^{LABEL} ".encode(), re.MULTILINE)
    got, labels = strip.subn(b"", contents(tmp_path / "log"))
    assert got == data
    assert labels == (300 if stamp else 0)
    if not stamp:
        wanted = [line for line in data.splitlines(True) if line[:1] != b"a"]
        assert contents(tmp_path / "not-a") == b"".join(wanted)


def test_a_line_may_be_longer_than_memory_allows(programs, tmp_path):
    if support.SANITIZER_REPORTS:
        pytest.skip("sanitizers need memory of their own")
    log = programs.start(
        MULTILOG, "t", "-x", "n2", "./log", cwd=tmp_path, stdin=subprocess.PIPE
    )
    for _ in range(64):
        log.stdin.write(b"x" * 1000000)
    log.stdin.flush()
    status = pathlib.Path(f"/proc/{log.pid}/status").read_text()
    assert int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) < 4000
    log.stdin.close()
    assert log.wait(timeout=120) == 0


def test_alerts_and_status_files_see_the_line_they_should(tmp_path):
    done = run(tmp_path, "-*", "+b*", "e", "=st", "+*", "./log", data=b"a\nb1\nb2\nc")
    assert done.stderr == b"b1\nb2\n"
    assert (tmp_path / "st").read_bytes() == b"b2" + b"\n" * 999
    assert contents(tmp_path / "log") == b"a\nb1\nb2\nc\n"


def test_closed_standard_descriptors_are_not_taken_for_logs(tmp_path):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', MULTILOG, "e", "=st", "./log"],
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 0
    assert contents(tmp_path / "log") == b""
    assert mode(tmp_path / "log/current") == 0o744


def test_a_directory_has_one_writer(logger, tmp_path):
    logger("./log").write(b"first\n")
    wait_until(holds(tmp_path / "log/current", b"first\n"))
    second = run(tmp_path, "./log", data=b"second\n")
    assert second.returncode == 111
    assert second.stderr == (
        b"multilog: fatal: unable to lock directory ./log: temporary failure\n"
    )
    assert (tmp_path / "log/current").read_bytes() == b"first\n"


# ALRM and TERM


def test_alrm_starts_a_new_file_where_there_is_something(logger, tmp_path):
    log = logger("./full", "-*", "./empty")
    log.write(b"one\npart")
    wait_until(holds(tmp_path / "full/current", b"one\n"))
    log.signal(signal.SIGALRM)
    wait_until(lambda: old_files(tmp_path / "full", "s"))
    log.write(b"ial\n")
    wait_until(holds(tmp_path / "full/current", b"partial\n"))
    assert [f.read_bytes() for f in old_files(tmp_path / "full")] == [b"one\n"]
    assert [mode(f) for f in old_files(tmp_path / "full")] == [0o744]
    assert old_files(tmp_path / "empty") == []


def test_term_lets_the_current_line_end_and_leaves_the_next(logger, tmp_path):
    log = logger("./log")
    log.write(b"one\ntwo")
    wait_until(holds(tmp_path / "log/current", b"one\n"))
    wait_until(log.has_read_all)
    log.signal(signal.SIGTERM)
    log.write(b"2\nthree\n")
    assert log.exit_code() == 0
    assert contents(tmp_path / "log") == b"one\ntwo2\n"
    assert mode(tmp_path / "log/current") == 0o744
    assert os.read(log.read_fd, 100) == b"three\n"


def test_term_between_lines_ends_at_once(logger, tmp_path):
    log = logger("t", "./log")
    log.write(b"one\n")
    current = tmp_path / "log/current"
    wait_until(lambda: current.exists() and current.stat().st_size == 30)
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 0
    assert mode(tmp_path / "log/current") == 0o744


def test_end_of_input_is_seen_though_alrm_comes_with_it(logger, tmp_path):
    """It waited for ever: what told of the end was taken along with the signal."""
    log = logger("./log")
    wait_until((tmp_path / "log/current").exists)
    log.write(b"unfinished")
    wait_until(log.has_read_all)
    log.signal(signal.SIGSTOP)
    wait_until(lambda: support.process_fields(log.process.pid)[0] == "T")
    log.signal(signal.SIGALRM)
    log.end_input()
    log.signal(signal.SIGCONT)
    assert log.exit_code() == 0
    assert contents(tmp_path / "log") == b"unfinished\n"


@pytest.mark.skipif(not support.PEEKS, reason="this system can only read")
def test_a_start_amid_writes_to_a_watched_pipe(programs, tmp_path):
    """
    A killed reader may leave the pipe such that it sends signals. The next one
    asked for them before it could take them, and a write in that instant ended
    it: about one start in ten. Whoever wrote on then waited for ever.
    """
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    for _ in range(100):
        flags = fcntl.fcntl(read_fd, fcntl.F_GETFL)
        fcntl.fcntl(read_fd, fcntl.F_SETFL, flags | os.O_ASYNC)
        log = programs.start(MULTILOG, "./log", cwd=tmp_path, stdin=read_fd)
        # Until it has read, that is, until the log is marked as unfinished.
        current, count = tmp_path / "log" / "current", 0
        while not (current.exists() and mode(current) == 0o644 and current.stat().st_size):
            assert log.poll() is None
            try:
                count += os.write(write_fd, b"line\n")
            except BlockingIOError:
                pass
        assert not fcntl.fcntl(read_fd, fcntl.F_GETFL) & os.O_ASYNC
        log.terminate()
        assert log.wait(timeout=120) == 0
        for path in (tmp_path / "log").iterdir():
            path.unlink()
    os.close(write_fd)
    os.close(read_fd)


@pytest.mark.skipif(not support.PEEKS, reason="this system can only read")
def test_a_watch_that_was_taken_away_is_noticed(logger, tmp_path):
    """Whoever shares the open file can have its signals sent elsewhere."""
    log = logger("./log")
    log.write(b"begun")
    wait_until(log.has_read_all)
    fcntl.fcntl(log.read_fd, fcntl.F_SETOWN, 0)
    log.write(b" and ended\nmore")
    wait_until(holds(tmp_path / "log/current", b"begun and ended\n"), 60)
    log.write(b" to come\n")
    wait_until(holds(tmp_path / "log/current", b"begun and ended\nmore to come\n"))


@pytest.mark.skipif(not support.PEEKS, reason="this system can only read")
def test_one_that_may_not_write_leaves_the_input_alone(logger, tmp_path):
    """It took over the signals that the first one waits for."""
    log = logger("./log")
    log.write(b"begun")
    wait_until(log.has_read_all)
    assert fcntl.fcntl(log.read_fd, fcntl.F_GETOWN) == log.process.pid
    second = subprocess.run(
        [MULTILOG, "./log"], cwd=tmp_path, stdin=log.read_fd, capture_output=True, timeout=60
    )
    assert second.returncode == 111
    assert fcntl.fcntl(log.read_fd, fcntl.F_GETOWN) == log.process.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM])
def test_requests_are_seen_under_steady_input(number, programs, tmp_path):
    """With input always there, ppoll(2) never lets a signal in."""
    log = programs.start(
        MULTILOG, "s16777215", "./log", cwd=tmp_path, stdin=open("/dev/zero", "rb")
    )
    current = tmp_path / "log/current"
    wait_until(lambda: current.exists() and current.stat().st_size > 0)
    log.send_signal(number)
    if number == signal.SIGALRM:
        limit = 16777215
        wait_until(
            lambda: any(0 < f.stat().st_size < limit for f in old_files(tmp_path / "log"))
        )
        log.kill()
    else:
        # /dev/zero holds no newline: the current line never ends, but from
        # now on the input is read a byte at a time.
        def reads_bytes():
            first = read_count(log.pid)
            wait_until(lambda: read_count(log.pid)[0] > first[0] + 50)
            now = read_count(log.pid)
            return now[1] - first[1] <= now[0] - first[0]

        wait_until(reads_bytes)
        log.kill()


def read_count(pid):
    """The calls of read(2) so far, and the bytes they gave."""
    fields = dict(
        line.split(": ")
        for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines()
    )
    return int(fields["syscr"]), int(fields["rchar"])


def wait_for_processor(tmp_path):
    """A processor that waits for the file `go`; says `begun` first."""
    os.mkfifo(tmp_path / "go")
    return "!echo >../begun; cat <../go; cat"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM])
def test_requests_during_a_processor_are_seen_after_it(number, logger, tmp_path):
    """Without any more input, which 0.76 waited for."""
    log = logger("s4096", wait_for_processor(tmp_path), "./log")
    log.write(lines(45))
    wait_until((tmp_path / "begun").exists)
    (tmp_path / "begun").unlink()
    log.signal(number)
    (tmp_path / "go").write_text("")
    if number == signal.SIGTERM:
        assert log.exit_code() == 0
        assert mode(tmp_path / "log/current") == 0o744
        assert (tmp_path / "log/current").read_bytes() != b""
    else:
        wait_until((tmp_path / "begun").exists)
        (tmp_path / "go").write_text("")
        wait_until(lambda: len(old_files(tmp_path / "log", "s")) == 2)
    assert contents(tmp_path / "log") == lines(45)


def limit_file_size(limit):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return prepare


def test_term_ends_a_retry_loop_and_saves_what_can_be_saved(logger, tmp_path):
    log = logger("./big", "-*", "+*1", "./few", preexec_fn=limit_file_size(2000))
    log.write(lines(51))
    wait_until(lambda: "pausing" in log.stderr())
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 111
    assert (tmp_path / "big/current").read_bytes() == lines(51)[:2000]
    assert mode(tmp_path / "big/current") == 0o644
    assert len((tmp_path / "few/current").read_bytes()) == 400
    assert mode(tmp_path / "few/current") == 0o744
    assert log.stderr() == (
        "multilog: warning: unable to write to ./big/current, pausing: file too big\n"
        "multilog: warning: unable to write to ./big/current, giving up: file too big\n"
        "multilog: warning: ./big/current: the last 3100 bytes were not written\n"
    )


def test_term_ends_the_retries_of_a_processor(logger, tmp_path):
    log = logger("s4096", "!exit 1", "./log")
    log.write(lines(45))
    wait_until(lambda: "processor failed in ./log, pausing\n" in log.stderr())
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 111
    assert mode(tmp_path / "log/previous") == 0o744
    assert mode(tmp_path / "log/current") == 0o644
    # The next start finds all of it.
    assert run(tmp_path, "./log").returncode == 0
    assert contents(tmp_path / "log") == lines(45)
    assert len(old_files(tmp_path / "log", "u")) == 2


def test_a_status_file_that_fails_is_tried_again(logger, tmp_path):
    log = logger("=st", preexec_fn=limit_file_size(500))
    log.write(b"line\n")
    wait_until(lambda: "unable to write st, pausing: " in log.stderr())
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 111


# Trouble with input and files


@pytest.mark.parametrize("stamp", [(), ("t",)])
def test_a_read_error_is_told_after_saving_all(stamp, programs, tmp_path):
    """The other end of a terminal that went away reads as EIO."""
    ours, theirs = os.openpty()
    errors = open(tmp_path / "stderr", "w+")
    log = programs.start(
        MULTILOG, *stamp, "./log", cwd=tmp_path, stdin=ours, stderr=errors
    )
    os.close(ours)
    os.write(theirs, b"line\n")
    current = tmp_path / "log/current"
    wait_until(lambda: current.exists() and b"line" in current.read_bytes())
    os.close(theirs)
    code = log.wait(timeout=120)
    errors.seek(0)
    text = errors.read()
    errors.close()
    if code == 0:
        pytest.skip("this system reads a hang-up as the end")
    assert code == 111
    assert text == "multilog: fatal: unable to read input: input/output error\n"
    assert mode(current) == 0o744


def test_a_directory_as_input_is_an_error(tmp_path):
    with open(tmp_path / "marker", "w"):
        fd = os.open(tmp_path, os.O_RDONLY)
    done = subprocess.run(
        [MULTILOG, "./log"], cwd=tmp_path, stdin=fd, capture_output=True, timeout=60
    )
    os.close(fd)
    assert done.returncode == 111
    assert done.stderr == b"multilog: fatal: unable to read input: is a directory\n"
    assert mode(tmp_path / "log/current") == 0o744


def test_an_entry_that_is_no_old_file_blocks_nothing(tmp_path):
    """0.76 tried to unlink it for ever."""
    stray = tmp_path / "log" / ("@" + "0" * 24 + ".s")
    stray.mkdir(parents=True)
    done = run(tmp_path, "s4096", "n2", "./log", data=lines(200))
    assert done.returncode == 0
    name = f"./log/{stray.name}"
    assert done.stderr.decode() == (
        f"multilog: warning: unable to remove {name}, keeping it: not a file\n"
    )
    assert stray.is_dir()
    assert len(old_files(tmp_path / "log")) == 2


@RUNNER_NEEDS_ROOT
def test_a_file_that_cannot_be_removed_is_told_once(tmp_path):
    if not shutil.which("chattr"):
        pytest.skip("needs chattr")
    folder = tmp_path / "log"
    folder.mkdir()
    kept = folder / ("@" + "0" * 24 + ".s")
    kept.write_text("kept")
    if subprocess.run(["chattr", "+i", kept], capture_output=True).returncode != 0:
        pytest.skip("this file system has no immutable files")
    try:
        done = run(tmp_path, "s4096", "n3", "./log", data=lines(400))
    finally:
        subprocess.run(["chattr", "-i", kept], check=True)
    assert done.returncode == 0
    name = f"./log/{kept.name}"
    assert done.stderr.decode() == (
        f"multilog: warning: unable to remove {name}, keeping it: permission denied\n"
    )
    assert len(old_files(folder)) == 3


def test_old_files_are_limited_and_the_oldest_go(tmp_path):
    done = run(tmp_path, "s4096", "n4", "./log", data=lines(1000))
    assert done.returncode == 0
    assert len(old_files(tmp_path / "log")) == 3
    assert lines(1000).endswith(contents(tmp_path / "log"))


@RUNNER_NEEDS_ROOT
def test_a_full_disk_is_waited_out(programs, tmp_path):
    """Nothing is lost or doubled, and no old file is given up."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        "mount -t tmpfs -o size=128k none disk && cd disk &&"
        ' head -c 90000 /dev/zero >filler && exec "$0" s16384 n100 ./log'
    )
    errors = tmp_path / "stderr"
    with open(errors, "wb") as stderr:
        log = programs.start(
            "unshare", "-m", "/bin/sh", "-c", script, MULTILOG,
            cwd=tmp_path, stdin=subprocess.PIPE, stderr=stderr,
        )
    inside = pathlib.Path(f"/proc/{log.pid}/root{disk}")
    try:
        log.stdin.write(lines(600))
        log.stdin.flush()
    except BrokenPipeError:
        pytest.skip("mounting isn't allowed here")
    message = "unable to write to ./log/current, pausing: out of disk space"
    wait_until(lambda: log.poll() is not None or message in errors.read_text())
    if log.poll() is not None:
        pytest.skip(f"mounting isn't allowed here: {errors.read_text()}")
    (inside / "filler").unlink()
    wait_until(lambda: contents_so_far(inside / "log") == lines(600))
    log.stdin.close()
    assert log.wait(timeout=120) == 0


# Processors


def test_a_processor_gets_its_state_back(tmp_path):
    done = run(
        tmp_path, "s4096", "!cat <&4 >&5; wc -c >&5; cat state", "./log",
        data=lines(50),
    )
    assert done.returncode == 0, done.stderr
    files = old_files(tmp_path / "log", "s")
    assert [f.read_text().split() for f in files] == [[], ["2500"]]
    assert (tmp_path / "log/state").read_text().split() == ["2500"] * 2
    assert not (tmp_path / "log/newstate").exists()
    assert {mode(f) for f in files} == {0o744}


def test_a_missing_state_is_made(tmp_path):
    """0.76 tried for ever; a directory may come from an older system."""
    assert run(tmp_path, "./log", data=b"x\n").returncode == 0
    (tmp_path / "log/state").unlink()
    done = run(tmp_path, "s4096", "!cat", "./log", data=lines(60))
    assert done.returncode == 0
    assert done.stderr == b""
    assert contents(tmp_path / "log") == b"x\n" + lines(60)


def test_a_lone_mark_means_no_processor(tmp_path):
    done = run(tmp_path, "s4096", "!cat >/dev/null", "!", "./log", data=lines(60))
    assert done.returncode == 0
    assert contents(tmp_path / "log") == lines(60)


@pytest.mark.parametrize(
    "failure, message",
    [
        ("kill -9 $$", "processor crashed in ./log, pausing: signal 9"),
        ("exit 3", "processor failed in ./log, pausing: exit 3"),
    ],
)
def test_a_processor_is_run_until_it_succeeds(failure, message, tmp_path):
    """One message a failure; its half output is thrown away."""
    processor = f"!test -e ../ok && exec cat; >../ok; echo half; {failure}"
    done = run(tmp_path, "s4096", processor, "./log", data=lines(60))
    assert done.returncode == 0
    assert done.stderr.decode() == f"multilog: warning: {message}\n"
    assert contents(tmp_path / "log") == lines(60)


def test_a_processor_is_undisturbed_by_what_multilog_inherits(tmp_path):
    """SIGCHLD ignored and TERM blocked by the parent, many descriptors."""

    def prepare():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGALRM])

    done = run(
        tmp_path,
        "s4096",
        "!grep Sig /proc/self/status >../signals; ls -l /proc/self/fd >../fds; cat",
        *("./a", "./b", "./c", "./log"),
        data=lines(60),
        preexec_fn=prepare,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    signals = (tmp_path / "signals").read_text().split()
    masks = dict(zip(signals[::2], signals[1::2]))
    asked = 1 << (signal.SIGTERM - 1) | 1 << (signal.SIGALRM - 1)
    assert int(masks["SigBlk:"], 16) & asked == 0
    assert int(masks["SigIgn:"], 16) & asked == 0
    fds = (tmp_path / "fds").read_text()
    found = dict(re.findall(r" (\d+) -> (?:\S*/)?(\S+)\n", fds))
    assert found["0"] == "previous" and found["4"] == "state"
    assert found["5"] == "newstate"
    assert "lock" not in found.values() and "current" not in found.values()


def test_a_stuck_processor_is_ended_by_an_orderly_stop(logger, tmp_path):
    """With what it has started; its input is kept, and so is all else."""
    log = logger("s4096", "!trap '' TERM; sleep 1000 & echo $! >../pid; wait; wait", "./log")
    log.write(lines(45))
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = int((tmp_path / "pid").read_text())
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 111
    wait_until(lambda: not support.is_alive(child))
    assert "processor crashed in ./log, giving up: signal 9\n" in log.stderr()
    log.end_input()
    assert run_on(log.read_fd, tmp_path, "./log").returncode == 0
    assert contents(tmp_path / "log").startswith(lines(45)[:2000])
    assert set(contents(tmp_path / "log").splitlines()) == set(lines(45).splitlines())


@pytest.mark.parametrize(
    "compress, expand", [("gzip", "gzip -d"), ("zstd -q", "zstd -dq")]
)
def test_compressors_are_processors(compress, expand, tmp_path):
    if not shutil.which(compress.split()[0]):
        pytest.skip(f"needs {compress}")
    done = run(tmp_path, "s4096", f"!{compress}", "./log", data=lines(200))
    assert done.returncode == 0
    assert done.stderr == b""
    files = old_files(tmp_path / "log", "s")
    assert len(files) > 5
    old = b"".join(
        subprocess.run(expand.split(), input=f.read_bytes(), capture_output=True).stdout
        for f in files
    )
    assert old + (tmp_path / "log/current").read_bytes() == lines(200)


# What 0.76 has no actions for


def test_a_bound_on_all_files(tmp_path):
    done = run(tmp_path, "s4096", "n100", "S20000", "./log", data=lines(1000))
    assert done.returncode == 0
    sizes = [f.stat().st_size for f in old_files(tmp_path / "log")]
    assert 20000 - 4096 - max(sizes) < sum(sizes) <= 20000 - 4096
    assert lines(1000).endswith(contents(tmp_path / "log"))


def test_a_file_that_is_too_old_is_rotated_without_input(logger, tmp_path):
    log = logger("a1", "./aged", "a1000", "./young")
    log.write(b"one\n")
    wait_until(lambda: old_files(tmp_path / "aged", "s"))
    assert (tmp_path / "aged/current").read_bytes() == b""
    log.write(b"two\n")
    wait_until(lambda: len(old_files(tmp_path / "aged", "s")) == 2)
    assert contents(tmp_path / "aged") == b"one\ntwo\n"
    assert old_files(tmp_path / "young") == []


def test_a_file_that_is_too_old_is_rotated_under_steady_input(logger, tmp_path):
    log = logger("a1", "./log")
    count = 0

    def is_rotated():
        nonlocal count
        log.write(b"x\n" * 100)
        count += 100
        return old_files(tmp_path / "log", "s")

    wait_until(is_rotated)
    log.end_input()
    assert log.exit_code() == 0
    assert contents(tmp_path / "log") == b"x\n" * count


def test_words_that_are_no_numbers_are_ignored(tmp_path):
    done = run(
        tmp_path, "s4096", "all", "a", "a1x", "S", "S1,", "Some", "d", "d-1", "default",
        "S99999999999999999999999", "./log", data=lines(1000),
    )
    assert done.returncode == 0
    assert len(old_files(tmp_path / "log")) == 9


def on_small_disk(programs, tmp_path, actions, data):
    """Runs multilog on a disk of 96 KiB; returns it and the log's path."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with open(tmp_path / "stderr", "wb") as stderr:
        log = programs.start(
            "unshare", "-m", "/bin/sh", "-c",
            'mount -t tmpfs -o size=96k none disk && cd disk && exec "$0" "$@"',
            MULTILOG, *actions, cwd=tmp_path, stdin=subprocess.PIPE, stderr=stderr,
        )
    inside = pathlib.Path(f"/proc/{log.pid}/root{disk}")
    try:
        log.stdin.write(data)
        log.stdin.flush()
    except BrokenPipeError:
        pytest.skip("mounting isn't allowed here")
    return log, inside / "log"


@RUNNER_NEEDS_ROOT
def test_old_files_make_room_on_a_full_disk(programs, tmp_path):
    data = lines(4000)
    log, folder = on_small_disk(
        programs, tmp_path, ["s16384", "n100", "d2", "./log"], data
    )
    wait_until(
        lambda: log.poll() is not None
        or contents_so_far(folder)[-1000:] == data[-1000:]
    )
    if log.poll() is not None:
        pytest.skip("mounting isn't allowed here")
    assert data.endswith(contents(folder))
    assert len(old_files(folder)) >= 2
    errors = (tmp_path / "stderr").read_text()
    removed = re.findall(
        r"multilog: warning: out of disk space, removed ./log/@\w+\.s\n", errors
    )
    assert len("".join(removed)) == len(errors) > 0
    log.stdin.close()
    assert log.wait(timeout=120) == 0


@RUNNER_NEEDS_ROOT
def test_so_many_old_files_never_make_room(programs, tmp_path):
    log, folder = on_small_disk(
        programs, tmp_path, ["s16384", "n100", "d100", "./log"], lines(1200)
    )
    message = "unable to write to ./log/current, pausing: out of disk space"
    wait_until(
        lambda: log.poll() is not None or message in (tmp_path / "stderr").read_text()
    )
    if log.poll() is not None:
        pytest.skip("mounting isn't allowed here")
    assert "removed" not in (tmp_path / "stderr").read_text()


# Outages


def test_a_killed_logger_leaves_an_unfinished_file(logger, tmp_path):
    log = logger("./log")
    log.write(b"one\n")
    wait_until(holds(tmp_path / "log/current", b"one\n"))
    log.signal(signal.SIGHUP)
    assert log.exit_code() == -signal.SIGHUP
    assert mode(tmp_path / "log/current") == 0o644
    assert run(tmp_path, "./log", data=b"two\n").returncode == 0
    assert [f.read_bytes() for f in old_files(tmp_path / "log", "u")] == [b"one\n"]
    assert (tmp_path / "log/current").read_bytes() == b"two\n"


def check_numbered(folder, kill_count, width):
    """Whole lines in order, with a gap, or a torn line, only at a kill."""
    whole, torn, gaps, last = 0, 0, 0, -1
    for path in old_files(folder) + [folder / "current"]:
        data = path.read_bytes()
        assert len(data) <= 20000
        for line in data.splitlines(True):
            if len(line) != width or not line.endswith(b"\n"):
                torn += 1
                continue
            number = int(line)
            assert number > last, "doubled, or out of order"
            gaps += number > last + 1
            last, whole = number, whole + 1
    # A kill can cut one line off at its end and begin the next in its middle.
    assert torn <= 2 * kill_count
    assert gaps <= kill_count
    return whole


def test_kills_at_any_time_lose_only_what_was_just_read(programs, tmp_path):
    """Where the input is no pipe: bytes that were read are gone from there."""
    rounds = 200 if os.environ.get("HOLDFAST_LONG") else 20
    generator = random.Random(int.from_bytes(os.urandom(4), "big"))
    width, chunk = 100, 50
    # Packets, so that no read ends amid a line.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read_fd, write_fd = ours.detach(), theirs.detach()
    written = 0
    for _ in range(rounds):
        log = programs.start(
            MULTILOG, "s20000", "n10000", "./log", cwd=tmp_path, stdin=read_fd
        )
        for _ in range(generator.randrange(1, 60)):
            data = b"".join(
                b"%0*d\n" % (width - 1, written + i) for i in range(chunk)
            )
            os.write(write_fd, data)
            written += chunk
        log.kill()
        log.wait()
    os.close(write_fd)
    with os.fdopen(read_fd, "rb") as rest:
        done = subprocess.run(
            [MULTILOG, "s20000", "n10000", "./log"], cwd=tmp_path, stdin=rest, timeout=60
        )
    assert done.returncode == 0
    folder = tmp_path / "log"
    whole = check_numbered(folder, rounds, width)
    assert whole >= written - rounds * (131072 // width + 2)
    assert not (folder / "previous").exists()
    assert {mode(f) for f in old_files(folder, "s")} <= {0o744}


@pytest.mark.skipif(not support.PEEKS, reason="this system can only read")
def test_kills_at_any_time_lose_nothing(programs, tmp_path, capsys):
    """
    What is read stays in the pipe until it is in the log. The batch that was
    being written at the kill may be there twice, and nothing else.
    """
    rounds = 10000 if os.environ.get("HOLDFAST_LONG") else 40
    generator = random.Random(int.from_bytes(os.urandom(4), "big"))
    width, written, repeats, repeated_lines = 100, 0, 0, 0
    actions = ("s200000", "n1000000", "./log")
    read_fd, write_fd = os.pipe()
    fcntl.fcntl(write_fd, 1031, 65536)  # F_SETPIPE_SZ
    last = -1
    for number in range(rounds):
        log = programs.start(MULTILOG, *actions, cwd=tmp_path, stdin=read_fd)
        for _ in range(generator.randrange(1, 20)):
            count = generator.choice([1, 1, 5, 50, 500])
            data = b"".join(
                b"%0*d\n" % (width - 1, written + i) for i in range(count)
            )
            # Sometimes in two pieces, with a line begun but not ended.
            cut = generator.choice([len(data), generator.randrange(len(data))])
            os.write(write_fd, data[:cut])
            os.write(write_fd, data[cut:])
            written += count
        log.kill()
        log.wait()
        programs.started.remove(log)
        if number % 100 == 99 or number == rounds - 1:
            if number == rounds - 1:
                os.close(write_fd)
                rest = run_on(read_fd, tmp_path, *actions)
                assert rest.returncode == 0
            found = take_numbered(tmp_path / "log", width, last)
            last, repeats = found[0], repeats + found[1]
            repeated_lines += found[2]
    os.close(read_fd)
    assert last == written - 1
    with capsys.disabled():
        print(
            f"\n{rounds} kills, {written} lines: none lost,"
            f" {repeats} batches with {repeated_lines} lines repeated"
        )
    assert repeats <= rounds


def run_on(fd, folder, *actions):
    return subprocess.run([MULTILOG, *actions], cwd=folder, stdin=fd, timeout=60)


def restart_on(fd, folder, *actions):
    """Once the processor of a killed multilog lets go of the lock."""
    wait_until(lambda: run_on(fd, folder, *actions).returncode == 0)


def take_numbered(folder, width, last):
    """
    Reads the old files, removes them, and checks that numbers go up by one
    from `last`, but for repeats: at the beginning of a file, of lines at the
    end of the one before (the last of which may be cut). Returns the last
    number, and how many repeats there were, of how many lines.
    """
    repeats = repeated = 0
    for path in [*old_files(folder), folder / "current"]:
        if not path.exists():  # killed between two names
            continue
        data = path.read_bytes()
        if path.name == "current":
            if mode(path) != 0o744:
                continue
        elif path.name.endswith(".u") and not data.endswith(b"\n"):
            # Cut by the kill: the next reader got it whole.
            data = data[: data.rfind(b"\n") + 1]
        numbers = [int(line) for line in data.splitlines() if len(line) == width - 1]
        assert len(numbers) * width == len(data), f"torn lines in {path.name}"
        if numbers and numbers[0] <= last:
            repeats += 1
            repeated += last + 1 - numbers[0]
            last = numbers[0] - 1
        assert numbers == list(range(last + 1, last + 1 + len(numbers))), path.name
        last += len(numbers)
        path.unlink()
    return last, repeats, repeated


def test_a_line_that_had_begun_is_whole_after_a_kill(logger, programs, tmp_path):
    if not support.PEEKS:
        pytest.skip("this system can only read")
    log = logger("t", "./log")
    log.write(b"one\ntw")
    wait_until((tmp_path / "log/current").exists)
    wait_until(lambda: b"one" in (tmp_path / "log/current").read_bytes())
    wait_until(log.has_read_all)
    log.signal(signal.SIGKILL)
    log.exit_code()
    log.write(b"o\n")
    log.end_input()
    assert run_on(log.read_fd, tmp_path, "t", "./log").returncode == 0
    assert re.fullmatch(
        rb"@\w+ one\n@\w+ two\n", contents(tmp_path / "log")
    )


def test_a_kill_during_a_processor_repeats_no_more_than_a_long_line(logger, tmp_path):
    """One that spans two files, so that it is half written while it runs."""
    if not support.PEEKS:
        pytest.skip("this system can only read")
    first, second = b"a" * 1999 + b"\n", b"b" * 2999 + b"\n"
    log = logger("s4096", wait_for_processor(tmp_path), "./log")
    log.write(first + second)
    wait_until((tmp_path / "begun").exists)
    log.signal(signal.SIGKILL)
    log.exit_code()
    (tmp_path / "go").write_text("")  # the processor ends, and its lock goes
    log.end_input()
    restart_on(log.read_fd, tmp_path, "s4096", "./log")
    assert contents(tmp_path / "log") == first + second[:2096] + second


def test_what_cannot_be_saved_stays_for_the_next(logger, tmp_path):
    """TERM during trouble: the last batch is still in the pipe."""
    if not support.PEEKS:
        pytest.skip("this system can only read")
    log = logger("./log", preexec_fn=limit_file_size(2000))
    log.write(lines(51))
    wait_until(lambda: "pausing" in log.stderr())
    log.signal(signal.SIGTERM)
    assert log.exit_code() == 111
    log.end_input()
    assert run_on(log.read_fd, tmp_path, "./log").returncode == 0
    assert (tmp_path / "log/current").read_bytes() == lines(51)


def test_a_line_written_in_many_packets_fills_no_pipe(programs, tmp_path):
    """Each takes a slot of the pipe, and all of them are less than a line."""
    read_fd, write_fd = os.pipe2(getattr(os, "O_DIRECT", 0))
    log = programs.start(MULTILOG, "./log", cwd=tmp_path, stdin=read_fd)
    os.close(read_fd)
    for _ in range(300):
        os.write(write_fd, b"x")
    os.write(write_fd, b"\nlast")
    os.close(write_fd)
    assert log.wait(timeout=120) == 0
    assert contents(tmp_path / "log") == b"x" * 300 + b"\nlast\n"


def test_writes_that_do_not_fit_the_pipe_are_never_waited_for(logger, tmp_path):
    """They stop halfway, with a line begun, and wait for the reader."""
    log = logger("s16777215", "./log")
    fcntl.fcntl(log.write_fd, 1031, 65536)
    log.write(b"begun")
    wait_until(log.has_read_all)
    data = b"".join(b"%099d\n" % i for i in range(20000))
    log.write(data)
    wait_until(holds(tmp_path / "log/current", b"begun" + data))


def test_input_that_is_no_pipe(tmp_path):
    ours, theirs = socket.socketpair()
    theirs.sendall(b"one\ntwo")
    theirs.close()
    assert run_on(ours.fileno(), tmp_path, "./socket").returncode == 0
    ours.close()
    (tmp_path / "text").write_bytes(b"one\ntwo")
    with open(tmp_path / "text", "rb") as text:
        assert run_on(text, tmp_path, "./file").returncode == 0
    assert run_on(subprocess.DEVNULL, tmp_path, "./null").returncode == 0
    assert contents(tmp_path / "socket") == b"one\ntwo\n"
    assert contents(tmp_path / "file") == b"one\ntwo\n"
    assert contents(tmp_path / "null") == b""


def test_a_fifo_ends_when_its_last_writer_goes(programs, tmp_path):
    """With a line begun, too; then the end is known by a signal only."""
    os.mkfifo(tmp_path / "fifo")
    holder = os.open(tmp_path / "fifo", os.O_RDWR)
    read_fd = os.open(tmp_path / "fifo", os.O_RDONLY)
    log = programs.start(MULTILOG, "./log", cwd=tmp_path, stdin=read_fd)
    os.close(read_fd)
    for piece in (b"one\n", b"tw", b"o\nthr"):
        writer = os.open(tmp_path / "fifo", os.O_WRONLY)
        os.write(writer, piece)
        os.close(writer)
        wait_until(lambda: support.process_fields(log.pid)[0] == "S")
    wait_until(holds(tmp_path / "log/current", b"one\ntwo\n"))
    assert log.poll() is None
    os.close(holder)
    assert log.wait(timeout=120) == 0
    assert contents(tmp_path / "log") == b"one\ntwo\nthr\n"


@pytest.fixture
def strace(tmp_path):
    """Runs multilog under strace; `crash` is (call, which one of them)."""
    if support.SANITIZER_REPORTS:
        pytest.skip("sanitizers don't run under strace")
    if not shutil.which("strace"):
        pytest.skip("needs strace")

    def start(folder, *actions, data, crash=None, inject=None):
        trace = folder / "trace"
        if crash:
            inject = f"{crash[0]}:signal=KILL:when={crash[1]}"
        inject = ["-e", f"inject={inject}"] if inject else []
        (folder / "input").write_bytes(data)
        with open(folder / "input", "rb") as stdin:
            done = subprocess.run(
                ["strace", "-qq", "-o", trace, *inject, MULTILOG, *actions],
                cwd=folder, stdin=stdin, capture_output=True, timeout=60,
            )
        if not trace.exists() or not trace.read_text():
            pytest.skip(f"strace can't trace here: {done.stderr.decode()}")
        return done, trace.read_text().splitlines()

    return start


def calls_in(trace):
    """(call, count so far) for each line of a trace."""
    counts = {}
    for line in trace:
        match = re.match(r"(\w+)\(", line)
        if match:
            counts[match[1]] = counts.get(match[1], 0) + 1
            yield match[1], counts[match[1]]


def bytes_written(trace):
    """What writes to `current` returned before the end."""
    return sum(
        int(match[1])
        for match in (re.fullmatch(r"writev\(.* = (\d+)", line) for line in trace)
        if match
    )


def make_outage(folder):
    """A directory left by a crash amid a rotation; returns its contents."""
    log = folder / "log"
    log.mkdir(parents=True)
    (log / "previous").write_bytes(b"before 1\n")
    (log / "current").write_bytes(b"before 2\n")
    (log / "previous").chmod(0o744)
    (log / "current").chmod(0o644)
    (log / "state").write_bytes(b"")
    return b"before 1\nbefore 2\n"


def restart(folder, *actions):
    """Once the processor of a killed multilog lets go of the lock."""

    def succeeds():
        done = run(folder, *actions)
        assert done.returncode == 0 or b"unable to lock" in done.stderr
        return done.returncode == 0

    wait_until(succeeds)


@pytest.mark.parametrize("processor", [(), ("!cat",)])
def test_a_crash_at_any_system_call_loses_nothing_written(
    processor, strace, tmp_path
):
    """From recovery over rotations to the end, before each call in turn."""
    actions = ("s4096", "n100", *processor, "./log")
    data = lines(110)
    (tmp_path / "whole").mkdir()
    make_outage(tmp_path / "whole")
    done, trace = strace(tmp_path / "whole", *actions, data=data)
    assert done.returncode == 0
    points = list(calls_in(trace))
    assert len(points) > 80
    crashes = 0
    for number, crash in enumerate(points[1:]):  # not before execve
        for attempt in range(4):
            folder = tmp_path / f"{number}.{attempt}"
            before = make_outage(folder)
            done, trace = strace(folder, *actions, data=data, crash=crash)
            is_crash = done.returncode != 0
            if is_crash:
                restart(folder, *actions)
            found = contents(folder / "log")
            assert (before + data).startswith(found), crash
            assert len(found) >= len(before) + bytes_written(trace), crash
            assert is_crash or found == before + data, crash
            names = {p.name for p in (folder / "log").iterdir() if p.name[0] != "@"}
            assert names == {"lock", "current", "state"}, crash
            shutil.rmtree(folder)
            # How often it waits, and signals come, is another number each time.
            if is_crash:
                crashes += 1
                break
    assert crashes >= 0.9 * len(points)


def test_a_processor_that_ends_as_a_signal_comes(strace, tmp_path):
    """
    Its end was taken along with the signal, and then waited for: the signal and
    the end both come after a look at the child, and before the next sleep.
    """
    processor = "!(sleep .2; kill -ALRM $PPID) & sleep .5; exec cat"
    done, trace = strace(
        tmp_path, "s4096", processor, "./log", data=lines(60),
        inject="wait4:delay_exit=1500000:when=1",
    )
    assert done.returncode == 0
    assert contents(tmp_path / "log") == lines(60)


def test_names_are_on_disk_before_others_go(strace, tmp_path):
    """The directory is synced between link and unlink, and at the end."""
    done, trace = strace(tmp_path, "s4096", "./log", data=lines(110))
    assert done.returncode == 0
    calls = [re.match(r"\w+", line)[0] for line in trace]
    links = [i for i, call in enumerate(calls) if call == "linkat"]
    assert len(links) == len(old_files(tmp_path / "log")) > 0
    for i in links:
        assert calls[i + 1 : i + 3] == ["fsync", "unlinkat"]
        fsynced = re.search(r"\((\d+)", trace[i + 1])[1]
        assert re.search(rf"open.*O_DIRECTORY.* = {fsynced}$", "\n".join(trace), re.M)
    ends = [i for i, line in enumerate(trace) if re.search(r"fchmod.*0744", line)]
    assert calls[ends[-1] - 2 : ends[-1]] == ["fsync", "fsync"]


def test_reads_are_large_and_writes_are_gathered(strace, tmp_path):
    data = lines(10000)
    done, trace = strace(tmp_path, "t", "s16777215", "./log", data=data)
    assert done.returncode == 0
    calls = [re.match(r"\w+", line)[0] for line in trace]
    assert calls.count("read") <= len(data) // 65536 + 2
    assert calls.count("writev") <= 2 * (len(data) // 65536 + 2)
    assert calls.count("clock_gettime") <= calls.count("read")


def test_nothing_is_allocated_after_the_start(strace, tmp_path):
    done, trace = strace(tmp_path, "t", "-*x*", "s4096", "n3", "./log", data=lines(9000))
    assert done.returncode == 0
    calls = [re.match(r"\w+", line)[0] for line in trace]
    late = calls[calls.index("read") :]
    assert late.count("linkat") > 100
    assert {"brk", "mmap", "mremap"}.isdisjoint(late)


def logged(folder, *actions, data=b"fatal: x\ninfo: y\nzz\n"):
    done = subprocess.run(
        [MULTILOG, *actions], cwd=folder, input=data, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def current_of(folder):
    return (folder / "log" / "current").read_bytes()


@pytest.mark.parametrize(
    "letter, form",
    [
        ("T", rb"\d{10}\.\d{6} "),
        ("i", rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z "),
        ("t", rb"@[0-9a-f]{24} "),
    ],
)
def test_patterns_need_not_see_the_stamp(letter, form, tmp_path):
    logged(tmp_path, letter, "-*", "+zz", "+* zz", "./log")
    assert re.fullmatch(form + b"zz\n", current_of(tmp_path))
    logged(tmp_path, letter, "h", "-*", "+zz", "./hidden")
    hidden = (tmp_path / "hidden" / "current").read_bytes()
    assert re.fullmatch(form + b"zz\n", hidden)


def test_patterns_of_other_languages(tmp_path):
    logged(tmp_path, "-*", "X", "+^(fatal|z+$)", "F", "-[a-f]*", "C", "+info*", "./log")
    assert current_of(tmp_path) == b"info: y\nzz\n"


def test_a_regular_expression_that_is_none_is_told_of(tmp_path):
    done = subprocess.run(
        [MULTILOG, "X", "+(", "./log"], cwd=tmp_path, capture_output=True, timeout=60
    )
    assert done.returncode == 111
    assert done.stderr.startswith(b"multilog: fatal: unable to use +(: ")
    assert not (tmp_path / "log").exists()


def test_prefixes_and_standard_output(tmp_path):
    out = logged(tmp_path, "t", "pA: ", "./log", "-* info*", "1", "p", "./plain")
    assert re.fullmatch(rb"@[0-9a-f]{24} fatal: x\n@[0-9a-f]{24} zz\n", out)
    lines = current_of(tmp_path).splitlines()
    assert [line[26:] for line in lines] == [b"A: fatal: x", b"A: info: y", b"A: zz"]
    assert (tmp_path / "plain" / "current").read_bytes() == out


def test_a_long_line_goes_to_standard_output_whole(tmp_path):
    data = b"x" * 700000 + b"\nend"
    assert logged(tmp_path, "s16777215", "pP", "1", "./log", data=data) == data + b"\n"
    assert current_of(tmp_path) == b"P" + data.replace(b"\n", b"\nP") + b"\n"


def test_a_lone_S_means_classic_patterns_as_with_encore(tmp_path):
    logged(tmp_path, "-*", "F", "+[z]?", "S", "+info*", "./log")
    assert current_of(tmp_path) == b"info: y\nzz\n"


def test_old_files_get_the_code_that_was_chosen(tmp_path):
    """Of the directories named later; what an outage left stays a .u file."""
    (tmp_path / "gz").mkdir()
    (tmp_path / "gz" / "current").write_bytes(b"left\n")
    (tmp_path / "gz" / "current").chmod(0o644)
    actions = ("s4096", "./plain", "wgz", "!gzip", "./gz", "wa/b", "w", "./both")
    done = run(tmp_path, *actions, data=lines(100))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(old_files(tmp_path / "plain", "s")) == 4
    names = [path.suffix for path in sorted((tmp_path / "gz").glob("@*"))]
    assert names == [".u", ".gz", ".gz", ".gz", ".gz"]
    assert len(list((tmp_path / "both").glob("@*.gz"))) == 4
    shown = subprocess.run(
        [support.BIN / "svlog", tmp_path / "gz"], capture_output=True, timeout=60
    )
    assert shown.stdout == b"left\n" + lines(100)


def test_such_files_are_counted_and_removed(tmp_path):
    done = run(tmp_path, "s4096", "n3", "wlong.code", "./log", data=lines(400))
    assert done.returncode == 0
    assert len(list((tmp_path / "log").glob("@*.long.code"))) == 2


@pytest.mark.parametrize("letter, size", [("x", 16777215), ("L", 20000000)])
def test_files_may_be_larger_than_in_0_76(letter, size, tmp_path):
    done = run(tmp_path, letter, "s20000000", "./log", data=lines(210000))
    assert done.returncode == 0
    [first] = old_files(tmp_path / "log", "s")
    assert size - 2000 <= first.stat().st_size <= size


def test_words_that_begin_with_these_letters_are_ignored(tmp_path):
    words = ("Ti", "ii", "hh", "Fx", "Xx", "Cx", "12", "Lx", "w")
    assert logged(tmp_path, *words, "./log") == b""
    assert current_of(tmp_path) == b"fatal: x\ninfo: y\nzz\n"


def test_lowered_limit_removes_many_old_files_quickly(tmp_path):
    """To read the directory once for each of them took two minutes here, and
    hours with more, in which nothing was logged."""
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / ("@%024x.s" % 1)).mkdir()  # not a file: it stays
    numbers = list(range(2, 30_000))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        os.close(os.open(folder / ("@%024x.s" % number), os.O_CREAT | os.O_WRONLY))
    done = run(tmp_path, "s4096", "n5", "./log", data=b"%099d\n" % 1 * 50)
    assert done.stderr.count(b"unable to remove") == 1
    left = sorted(path.name for path in folder.iterdir() if path.name[0] == "@")
    oldest = ["@%024x.s" % number for number in (1, 29998, 29999)]
    assert left[:-2] == oldest
    kept = b"".join((folder / name).read_bytes() for name in left[-2:])
    assert kept + (folder / "current").read_bytes() == b"%099d\n" % 1 * 50


def test_a_clock_that_was_set_back_costs_the_oldest_lines(tmp_path):
    """A machine without a clock begins in 1970. By their labels alone, all that
    is logged there would be older than what it logged before, and go first."""
    folder = tmp_path / "log"
    folder.mkdir()
    ahead = ["@%016x00000000.s" % (2**62 + 2**33 + number) for number in range(4)]
    for name in ahead:
        (folder / name).touch()
    (folder / ahead[0]).unlink()
    (folder / ahead[0]).mkdir()  # can't be removed, and is told of
    lines = b"".join(b"%099d\n" % number for number in range(23))
    done = run(tmp_path, "s4096", "n4", "./log", data=lines)
    assert old_files(folder, "s")[-2:] == [folder / name for name in ahead[2:]]
    lines += b"".join(b"%099d\n" % number for number in range(1000))
    done = run(tmp_path, "s4096", "n4", "./log", data=lines)
    left = [path for path in old_files(folder, "s") if path.name != ahead[0]]
    assert len(left) == 3 and not {path.name for path in left} & set(ahead)
    kept = b"".join(path.read_bytes() for path in [*left, folder / "current"])
    assert len(kept) > 6000 and lines.endswith(kept)
    assert done.stderr.count(b"unable to remove") == 1


# ---- a directory in which others can write ----


@pytest.mark.parametrize("program", ["multilog", "svlogd"])
@pytest.mark.parametrize("is_clean", [False, True])
@pytest.mark.parametrize(
    "name", ["current", "state", "lock", "previous", "processed", "newstate"]
)
def test_links_in_the_directory_are_not_followed(programs, tmp_path, program, name, is_clean):
    """What they led to was written, cut off, or had its mode changed."""
    log, victim, said = tmp_path / "log", tmp_path / "victim", tmp_path / "said"
    log.mkdir()
    victim.write_text("kept\n")
    victim.chmod(0o744 if is_clean else 0o600)  # as a complete log, or none
    before = victim.stat()
    if is_clean and name != "current":
        (log / "current").touch(0o744)
    (log / name).symlink_to(victim)
    (log / "config").write_text("s4096\n!cat\n")
    actions = ["s4096", "!cat"] if program == "multilog" else []
    read_fd, write_fd = os.pipe()
    with open(said, "wb") as errors:
        process = programs.start(
            support.BIN / program, *actions, log, stdin=read_fd, stderr=errors
        )
    os.write(write_fd, b"".join(b"%090d\n" % number for number in range(100)))
    os.close(write_fd)
    # It ends, or goes on saying what is in the way.
    wait_until(lambda: process.poll() is not None or b"unable to" in said.read_bytes())
    process.kill()
    process.wait()
    os.close(read_fd)
    after = victim.stat()
    assert victim.read_text() == "kept\n"
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)
