"""svlogd(8): what is written where, as files in the directories say."""

import os
import re
import signal
import socket
import subprocess

import pytest

import support
from support import time_limit, wait_until

SVLOGD = support.BIN / "svlogd"


@pytest.fixture(autouse=True)
def limited():
    """No test waits for ever, also not in a write to a logger that doesn't read."""
    with time_limit(300):
        yield


@pytest.fixture
def logs(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    return tmp_path


def run(folder, *arguments, data=b"", code=0):
    done = subprocess.run(
        [SVLOGD, *arguments], cwd=folder, input=data, capture_output=True, timeout=60
    )
    assert done.returncode == code, done.stderr
    return done.stderr.decode(errors="surrogateescape")


def current(folder):
    return (folder / "current").read_bytes()


def old_files(folder):
    return sorted(path for path in folder.iterdir() if path.name[0] == "@")


def start(programs, folder, *arguments):
    read_fd, write_fd = os.pipe()
    errors = open(folder / "errors", "wb")
    process = programs.start(
        SVLOGD, *arguments, cwd=folder, stdin=read_fd, stderr=errors
    )
    errors.close()
    os.close(read_fd)
    return process, os.fdopen(write_fd, "wb", buffering=0)


def test_each_directory_has_rules_of_its_own(logs):
    (logs / "a" / "config").write_text("# these\n\n-*\n+hello*\npA: \nebad*\nEbad two\n")
    errors = run(logs, "a", "b", data=b"hello x\nbad one\nbad two\n")
    assert current(logs / "a") == b"A: hello x\n"
    assert current(logs / "b") == b"hello x\nbad one\nbad two\n"
    assert errors == "A: bad one\n"


@pytest.mark.parametrize(
    "option, form",
    [
        ("-t", rb"@[0-9a-f]{24} "),
        ("-tt", rb"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} "),
        ("-ttt", rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{5} "),
    ],
)
def test_times_are_not_seen_by_patterns(option, form, logs):
    (logs / "a" / "config").write_text("-*\n+hello\npA: \nehello\n")
    errors = run(logs, option, "a", data=b"hello\nother\n")
    assert re.fullmatch(form + b"A: hello\n", current(logs / "a"))
    assert re.fullmatch(form + b"A: hello\n", errors.encode())


@pytest.mark.parametrize(
    "pattern, matching, others",
    [
        ("a+bc", ["abc", "abbbc"], ["ac", "abb", "xabc"]),
        ("a*c", ["ac", "abbc"], ["acc", "abc "]),
        ("*: *", ["x: y", ": "], ["x:y", "x:y: z"]),
        ("", [""], ["a"]),
        ("a+", [], ["a", "aa", "a+"]),
    ],
)
def test_patterns(pattern, matching, others, logs):
    (logs / "a" / "config").write_text(f"-*\n+{pattern}\n")
    run(logs, "a", data="".join(f"{line}\n" for line in matching + others).encode())
    assert current(logs / "a") == "".join(f"{line}\n" for line in matching).encode()


def test_bytes_are_replaced_before_patterns_see_them(logs):
    (logs / "a" / "config").write_text("-*\n+a.b*\n")
    run(logs, "-r", ".", "-R", "x", "a", data=b"a\tb\xff\0x~ \na\nb\n")
    assert current(logs / "a") == b"a.b...~ \n"
    run(logs, "-R", "yz", "b", data=b"x\x7fyz\n")
    assert current(logs / "b") == b"x___\n"


def test_only_the_beginning_of_a_line_is_looked_at(logs):
    (logs / "a" / "config").write_text("-*\n+*x\ne*\n")
    line = b"a" * 255 + b"x"
    errors = run(logs, "-tt", "-l", "1", "a", data=line + b"yz\n")
    assert current(logs / "a")[26:] == line + b"yz\n"
    assert errors[26:] == line.decode() + "...\n"


def test_files_end_at_a_size_and_are_counted(logs):
    (logs / "a" / "config").write_text("s2000\nn3\n")
    lines = [b"%04d\n" % n for n in range(4000)]
    run(logs, "-l", "256", "a", data=b"".join(lines))
    files = old_files(logs / "a")
    assert len(files) == 3
    for path in files:
        assert path.name.endswith(".s")
        assert 2000 - 256 <= path.stat().st_size <= 2000
    others = {path.name for path in (logs / "a").iterdir()} - {p.name for p in files}
    assert others == {"config", "current", "lock", "state"}
    kept = b"".join(path.read_bytes() for path in files) + current(logs / "a")
    assert kept == b"".join(lines)[-len(kept) :]


def test_verbose_tells_of_what_is_opened(logs):
    lines = ["svlogd: info: append: a/current", "svlogd: info: append: b/current"]
    assert run(logs, "-v", "a", "b", data=b"x\n").splitlines() == lines


def test_zeros_are_no_limits(logs):
    (logs / "a" / "config").write_text("s0\n")
    run(logs, "a", data=b"x" * 2999999 + b"\n")
    assert len(current(logs / "a")) == 3000000 and not old_files(logs / "a")
    (logs / "b" / "config").write_text("s300\nn0\n")
    run(logs, "-l", "256", "b", data=b"0123456789\n" * 1000)
    assert len(old_files(logs / "b")) > 30


def test_a_processor_makes_old_files(logs):
    (logs / "a" / "config").write_text("s1000\n!tr a-z A-Z\n")
    run(logs, "-l", "256", "a", data=b"lines\n" * 200)
    files = old_files(logs / "a")
    assert files and {path.read_bytes() for path in files} == {
        path.read_bytes().upper() for path in files
    }
    whole = b"".join(path.read_bytes() for path in files) + current(logs / "a")
    assert whole.lower() == b"lines\n" * 200


@pytest.mark.parametrize("letter", "uU")
def test_lines_are_sent_by_udp(letter, logs):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        port = receiver.getsockname()[1]
        config = f"{letter}127.0.0.1:{port}\npP: \n-no*\n"
        (logs / "a" / "config").write_text(config)
        run(logs, "a", data=b"no\none\n" + b"x" * 1200 + b"\n")
        assert receiver.recv(4096) == b"P: one\n"
        assert receiver.recv(4096) == b"P: " + b"x" * 1000 + b"\n"
    expected = b"P: one\nP: " + b"x" * 1200 + b"\n" if letter == "u" else b""
    assert current(logs / "a") == expected


def test_hup_reads_the_rules_again(logs, programs):
    process, pipe = start(programs, logs, "a", "b", "c")
    with pipe:
        pipe.write(b"one\nbegun")
        wait_until(lambda: (logs / "b" / "current").exists())
        wait_until(lambda: current(logs / "b") == b"one\n")
        (logs / "a" / "config").write_text("pP: \n")
        (logs / "c").mkdir()
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: (logs / "c" / "current").exists())
        pipe.write(b" and ended\n")
    assert process.wait(timeout=120) == 0
    assert current(logs / "a") == b"one\nP: begun and ended\n"
    assert current(logs / "b") == b"one\nbegun and ended\n"
    assert current(logs / "c") == b"begun and ended\n"
    assert b"unable to open directory c" in (logs / "errors").read_bytes()


def test_alrm_rotates_and_term_ends(logs, programs):
    process, pipe = start(programs, logs, "a", "b")
    with pipe:
        pipe.write(b"one\n")
        wait_until(lambda: (logs / "b" / "current").exists())
        wait_until(lambda: current(logs / "b") == b"one\n")
        process.send_signal(signal.SIGALRM)
        wait_until(lambda: old_files(logs / "a") and old_files(logs / "b"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
    assert old_files(logs / "a")[0].read_bytes() == b"one\n"
    assert (logs / "a" / "current").stat().st_mode & 0o777 == 0o744


def test_old_age_rotates(logs, programs):
    (logs / "a" / "config").write_text("t1\n")
    process, pipe = start(programs, logs, "a")
    with pipe:
        pipe.write(b"one\n")
        wait_until(lambda: old_files(logs / "a"))
    assert process.wait(timeout=120) == 0


def test_directories_are_not_made_and_those_that_work_are_used(logs):
    errors = run(logs, "none", "a", data=b"one\n")
    assert "svlogd: warning: unable to open directory none: " in errors
    assert current(logs / "a") == b"one\n"
    assert not (logs / "none").exists()
    errors = run(logs, "none", code=111)
    assert "svlogd: fatal: no functional log directories\n" in errors


def test_what_is_not_understood_is_told_of(logs):
    lines = ["what", "sx", "n", "u1.2.3", "U1.2.3.4:x", "t-1"]
    (logs / "a" / "config").write_text("\n".join(lines) + "\n-b\n")
    errors = run(logs, "a", data=b"a\nb\n")
    assert errors.splitlines() == [
        f'svlogd: warning: a/config: what is "{line}"? Not obeyed' for line in lines
    ]
    assert current(logs / "a") == b"a\n"


def test_a_config_that_cannot_be_read_loses_nothing(logs):
    (logs / "a" / "config").mkdir()
    (logs / "b" / "config").write_bytes(b"#" * 70000)
    errors = run(logs, "a", "b", data=b"a\n")
    assert errors.count("using defaults") == 2
    assert current(logs / "a") == current(logs / "b") == b"a\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["-q", "a"], ["-r", "ab", "a"], ["-r", "", "a"], ["-l", "2000", "a"],
     ["-b", "1000", "a"], ["-l", "x", "a"], ["-l"]],
    ids=" ".join,
)
def test_wrong_use(arguments, logs):
    assert "usage: svlogd [-tttv]" in run(logs, *arguments, code=100)


def test_a_killed_one_loses_nothing(logs, programs):
    """What it had begun to read stays in the pipe for the next."""
    read_fd, write_fd = os.pipe()
    for kill in (True, False):
        process = programs.start(SVLOGD, "-tt", "a", cwd=logs, stdin=read_fd)
        if kill:
            os.write(write_fd, b"one\nbegun")
            wait_until(lambda: (logs / "a" / "current").exists())
            wait_until(lambda: current(logs / "a").endswith(b" one\n"))
            process.kill()
            process.wait()
    os.write(write_fd, b" and ended\n")
    os.close(write_fd)
    os.close(read_fd)
    assert process.wait(timeout=120) == 0
    whole = b"".join(path.read_bytes() for path in old_files(logs / "a"))
    whole += current(logs / "a")
    assert [line[26:] for line in whole.splitlines()] == [b"one", b"begun and ended"]
