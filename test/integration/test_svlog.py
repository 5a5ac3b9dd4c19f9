"""svlog(8): a service's log as one stream, across rotation."""

import bz2
import calendar
import gzip
import json
import lzma
import os
import pty
import random
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

from support import BIN, TOP, Service, takes_signal, time_limit, wait_until
from terminal import Terminal

MULTILOG = BIN / "multilog"
SVLOG = BIN / "svlog"
ENVIRONMENT = {"PATH": os.environ["PATH"], "TZ": "UTC"}
ENVIRONMENT |= {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}


@pytest.fixture(autouse=True)
def limited():
    """No test waits for ever for a line, or for who writes it."""
    with time_limit(600):
        yield


def run(*arguments, code=0, **environment):
    """svlog's output, in bytes; what it says on standard error must be nothing
    when it is to exit 0."""
    done = subprocess.run(
        [SVLOG, *arguments],
        capture_output=True,
        env=ENVIRONMENT | environment,
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    if code == 0:
        assert done.stderr == b""
        return done.stdout
    return done.stdout, done.stderr.decode()


def label(seconds, nanoseconds=0):
    return b"@%016x%08x" % (2**62 + 10 + seconds, nanoseconds)


def at(text):
    """Seconds since 1970 of "YYYY-MM-DD HH:MM:SS", in UTC."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


START = at("2026-11-22 10:00:00")


class Log:
    """A log directory put together by the test: a line each second."""

    def __init__(self, path):
        self.path = path
        path.mkdir(parents=True)
        self.next = 0

    def lines(self, count):
        """(bytes with stamps, as svlog shows them) of the next lines."""
        raw, shown = [], []
        for number in range(self.next, self.next + count):
            moment = START + number
            date = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
            raw.append(label(moment, 500) + b" line %d\n" % number)
            shown.append(f"{date}.000000500 line {number}\n".encode())
        self.next += count
        return b"".join(raw), b"".join(shown)

    def old(self, count=100, pack=None, suffix=".s"):
        raw, shown = self.lines(count)
        name = label(START + self.next - 1, 900).decode() + suffix
        (self.path / name).write_bytes(pack(raw) if pack else raw)
        return self.path / name, shown

    def current(self, count=100):
        raw, shown = self.lines(count)
        (self.path / "current").write_bytes(raw)
        return shown


@pytest.fixture
def log(tmp_path):
    return Log(tmp_path / "log")


@pytest.fixture
def written(tmp_path):
    """A directory of many files, written by multilog: 5000 numbered lines."""
    text = "".join(f"line {number}\n" for number in range(5000))
    subprocess.run(
        [MULTILOG, "t", "s4096", "n1000", "./main"],
        input=text, text=True, cwd=tmp_path, check=True,
    )
    assert len(list((tmp_path / "main").glob("@*"))) > 20
    return tmp_path / "main"


class Follower:
    """svlog -f, and what it has shown so far."""

    def __init__(self, programs, tmp_path, *arguments):
        self.path = tmp_path / f"shown{len(programs.started)}"
        self.said_path = tmp_path / f"said{len(programs.started)}"
        with open(self.path, "wb") as out, open(self.said_path, "wb") as said:
            self.process = programs.start(
                SVLOG, "-f", *arguments, stdout=out, stderr=said, env=ENVIRONMENT
            )

    def shown(self):
        return self.path.read_bytes()

    def wait(self, what, limit_s=60):
        wait_until(lambda: what in self.shown(), limit_s, what)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(120)
        assert self.said_path.read_bytes() == b""
        return self.shown()


# ---- what is shown ----


def test_whole_log_is_shown_as_tai64nlocal_shows_its_files(written):
    files = sorted(written.glob("@*")) + [written / "current"]
    raw = b"".join(file.read_bytes() for file in files)
    wanted = subprocess.run(
        [BIN / "tai64nlocal"], input=raw, capture_output=True, env=ENVIRONMENT,
        check=True,
    ).stdout
    assert run(written) == wanted


def test_lines_without_stamps_are_shown_as_they_are(log):
    text = b"plain\n\n@4000 no label\n\x00\xff\tbytes\n" + label(0)[:-1] + b"\n"
    (log.path / "current").write_bytes(text)
    assert run(log.path) == text


def test_stamps_of_svlogd_are_stamps(log):
    """runit's: -tt and -ttt are in UTC, and its old files are named alike."""
    text = b"2026-11-22_10:00:00.50000 one\n"
    (log.path / (label(START + 1).decode() + ".s")).write_bytes(text)
    (log.path / (label(START + 1).decode() + ".t")).write_bytes(b"a copy, in part")
    text = b"2026-11-22T10:00:02.00001 two\n2026-11-22 10:00:03 text\n"
    (log.path / "current").write_bytes(text)
    assert run(log.path, TZ="UTC-1") == (
        b"2026-11-22 11:00:00.500000000 one\n"
        b"2026-11-22 11:00:02.000010000 two\n"
        b"2026-11-22 10:00:03 text\n"
    )
    assert b"one" not in run("--since", "2026-11-22 10:00:02", log.path)


def test_last_line_that_is_not_ended_is_ended(log):
    (log.path / "current").write_bytes(b"one\ntwo")
    assert run(log.path) == b"one\ntwo\n"


def test_local_time_is_that_of_tz_and_utc_is_on_demand(log):
    log.current(1)
    assert run(log.path, TZ="UTC-2").startswith(b"2026-11-22 12:00:00.000000500 ")
    assert run("--utc", log.path, TZ="UTC-2").startswith(b"2026-11-22 10:00:00.0")
    assert run("-u", log.path, TZ="UTC-2") == run(log.path)


def test_lines_longer_than_any_buffer_are_whole(log):
    long = bytes(random.Random(1).choices(range(32, 127), k=3_000_000))
    raw = label(START) + b" " + long + b"\n" + label(START + 1) + b" next\n"
    (log.path / "current").write_bytes(raw)
    shown = run(log.path)
    assert shown == (
        b"2026-11-22 10:00:00.000000000 " + long + b"\n"
        b"2026-11-22 10:00:01.000000000 next\n"
    )
    assert run("-n", "1", log.path) == b"2026-11-22 10:00:01.000000000 next\n"
    assert run("-g", "^next$", log.path) == run("-n", "1", log.path)
    found = json.loads(run("-j", log.path).splitlines()[0])
    assert found["message"].encode() == long


def test_line_that_goes_on_in_the_next_file_is_one_line(tmp_path):
    """multilog divides lines longer than 2000 bytes between files."""
    lines = [b"%d " % number + b"x" * 3000 for number in range(30)]
    subprocess.run(
        [MULTILOG, "t", "s4096", "n100", "./main"],
        input=b"\n".join(lines) + b"\n", cwd=tmp_path, check=True,
    )
    shown = [line.split(b" ", 2)[2] for line in run(tmp_path / "main").splitlines()]
    assert shown == lines
    shown = run("-n", "7", tmp_path / "main").splitlines()
    assert [line.split(b" ", 2)[2] for line in shown] == lines[-7:]


def test_line_that_an_outage_cut_is_ended_there(log):
    (log.path / (label(START).decode() + ".u")).write_bytes(b"one\ncu")
    (log.path / "current").write_bytes(b"two\n")
    assert run(log.path) == b"one\ncu\ntwo\n"


def test_what_is_being_processed_is_shown_once(log):
    """`previous` while a processor runs, also beside its finished copy."""
    _, old = log.old()
    raw, previous = log.lines(10)
    (log.path / "previous").write_bytes(raw)
    current = log.current(10)
    assert run(log.path) == old + previous + current
    (log.path / "processed").write_bytes(raw)
    assert run(log.path) == old + previous + current  # unfinished
    (log.path / "processed").chmod(0o744)
    assert run(log.path) == old + previous + current
    (log.path / "previous").unlink()
    assert run(log.path) == old + previous + current
    os.link(log.path / "processed", log.path / (label(START + 110).decode() + ".s"))
    assert run(log.path) == old + previous + current


# ---- compressed files ----

PACKERS = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": lambda raw: subprocess.run(
        ["zstd", "-qc"], input=raw, stdout=subprocess.PIPE, check=True
    ).stdout,
}


@pytest.mark.parametrize("tool", PACKERS)
def test_compressed_files_are_read(log, tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    wanted = b""
    for number in range(6):
        wanted += log.old(100, PACKERS[tool] if number % 3 else None)[1]
    wanted += log.current()
    assert run(log.path) == wanted
    lines = wanted.splitlines(keepends=True)
    assert run("-n", "250", log.path) == b"".join(lines[-250:])
    since = f"@{label(START + 150).decode()[1:]}"
    assert run("--since", since, log.path) == b"".join(lines[150:])
    until = f"@{label(START + 160).decode()[1:]}"
    assert run("--since", since, "--until", until, log.path) == b"".join(lines[150:160])


def test_names_other_programs_gave_compressed_files_do_not_matter(log):
    wanted = log.old(10, gzip.compress, ".s.gz")[1] + log.old(10)[1]
    wanted += log.old(10, gzip.compress, "")[1]
    assert run(log.path) == wanted


def test_processor_of_multilog_may_compress(tmp_path):
    text = "".join(f"line {number}\n" for number in range(3000))
    subprocess.run(
        [MULTILOG, "t", "s4096", "n1000", "!gzip -1", "./main"],
        input=text, text=True, cwd=tmp_path, check=True,
    )
    shown = run(tmp_path / "main").decode().splitlines()
    assert [line.split(" ", 2)[2] for line in shown] == text.splitlines()


# ---- damage ----


def test_truncated_compressed_file_is_named_and_read_as_far_as_it_goes(log):
    _, before = log.old(10)
    path, packed = log.old(20000, gzip.compress)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    after = log.current(10)
    shown, said = run(log.path, code=111)
    assert said == f"svlog: warning: unable to read {path}: it is damaged or incomplete\n"
    assert shown.startswith(before) and shown.endswith(after)
    middle = shown[len(before) : -len(after)]
    lines = middle.splitlines(keepends=True)
    assert len(lines) > 1000 and packed.startswith(b"".join(lines[:-1]))


def test_missing_decompressor_is_named_and_the_rest_is_read(log, tmp_path):
    path, _ = log.old(10, gzip.compress)
    after = log.current(10)
    shown, said = run(log.path, code=111, PATH=str(tmp_path))
    assert shown == after
    assert said.startswith(f"svlog: warning: unable to read {path}: its decompressor")


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root")
def test_unreadable_file_is_named_and_the_rest_is_read(log, tmp_path):
    path, _ = log.old(10)
    path.chmod(0)
    after = log.current(10)
    as_user = []
    if os.geteuid() == 0:
        for folder in [log.path, *log.path.parents]:
            if not folder.stat().st_mode & 0o005 == 0o005:
                folder.chmod(folder.stat().st_mode | 0o055)
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = subprocess.run(
        [*as_user, SVLOG, log.path], capture_output=True, env=ENVIRONMENT
    )
    assert done.returncode == 111
    assert done.stdout == after
    said = f"svlog: warning: unable to read {path}: access denied\n"
    assert done.stderr.decode() == said


def test_noise_is_shown_and_harms_nothing(log):
    rng = random.Random(7)
    for number in range(20):
        noise = rng.randbytes(5000)
        if number % 2:  # with beginnings of labels in it
            noise = noise.replace(b"a", b"\n@4000000069")
        (log.path / (label(START + number).decode() + ".s")).write_bytes(noise)
    (log.path / "@4000").write_bytes(b"not ours")
    (log.path / "current").write_bytes(b"end\n")
    for arguments in [], ["-n", "5"], ["-j"], ["--since", "2026-11-22 10:00:05"]:
        assert run(*arguments, log.path)
    # No byte is lost: files with no newline at their end go on in the next.
    files = sorted(log.path.glob("@*.s"))
    assert run("--since", "@" + "0" * 24, log.path).endswith(b"end\n")
    assert len(files) == 20


def test_entries_that_are_no_files_are_left_alone(log):
    os.mkfifo(log.path / (label(START).decode() + ".s"))
    (log.path / (label(START + 1).decode() + ".s")).mkdir()
    (log.path / "previous").mkdir()
    assert log.current(3) == run(log.path)


def test_directory_without_a_log_is_told(tmp_path):
    _, said = run(tmp_path, code=111)
    assert said == (
        f"svlog: warning: unable to find the log of {tmp_path}: "
        "there is no running logger, log/main or current\n"
    )
    _, said = run("-d", tmp_path, "none", code=111)
    assert said == (
        f"svlog: warning: unable to find none: it is neither in {tmp_path} nor here\n"
    )


# ---- choosing ----


def test_last_lines_of_a_log(written):
    everything = run(written).splitlines(keepends=True)
    for count in 0, 1, 9, 100, 4999, 5000, 5001, 10**9:
        wanted = everything[max(0, 5000 - count) :]
        assert run("-n", str(count), written) == b"".join(wanted), count


def test_pattern_is_an_extended_expression_for_the_text_behind_the_stamp(written):
    shown = run("-g", "^line (7|499.)$", written).split(b"\n")[:-1]
    assert [line.split(b" ", 2)[2] for line in shown] == [
        b"line 7", *[b"line 499%d" % digit for digit in range(10)]
    ]
    assert run("-g", "LINE 7$", written) == b""
    assert run("-i", "-g", "LINE .*7$", written).count(b"\n") == 500
    assert run("-n", "2", "-g", "00$", written).split()[-1] == b"4900"
    assert run("-n", "2", "-g", "00$", written).count(b"\n") == 2


def test_pattern_sees_what_is_behind_a_null_byte(log):
    (log.path / "current").write_bytes(b"a\0needle\nb\0\nneedle\0c\n")
    assert run("-g", "needle", log.path) == b"a\0needle\nneedle\0c\n"


def test_since_and_until_cut_at_the_line(log):
    lines = []
    for _ in range(9):
        lines += log.old(100)[1].splitlines(keepends=True)
    lines += log.current(100).splitlines(keepends=True)
    rng = random.Random(3)
    for _ in range(40):
        first, last = sorted(rng.randrange(-5, 1010) for _ in range(2))
        shown = run(
            "--since", label(START + first, 500).decode(),
            "--until", label(START + last, 500).decode(),
            log.path,
        )
        assert shown == b"".join(lines[max(first, 0) : max(last, 0)]), (first, last)


def test_since_takes_what_people_write(log):
    lines = log.current(3600 * 3).splitlines(keepends=True)
    for text, first in [
        ("2026-11-22", 0),
        ("2026-11-22 12:00", 7200),
        ("2026-11-22T12:00:05", 7205),
        ("2026-11-22T13:00:05+01:00", 7205),
        ("2026-11-22 12:00:05Z", 7205),
        ("Nov 22 2026 1pm", 10800),
        ("2026-11-22_12:00:05.00000", 7205),
        (f"@{START + 7205}", 7205),
    ]:
        assert run("--since", text, log.path) == b"".join(lines[first:]), text
    # 14:00 two hours east of Greenwich
    assert run("-u", "--since", "2026-11-22 12:00", log.path) == run(
        "--since", "2026-11-22 14:00", log.path, TZ="UTC-2"
    ).replace(b" 14:", b" 12:")


def test_spans_count_from_now(tmp_path):
    now = int(time.time())
    log = tmp_path / "log"
    log.mkdir()
    text = b"".join(
        label(now - 3600 * hours - 60) + b" %d hours\n" % hours
        for hours in range(100, -1, -1)
    )
    (log / "current").write_bytes(text)
    assert run("--since", "10m", log).count(b"\n") == 1
    assert run("--since", "2 days ago", log).count(b"\n") == 48
    assert run("--since", "1 hour and 30 min ago", log).count(b"\n") == 2
    assert run("--since", "5h", log).count(b"\n") == 5
    assert run("--since", "1d2h", log).count(b"\n") == 26
    assert run("--since", "2 d ago", "--until", "1d", log).count(b"\n") == 24
    assert 24 <= run("--since", "yesterday", log).count(b"\n") <= 48


def test_lines_without_stamp_belong_to_the_one_before(log):
    raw = b""
    for number in range(100):
        raw += label(START + number) + b" first\n\tsecond\n"
    (log.path / "current").write_bytes(raw)
    shown = run("--since", label(START + 98).decode(), log.path)
    assert [line.split(b" ")[-1] for line in shown.splitlines()] == [
        b"first", b"\tsecond", b"first", b"\tsecond"
    ]


# ---- several ----


def test_several_logs_are_merged_by_time(tmp_path):
    names = ["a", "b", "c"]
    wanted = []
    for index, name in enumerate(names):
        (tmp_path / name).mkdir()
        raw = b""
        for number in range(index, 3000, index + 2):
            moment = (START + number, index)
            raw += label(*moment) + b" %d\n" % number
            wanted.append((moment, name, number))
        (tmp_path / name / "current").write_bytes(raw)
    shown = run(*(str(tmp_path / name) for name in names)).decode().splitlines()
    found = [re.fullmatch(r"\S*/(\w): \S+ \S+ (\d+)", line).groups() for line in shown]
    wanted.sort()
    assert found == [(name, str(number)) for _, name, number in wanted]
    tail = run("-n", "25", *(str(tmp_path / name) for name in names)).decode()
    assert tail.splitlines() == shown[-25:]


def test_one_that_cannot_be_found_is_named_and_the_others_are_shown(tmp_path, log):
    log.current(5)
    shown, said = run(log.path, tmp_path / "none", code=111)
    assert shown.count(b"\n") == 5
    assert re.fullmatch(r"svlog: warning: unable to find the log of .*/none.*\n", said)


# ---- JSON ----


def test_json_keeps_every_byte(log):
    rng = random.Random(5)
    messages = [bytes(range(256)).replace(b"\n", b""), "grüße \U0001f40b".encode()]
    messages += [b"", b" leading", b'"quoted\\"', b"\xed\xa0\x80 \xc0\x80 \xf5 \xf0\x9f"]
    for _ in range(300):
        size = rng.randrange(200)
        messages.append(rng.randbytes(size).replace(b"\n", b""))
    raw = b"".join(label(START) + b" " + message + b"\n" for message in messages)
    (log.path / "current").write_bytes(raw + b"no stamp\n")
    shown = run("--json", "--utc", log.path).decode("utf-8").splitlines()
    found = [json.loads(line) for line in shown]
    assert [entry["message"].encode("utf-8", "surrogateescape") for entry in found] == [
        *messages, b"no stamp"
    ]
    assert found[0]["time"] == "2026-11-22T10:00:00.000000000Z"
    assert found[-1]["time"] is None
    assert {entry["service"] for entry in found} == {str(log.path)}
    assert '"grüße \U0001f40b"' in shown[1]


def test_json_time_has_the_offset_of_the_zone(log):
    log.current(1)
    shown = json.loads(run("-j", log.path, TZ="XXX-05:30"))
    assert shown["time"] == "2026-11-22T15:30:00.000000500+05:30"


# ---- following ----


def feed(pipe, numbers, rng):
    """Numbered lines, in pieces that end anywhere."""
    text = b"".join(b"line %d\n" % number for number in numbers)
    while text:
        size = rng.randrange(1, 3000)
        pipe.write(text[:size])
        pipe.flush()
        text = text[size:]


@pytest.mark.parametrize("processor", [None, "!gzip -1", "!cat"])
@pytest.mark.parametrize("stamps", [["t"], []])
def test_following_loses_and_repeats_nothing_while_files_rotate(
    tmp_path, programs, processor, stamps
):
    """Tens of thousands of lines through files of 4096 bytes."""
    count = 40000 if processor is None else 4000
    actions = [*stamps, "s4096", "n5000", *([processor] if processor else [])]
    logger = programs.start(
        MULTILOG, *actions, "./main", cwd=tmp_path, stdin=subprocess.PIPE
    )
    rng = random.Random(count)
    feed(logger.stdin, range(count // 4), rng)
    wait_until((tmp_path / "main" / "current").exists, what="a log")
    early = Follower(programs, tmp_path, "-n", "1000000", tmp_path / "main")
    feed(logger.stdin, range(count // 4, count // 2), rng)
    late = Follower(programs, tmp_path, "-n", "1000000", tmp_path / "main")
    feed(logger.stdin, range(count // 2, count), rng)
    for follower in early, late:
        follower.wait(b"line %d\n" % (count - 1))
        shown = re.findall(rb"line (\d+)$", follower.stop(), re.M)
        assert list(map(int, shown)) == list(range(count))
    assert len(list((tmp_path / "main").glob("@*"))) > count // 1000


@pytest.mark.parametrize("processor", [None, "!gzip -1"])
def test_following_keeps_up_while_old_files_are_removed(tmp_path, programs, processor):
    """Three old files at most: what was shown is soon gone, under any name."""
    actions = ["t", "s4096", "n4", *([processor] if processor else [])]
    logger = programs.start(
        MULTILOG, *actions, "./main", cwd=tmp_path, stdin=subprocess.PIPE
    )
    logger.stdin.write(b"start\n")
    logger.stdin.flush()
    wait_until((tmp_path / "main" / "current").exists, what="a log")
    follower = Follower(programs, tmp_path, tmp_path / "main")
    follower.wait(b"start\n")
    for number in range(0, 2000, 100):
        text = b"".join(b"line %d\n" % (number + i) for i in range(100))
        logger.stdin.write(text)
        logger.stdin.flush()
        follower.wait(b"line %d\n" % (number + 99))
    shown = re.findall(rb"line (\d+)$", follower.stop(), re.M)
    assert list(map(int, shown)) == list(range(2000))
    assert len(list((tmp_path / "main").glob("@*"))) <= 3


def lines_of_files(folder):
    """What the files of a log hold, as it has to be shown."""
    text = b""
    for path in [*sorted(folder.glob("@*")), folder / "current"]:
        raw = path.read_bytes()
        if text and not text.endswith(b"\n") and (was_cut or raw.startswith(b"@")):
            text += b"\n"
        text += raw
        was_cut = path.suffix == ".u"
    done = subprocess.run(
        [BIN / "tai64nlocal"], input=text, capture_output=True, env=ENVIRONMENT,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("seed", range(3))
def test_followers_show_what_the_files_hold_whatever_becomes_of_the_logger(
    tmp_path, programs, seed
):
    """It is told to rotate, killed, ended and started again, in any order."""
    rng = random.Random(seed)
    followers = []

    def start():
        started = programs.start(
            MULTILOG, "t", "s4096", "n10000", "./main",
            cwd=tmp_path, stdin=subprocess.PIPE,
        )
        wait_until(lambda: takes_signal(started.pid, signal.SIGALRM))
        return started

    logger = start()
    wait_until((tmp_path / "main" / "current").exists, what="a log")
    for number in range(120):
        for _ in range(rng.randrange(60)):
            size = rng.choice([0, 1, 20, 100, 1000, 5000])
            logger.stdin.write(b"%d " % number + b"x" * rng.randrange(size + 1))
            logger.stdin.write(b"\n")
        if rng.randrange(3) == 0:
            logger.stdin.write(b"the beginning of a line")
        logger.stdin.flush()
        if number % 30 == 10:
            count = "100000000"
            followers.append(
                Follower(programs, tmp_path, "-n", count, tmp_path / "main")
            )
        event = rng.choice(["rotate", "rotate", "kill", "end", "nothing"])
        if event == "rotate":
            logger.send_signal(signal.SIGALRM)
        elif event != "nothing":
            if event == "kill":
                logger.kill()
            else:
                logger.stdin.close()
            logger.wait(120)
            logger = start()
    logger.stdin.write(b"\nthe end\n")
    logger.stdin.close()
    logger.wait(120)
    wanted = lines_of_files(tmp_path / "main")
    assert run(tmp_path / "main") == wanted
    for follower in followers:
        follower.wait(b" the end\n")
        assert follower.stop() == wanted


def test_following_shows_the_last_ten_lines_first(written, tmp_path, programs):
    follower = Follower(programs, tmp_path, written)
    follower.wait(b"line 4999\n")
    with open(written / "current", "ab") as current:
        current.write(b"added\nunended")
    follower.wait(b"added\n")
    shown = follower.stop()
    assert shown == run("-n", "12", written).replace(b"unended\n", b"")


def test_following_goes_on_after_the_logger_was_killed(tmp_path, programs):
    def start():
        return programs.start(
            MULTILOG, "./main", cwd=tmp_path, stdin=subprocess.PIPE
        )

    logger = start()
    logger.stdin.write(b"one\n")
    logger.stdin.flush()
    wait_until(lambda: list((tmp_path / "main").glob("current")), what="a log")
    follower = Follower(programs, tmp_path, "-n", "100", tmp_path / "main")
    follower.wait(b"one\n")
    logger.kill()
    logger.wait()
    logger = start()  # `current` becomes an old file, @LABEL.u
    logger.stdin.write(b"two\n")
    logger.stdin.flush()
    follower.wait(b"two\n")
    assert follower.stop() == b"one\ntwo\n"


def test_following_several_logs_waits_for_none_of_them(tmp_path, programs):
    paths = []
    for name in "a", "b":
        paths.append(tmp_path / name)
        paths[-1].mkdir()
        (paths[-1] / "current").touch()
    follower = Follower(programs, tmp_path, *paths)
    for number in range(10):
        for path in paths:
            with open(path / "current", "ab") as current:
                current.write(label(START + number) + b" %d\n" % number)
            follower.wait(b"%s: 2026-11-22 10:00:0%d.000000000 %d\n"
                          % (str(path).encode(), number, number))
    assert follower.stop().count(b"\n") == 20


def test_following_ends_when_nobody_reads(log, programs):
    log.current(3)
    read_end, write_end = os.pipe()
    follower = programs.start(
        SVLOG, "-f", log.path, stdout=write_end, env=ENVIRONMENT
    )
    os.close(write_end)
    assert os.read(read_end, 10)
    os.close(read_end)
    follower.wait(120)


def test_following_shows_a_long_line_as_it_comes(log, tmp_path, programs):
    follower = None
    with open(log.path / "current", "ab", buffering=0) as current:
        follower = Follower(programs, tmp_path, log.path)
        current.write(b"x" * 100_000)
        wait_until(lambda: len(follower.shown()) >= 65536, what="the beginning")
        current.write(b"y" * 100_000 + b"\nnext\n")
        follower.wait(b"next\n")
    assert follower.stop() == b"x" * 100_000 + b"y" * 100_000 + b"\nnext\n"


def test_log_that_was_emptied_by_hand_is_followed(log, tmp_path, programs):
    log.current(3)
    follower = Follower(programs, tmp_path, log.path)
    follower.wait(b"line 2\n")
    (log.path / "current").write_bytes(b"")
    with open(log.path / "current", "ab") as current:
        current.write(b"anew\n")
    follower.wait(b"anew\n")
    follower.stop()


def test_files_removed_while_they_are_read_are_read_to_their_end(tmp_path, programs):
    """A pipe that is full holds svlog up; meanwhile everything goes."""
    log = Log(tmp_path / "log")
    wanted = b"".join(log.old(3000)[1] for _ in range(9)) + log.current(3000)
    svlog = programs.start(
        SVLOG, log.path, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    first = svlog.stdout.read(1000)
    for path in log.path.iterdir():
        path.unlink()
    assert first + svlog.stdout.read() == wanted
    assert svlog.wait(120) == 0


# ---- finding ----


def test_log_is_found_where_the_running_logger_writes(tmp_path, programs, scan):
    service = scan.make("clock", "#!/bin/sh\necho hello\nexec sleep 1000\n", down=False)
    service.path.rename(tmp_path / "clock")
    elsewhere = tmp_path / "elsewhere"
    made = Service(
        tmp_path / "outside" / "there",
        "#!/bin/sh\necho hello there\nexec sleep 1000\n",
    )
    made.add_log(f"#!/bin/sh\nexec {MULTILOG} t {elsewhere}\n")
    (made.path / "log" / "main").mkdir()
    (made.path / "log" / "main" / "current").write_text("an old place\n")
    made = scan.move_in(made)
    scan.start()
    log = made.path / "log"
    wait_until(lambda: (elsewhere / "current").exists(), what="a log")
    wait_until(lambda: b"hello" in (elsewhere / "current").read_bytes())
    assert (log / "supervise" / "status").exists()
    for arguments in [made.path], [log], [elsewhere], ["-d", scan.path, "there"]:
        assert run(*arguments).endswith(b" hello there\n"), arguments
    assert run("there", SVDIR=str(scan.path)).endswith(b" hello there\n")
    scan.stop()
    assert run(made.path) == b"an old place\n"


@pytest.mark.parametrize("place", ["log/main", "log", "main", "."])
def test_log_is_found_in_the_usual_places(tmp_path, place):
    (tmp_path / "scan" / "one" / place).mkdir(parents=True)
    (tmp_path / "scan" / "one" / place / "current").write_text(f"in {place}\n")
    wanted = f"in {place}\n".encode()
    assert run(tmp_path / "scan" / "one") == wanted
    assert run("--scandir", tmp_path / "scan", "one") == wanted
    assert run("one", SVDIR=str(tmp_path / "scan")) == wanted


# ---- terminals ----


def on_terminal(*arguments, **environment):
    """What svlog writes to a terminal; its pager is cat by way of a shell."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(SVLOG, [str(SVLOG), *map(str, arguments)], ENVIRONMENT | environment)
    shown = b""
    while True:
        try:
            got = os.read(terminal, 4096)
        except OSError:
            break
        if not got:
            break
        shown += got
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return shown.replace(b"\r\n", b"\n")


def test_names_have_colours_on_a_terminal_only(tmp_path):
    names = []
    for name in "one", "three":
        (tmp_path / name).mkdir()
        (tmp_path / name / "current").write_bytes(b"text\n")
        names.append(tmp_path / name)
    plain = b"".join(b"%s: text\n" % str(name).encode() for name in names)
    assert run(*names) == plain
    shown = on_terminal("--no-pager", *names)
    assert re.search(rb"\x1b\[\d+m\S+/one:\x1b\[m   text\n", shown)
    assert len(set(re.findall(rb"\x1b\[(\d+)m", shown))) == 2
    assert b"\x1b" not in on_terminal("--no-pager", *names, NO_COLOR="1")
    assert re.search(rb"\x1b\[\d+m", on_terminal("--no-pager", *names, NO_COLOR=""))


def test_control_characters_do_not_reach_a_terminal(log):
    text = b"\x1b[31mred\x07\ttab \x7f \xc3\xbc\n"
    (log.path / "current").write_bytes(text)
    assert run(log.path) == text
    assert on_terminal("--no-pager", log.path) == b"^[[31mred^G\ttab ^? \xc3\xbc\n"


def test_pager_gets_the_text_on_a_terminal(log, tmp_path):
    wanted = log.current(10)
    kept = tmp_path / "kept"
    pager = f"cat >{kept}; echo $LESS; echo paged"
    assert on_terminal(log.path, PAGER=pager) == b"FRX\npaged\n"
    assert kept.read_bytes() == wanted
    assert on_terminal(log.path, PAGER=pager, LESS="x") == b"x\npaged\n"
    for environment in {"PAGER": "cat"}, {"PAGER": ""}:
        assert on_terminal(log.path, **environment) == wanted
    assert on_terminal("--no-pager", log.path, PAGER=pager) == wanted


def test_leaving_the_pager_early_is_no_failure(log):
    log.current(50000)
    shown = on_terminal(log.path, PAGER="head -n 1")
    assert shown.count(b"\n") == 1
    assert b"svlog" not in shown  # it has nothing to say about that
    assert on_terminal(log.path, PAGER="true") == b""
    assert on_terminal(log.path, PAGER="exit 1") == b""


def test_pager_that_is_not_there_is_named(log, tmp_path, programs):
    log.current(50000)
    (tmp_path / "file").write_text("not executable")
    for pager in "no-such-pager -x", str(tmp_path / "file"):
        with Terminal(200, 24) as terminal:
            terminal.start(
                programs, SVLOG, log.path, env=ENVIRONMENT | {"PAGER": pager}
            )
            assert terminal.wait() == 111
            assert terminal.text()[-1] == (
                f"svlog: warning: unable to run the pager {pager}: set PAGER to one"
                " that is there, or use --no-pager"
            )[:200]


class InLess:
    """svlog on a terminal, with the less that is installed."""

    def __init__(self, programs, log, *options, **environment):
        self.terminal = Terminal(60, 20)
        if "TERM" not in environment:
            environment["TERM"] = "xterm"
        self.terminal.start(
            programs, SVLOG, *options, log.path, env=ENVIRONMENT | environment
        )

    def __enter__(self):
        return self.terminal

    def __exit__(self, *_):
        self.terminal.__exit__()


has_less = pytest.mark.skipif(not shutil.which("less"), reason="no less here")


@has_less
def test_less_ends_at_once_when_all_fits(log, programs):
    shown = log.current(10).decode().splitlines()
    with InLess(programs, log) as terminal:
        assert terminal.wait() == 0
        assert terminal.text() == shown
        assert terminal.is_as_before()


@has_less
@pytest.mark.parametrize("count", [100, 50000], ids=["in the pipe", "more than that"])
def test_less_shows_a_page_at_a_time(log, programs, count):
    shown = log.current(count).decode().splitlines()
    with InLess(programs, log) as terminal:
        terminal.wait_text(lambda lines: lines[:19] == shown[:19] and len(lines) == 20)
        assert terminal.takes_keys()
        terminal.type(" ")
        terminal.wait_text(lambda lines: lines[:19] == shown[19:38])
        terminal.type("q")
        assert terminal.wait() == 0
        assert "svlog:" not in "\n".join(terminal.text())
        assert terminal.is_as_before()


@has_less
def test_less_that_was_not_told_to_go_stays(log, programs):
    """LESS is the user's, also when it is empty."""
    log.current(3)
    with InLess(programs, log, LESS="") as terminal:
        terminal.wait_text(lambda lines: lines and "(END)" in lines[-1])
        terminal.type("q")
        assert terminal.wait() == 0


@has_less
def test_interrupt_is_for_less(log, programs):
    shown = log.current(50000).decode().splitlines()
    with InLess(programs, log) as terminal:
        terminal.wait_text(lambda lines: lines[:19] == shown[:19] and len(lines) == 20)
        terminal.type("\x03")

        def reaches_end(lines):
            terminal.type("G")  # one that comes while less is interrupted is lost
            return shown[-1] in lines

        terminal.wait_text(reaches_end)
        terminal.type("q")
        assert terminal.wait() == 0


# ---- use ----


@pytest.mark.parametrize("arguments, said", [
    ([], "svlog: usage: svlog [-"),
    (["-x", "."], "svlog: illegal option -- x"),
    (["--nonsense", "."], "svlog: illegal option -- --nonsense"),
    (["-n"], "svlog: option requires an argument -- n"),
    (["--since"], "svlog: option requires an argument -- --since"),
    (["-n", "-1", "."], "svlog: fatal: -n -1: not a number of lines"),
    (["-n", "x", "."], "svlog: fatal: -n x: not a number of lines"),
    (["--since", "soon", "."], "svlog: fatal: --since soon: not a time"),
    (["--until", "2026-02-30", "."], "svlog: fatal: --until 2026-02-30: there is no"),
    (["-f", "--until", "now", "."], "svlog: fatal: -f and --until exclude"),
    (["-g", "(", "."], "svlog: fatal: -g (: "),
])
def test_wrong_use_is_told(arguments, said):
    _, told = run(*arguments, code=100)
    assert told.startswith(said)


def test_failure_to_write_is_told(log):
    log.current(10)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [SVLOG, log.path], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT
        )
    assert done.returncode == 111
    assert done.stderr == b"svlog: warning: unable to write output\n"


def test_memory_does_not_grow_with_lines_and_files(tmp_path):
    """A line of 64 MB, in a process that may have 16 MB of data."""
    (tmp_path / "current").write_bytes(b"x" * 64_000_000 + b"\n")
    shell = 'ulimit -d 16384; exec "$0" "$@"'
    if "ASAN_OPTIONS" in ENVIRONMENT:
        pytest.skip("a sanitizer needs more")
    for options in [], ["-n", "1"], ["-j"]:
        with subprocess.Popen(
            ["sh", "-c", shell, SVLOG, *options, tmp_path],
            stdout=subprocess.PIPE, env=ENVIRONMENT,
        ) as svlog:
            size = 0
            while part := svlog.stdout.read(1 << 20):
                size += len(part)
        assert svlog.returncode == 0 and size >= 64_000_001


def test_time_is_linear_in_the_number_of_files(tmp_path):
    """All that were left were moved once for each: 20 s of these, and more than
    two minutes of a hundred thousand."""
    count = 60_000
    for number in range(count):
        path = tmp_path / (label(START + number).decode() + ".s")
        path.write_bytes(b"%d\n" % number)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    shown = run(tmp_path)
    took_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert shown == b"".join(b"%d\n" % number for number in range(count))
    assert took_s < 8


def test_bench_finds_what_it_looks_for(tmp_path):
    """bench/svlog checks what it times."""
    size = ["--files", "4", "--size", "200000", "--rounds", "5"]
    done = subprocess.run(
        [TOP / "bench" / "svlog", *size, "--folder", tmp_path],
        capture_output=True, text=True, env=ENVIRONMENT | {"HOLDFAST_BIN": str(BIN)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(re.findall(r"^\| .* \| [\d.]+ \| [\d.]+ \|$", done.stdout, re.M)) == 4
    assert list(tmp_path.iterdir()) == []


# ---- completion ----


def complete(*words, cwd, **environment):
    """What bash offers for the last of the words."""
    script = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _svlog;'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script, TOP / "completions" / "svlog", "svlog", *words],
        capture_output=True, text=True, cwd=cwd, check=True,
        env=ENVIRONMENT | environment,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_completion_offers_options_services_and_directories(tmp_path):
    (tmp_path / "scan" / "clock").mkdir(parents=True)
    (tmp_path / "scan" / "httpd").mkdir()
    (tmp_path / "saved").mkdir()
    scan = str(tmp_path / "scan")
    assert complete("c", cwd=tmp_path, SVDIR=scan) == ["clock"]
    assert sorted(complete("-d", scan, "", cwd=tmp_path)) == ["clock", "httpd"]
    assert complete("sa", cwd=tmp_path, SVDIR=scan) == ["saved"]
    assert complete("--since", "y", cwd=tmp_path) == ["yesterday"]
    for word in complete("--since", "", cwd=tmp_path):
        if word != "last":  # it needs another
            run("--since", word, "--until", word, tmp_path, code=111)
    offered = complete("-", cwd=tmp_path)
    page = (TOP / "man" / "svlog.8").read_text()
    explained = re.findall(r"Fl (-?[\w-]+)", "".join(re.findall(r"^\.It Fl.*\n", page, re.M)))
    assert set(offered) == {"-" + option for option in explained}
