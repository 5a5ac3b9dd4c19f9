"""svstat(8): a line for every state that a service can be in."""

import datetime
import json
import os
import re
import subprocess
import time

from support import BIN, Service, seconds_up, wait_until

STUBBORN = "#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n"


def svstat(*paths, **options):
    done = subprocess.run(
        [BIN / "svstat", *paths], capture_output=True, text=True, **options
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_text_for_every_state(scan):
    names = "up want_down paused normally_down once down normally_up failing".split()
    services = {name: scan.make(name, STUBBORN) for name in names}
    failing = services["failing"]
    failing.run("#!/bin/sh\nexit 1\n")
    for name in "normally_down", "once", "down":
        (services[name].path / "down").touch()
    scan.start()
    for name in "up", "want_down", "paused":
        services[name].wait_program()
    services["want_down"].svc("-d")
    services["paused"].svc("-p")
    services["down"].wait_phase("down")
    services["normally_down"].svc("-u")
    services["once"].svc("-o")
    services["normally_up"].wait_program()
    services["normally_up"].svc("-dk")
    services["normally_up"].wait_phase("down")
    for name in "normally_down", "once":
        services[name].wait_program()
    wait_until(lambda: services["want_down"].status()[18])
    wait_until(lambda: services["paused"].status()[16])
    rest = {
        "up": "",
        "want_down": ", want down",
        "paused": ", paused",
        "normally_down": ", normally down",
        "once": ", normally down",
    }
    for name, text in rest.items():
        service = services[name]
        assert seconds_up(service.svstat())[::2] == (service.pid(), text), name
    down = {"down": "", "normally_up": ", normally up"}
    for name, text in down.items():
        words = services[name].svstat().split(" ", 2)
        assert words[0] == "down" and words[1].isdigit()
        assert words[2] == f"seconds{text}", name
    failing.wait_phase("waiting")
    wait_until(lambda: failing.svstat() == "down 0 seconds, normally up, want up")
    # Both, in this order.
    services["paused"].svc("-u")
    (services["paused"].path / "down").touch()
    assert services["paused"].svstat().endswith(" seconds, normally down, paused")


def test_the_down_file_is_looked_at_anew(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    (service.path / "down").touch()
    assert service.svstat().endswith(", normally down")
    (service.path / "down").unlink()
    assert service.svstat().endswith(" seconds")
    (service.path / "down").symlink_to("nowhere")
    assert service.svstat().endswith(" seconds")


def test_seconds_since_the_last_start_or_end(scan):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    wait_until(lambda: seconds_up(service.svstat())[1] >= 1)
    service.svc("-p")
    wait_until(lambda: service.status()[16])
    assert seconds_up(service.svstat())[1] >= 1  # no change of that kind
    before = time.monotonic()
    service.svc("-dc")
    service.wait_down()
    line = service.svstat()
    assert int(line.split()[1]) <= time.monotonic() - before + 1
    service.svc("-u")
    assert seconds_up(wait_up_line(service))[0] not in (0, pid)


def test_seconds_are_true_though_the_clock_was_set(scan):
    """As on a machine that boots in 1970: svstat and sv subtracted wall clocks."""
    service = scan.make()
    scan.start()
    service.wait_program()
    moment = (2**62 + 10 + 5).to_bytes(8, "big") + bytes(4)
    state = service.read("supervise/state")
    label = re.search("^since=(.*)$", state, re.M)[1]
    for name, old, new in (
        ("state", label.encode(), f"@{moment.hex()}".encode()),
        ("status", bytes.fromhex(label[1:]), moment),
    ):
        path = service.path / "supervise" / name
        path.write_bytes(path.read_bytes().replace(old, new))
    assert seconds_up(service.svstat())[1] < 1000
    (line,) = sv_says(scan, "status", "service")
    assert int(re.search(r"(\d+)s$", line)[1]) < 1000
    (line,) = sv_says(scan, "status", "--json", "service")
    since = datetime.datetime.fromisoformat(json.loads(line)["since"][:-1] + "+00:00")
    assert abs(time.time() - since.timestamp()) < 1000


def sv_says(scan, *argv):
    said = subprocess.check_output([BIN / "sv", "-d", scan.path, *argv], text=True)
    return said.splitlines()


def wait_up_line(service):
    service.wait_up()
    return service.svstat()


def test_lines_come_in_the_order_of_the_arguments(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    unused = Service(scan.outside / "unused")
    left = Service(scan.outside / "left")
    (left.path / "supervise").mkdir()
    os.mkfifo(left.path / "supervise" / "ok")
    lines = svstat("left", "nowhere", "../scan/service", "unused", cwd=scan.outside)
    assert lines[0] == "left: supervise not running"
    assert lines[1] == "nowhere: unable to chdir: file does not exist"
    assert lines[2].startswith(f"../scan/service: up (pid {service.pid()}) ")
    assert lines[3] == "unused: unable to open supervise/ok: file does not exist"
    assert unused.status() == bytes(20)
    # A relative name is of where svstat was started, whatever came before it.
    paths = "left", str(service.path), "left", str(unused.path), "unused"
    found = [line.partition(": ")[0] for line in svstat(*paths, cwd=scan.outside)]
    assert found == list(paths)
    again = svstat(*paths, cwd=scan.outside)
    assert again[0].partition(": ")[2] == again[2].partition(": ")[2]
    assert again[3].partition(": ")[2] == again[4].partition(": ")[2]


def test_a_supervisor_that_was_killed_is_not_running(scan):
    service = scan.make()
    scan.start()
    service.wait_program()
    scan.kill()
    assert service.svstat() == "supervise not running"
    scan.start()
    wait_until(lambda: service.svok() == 0)
    wait_until(lambda: service.svstat().startswith("up "))
