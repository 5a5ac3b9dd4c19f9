"""sv top, and svtop, which it becomes: seen through a terminal emulator."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from support import BIN, LOOP, is_alive, process_fields, wait_until
from terminal import Terminal

pytestmark = pytest.mark.skipif(
    not (BIN / "svtop").exists(), reason="built without ncurses"
)

SPEAKER = "#!/bin/sh\necho 'open for business'\nexec sleep 1000\n"
LOGGER = f"#!/bin/sh\nexec {BIN}/multilog t ./main\n"


@pytest.fixture
def top(scan, programs):
    """Starts sv top on a terminal of that size."""
    terminals = []

    def start(columns=80, lines=24, **variables):
        terminal = Terminal(columns, lines)
        terminals.append(terminal)
        # A kind of terminal of which the emulator knows all orders.
        environment = os.environ | {"TERM": "linux"} | variables
        terminal.start(programs, BIN / "sv", "-d", scan.path, "top", env=environment)
        terminal.wait_text(lambda lines: lines and lines[-1].startswith("s start"))
        return terminal

    yield start
    for terminal in terminals:
        terminal.__exit__()


def row_of(lines, name):
    """What stands in the table after the name; "" if it isn't there."""
    for line in lines[2:-2]:
        if line.startswith(name + " "):
            return line[len(name) :].strip()
    return ""


def test_it_shows_what_happens(scan, top):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    screen = top()
    screen.wait_text(lambda lines: row_of(lines, "service").startswith("down"))
    service.svc("-u")
    pid = str(service.wait_up())
    lines = screen.wait_text(lambda lines: pid in row_of(lines, "service"))
    assert row_of(lines, "service").startswith("up")
    assert lines[0].endswith("1 service: 1 up")
    scan.make("another")
    screen.wait_text(lambda lines: row_of(lines, "another").startswith("up"))
    (scan.path / "another").rename(scan.outside / "gone")
    screen.wait_text(lambda lines: not row_of(lines, "another"))


def test_keys_start_stop_and_restart(scan, top):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    screen = top()
    screen.type("s")
    screen.wait_text(lambda lines: "ok: run: service" in lines[-2])
    pid = service.pid()
    assert is_alive(pid)
    screen.type("r")
    screen.wait_text(lambda lines: lines[-2] == "restart service? y or n")
    screen.type("n")
    screen.wait_text(lambda lines: "restart" not in lines[-2])
    assert service.pid() == pid
    screen.type("ry")
    screen.wait_text(lambda lines: "ok: run: service" in lines[-2])
    assert service.pid() not in (0, pid)
    screen.type("xy")
    screen.wait_text(lambda lines: "ok: down: service" in lines[-2])
    screen.wait_text(lambda lines: row_of(lines, "service").startswith("down"))


def test_keys_send_signals(scan, top):
    run = "#!/bin/sh\ntrap 'echo hup >>lines' HUP\n: >ears\nwhile :; do sleep 0.02; done\n"
    service = scan.make(run=run)
    scan.start()
    wait_until((service.path / "ears").exists)
    screen = top()
    screen.type("KSIGHUP\r")
    service.wait_lines("lines", 1)
    screen.wait_text(lambda lines: lines[-2] == "hup service ... done")
    screen.type("Kbogus\r")
    screen.wait_text(lambda lines: lines[-2].startswith("no signal that sv sends"))
    screen.type("p")
    screen.wait_text(lambda lines: row_of(lines, "service").startswith("paused"))
    screen.wait_text(lambda lines: lines[-2] == "pause service ... done")
    screen.type("c")
    screen.wait_text(lambda lines: row_of(lines, "service").startswith("up"))


def test_filter_order_and_selection(scan, top):
    services = [scan.make(name) for name in ("web", "worker", "mail")]
    scan.make("down", down=True)
    scan.start()
    for service in services:
        service.wait_program()
    screen = top()

    def names(lines):
        return [line.split()[0] for line in lines[2:-2] if line]

    screen.wait_text(lambda lines: names(lines) == ["mail", "web", "worker", "down"])
    screen.type("/w")
    lines = screen.wait_text(lambda lines: names(lines) == ["web", "worker", "down"])
    assert "only w" in lines[0]
    screen.type("eb\r")
    screen.wait_text(lambda lines: names(lines) == ["web"])
    screen.type("\x1b")
    screen.wait_text(lambda lines: len(names(lines)) == 4)
    screen.type("o")
    screen.wait_text(lambda lines: names(lines) == ["down", "mail", "web", "worker"])
    # The selection stays with its service: this still is web.
    screen.type("K")
    screen.wait_text(lambda lines: lines[-2].startswith("signal for web:"))
    screen.type("\x1bkK")
    screen.wait_text(lambda lines: lines[-2].startswith("signal for mail:"))


def test_the_log_is_followed_and_left(scan, top):
    service = scan.make(run=SPEAKER, down=True)
    service.add_log(LOGGER)
    (service.path / "down").unlink()
    scan.start()
    service.wait_program()
    screen = top(160)
    screen.wait_text(lambda lines: row_of(lines, "service").endswith("open for business"))
    screen.type("l")
    screen.wait_text(lambda lines: re.match(r"\d{4}-.* open for business", lines[-1]))
    assert not screen.takes_keys()
    screen.type("\x03")
    screen.wait_text(lambda lines: screen.takes_keys() and row_of(lines, "service"))
    assert screen.process.poll() is None
    screen.type("i")
    screen.wait_text(lambda lines: "-- enter comes back --" in lines)
    screen.type("\r")
    screen.wait_text(lambda lines: screen.takes_keys() and row_of(lines, "service"))


def test_many_services_scroll(scan, top):
    for i in range(50):
        scan.make(f"s{i:02}", down=True)
    scan.start()
    screen = top()
    screen.wait_text(lambda lines: row_of(lines, "s00").startswith("down"))
    assert len(screen.text()) == 24
    screen.type("G")
    screen.wait_text(lambda lines: row_of(lines, "s49") and not row_of(lines, "s29"))
    screen.type("g")
    screen.wait_text(lambda lines: row_of(lines, "s19") and not row_of(lines, "s20"))


def test_another_size_is_used_at_once(scan, top):
    service = scan.make("a" * 60, down=True)
    scan.start()
    service.wait_phase("down")
    screen = top()
    screen.wait_text(lambda lines: lines[2].startswith("a" * 20))
    for columns, lines in ((160, 50), (40, 10), (100, 30)):
        screen.resize(columns, lines)
        os.kill(screen.process.pid, signal.SIGWINCH)
        screen.wait_text(
            lambda shown: len(shown) == lines and shown[-1].startswith("s start")
        )
        assert all(len(line) < columns for line in screen.text())


@pytest.mark.parametrize("how", ["q", "\x03", "TERM", "HUP", "SEGV", "ABRT"])
def test_the_terminal_is_left_as_it_was(scan, top, how):
    screen = top(TERM="xterm")
    assert not screen.is_as_before()
    if len(how) > 1:
        screen.process.send_signal(getattr(signal, "SIG" + how))
    else:
        screen.type(how)
    code = screen.wait()
    number = {"q": 0, "\x03": signal.SIGINT}.get(how)
    assert code == (-getattr(signal, "SIG" + how) if number is None else -number)
    assert screen.is_as_before()
    # The screen of before, and a cursor.
    assert screen.bytes.rfind(b"\x1b[?1049l") > screen.bytes.rfind(b"\x1b[?1049h")
    assert screen.bytes.rfind(b"\x1b[?25h") > screen.bytes.rfind(b"\x1b[?25l")


def test_it_ends_with_its_terminal(scan, top):
    screen = top()
    os.close(screen.inner_fd)
    screen.inner_fd = -1
    os.close(screen.fd)
    wait_until(lambda: screen.process.poll() is not None)
    screen.fd = os.open("/dev/null", os.O_RDONLY)


@pytest.mark.skipif(LOOP == "poll", reason="looks from time to time")
def test_nothing_is_written_while_nothing_changes(scan, top):
    """One hour after the last event there are no figures to be shown."""
    service = scan.make(down=True)
    status = bytearray(20)
    scan.start()
    service.wait_phase("down")
    # A change long ago.
    scan.kill()
    state = service.read("supervise/state")
    long_ago = "@400000006a000000" + "00000000"
    state = re.sub("(?m)^since=.*$", f"since={long_ago}", state)
    status[:12] = bytes.fromhex(long_ago[1:])
    status[17] = ord("d")
    (service.path / "supervise" / "state").write_text(state)
    (service.path / "supervise" / "status").write_bytes(status)
    screen = top()
    screen.wait_text(lambda lines: row_of(lines, "service"))
    pid = screen.process.pid

    def switches():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return sum(map(int, re.findall(r"ctxt_switches:\t(\d+)", file.read())))

    wait_until(lambda: process_fields(pid)[0] == "S")

    def is_idle():
        before = (switches(), len(screen.bytes))
        deadline = time.monotonic() + 2.5  # anything that comes each second would
        while time.monotonic() < deadline:
            screen.read(0.1)
        return (switches(), len(screen.bytes)) == before

    wait_until(is_idle)  # what was gathered at the start is shown soon after it


def test_names_give_no_orders_to_the_terminal(scan, top):
    scan.make("e\x1b[2Jvil", down=True)
    scan.start()
    screen = top()
    screen.wait_text(lambda lines: row_of(lines, "e^[[2Jvil"))


def test_without_a_terminal_it_says_so(scan, programs):
    done = subprocess.run(
        [BIN / "sv", "-d", scan.path, "top"], stdin=-3, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (111, "")
    assert "svtop: fatal: needs a terminal" in done.stderr
    done = subprocess.run([BIN / "svtop", "x"], stdin=-3, capture_output=True, text=True)
    assert done.returncode == 100


@pytest.mark.parametrize("kind", ["dumb", "unheard-of", ""])
def test_a_terminal_without_a_screen_is_refused(scan, programs, kind):
    with Terminal() as terminal:
        environment = os.environ | {"TERM": kind}
        terminal.start(programs, BIN / "svtop", "-d", scan.path, env=environment)
        assert terminal.wait() == 111
        assert "svtop: fatal: needs a terminal" in terminal.text()[0]
        assert terminal.is_as_before()


def test_without_svtop_it_says_so(scan, tmp_path):
    shutil.copy(BIN / "sv", tmp_path / "sv")
    done = subprocess.run([tmp_path / "sv", "top"], stdin=-3, capture_output=True, text=True)
    assert done.returncode == 111
    assert f"there is no {tmp_path}/svtop: it is built where ncurses is" in done.stderr
