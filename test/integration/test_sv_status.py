"""sv and sv status: how all services are, for people and for programs."""

import json
import os
import re
import subprocess

import pytest

from support import BIN, SLEEPER, Service, is_alive, wait_until, write_script
from terminal import Terminal

SPEAKER = "#!/bin/sh\nexec 2>&1\necho '{}'\nexec sleep 1000\n"
LOGGER = f"#!/bin/sh\nexec {BIN}/multilog t ./main\n"


@pytest.fixture
def sv(scan):
    def run(*argv, **options):
        environment = os.environ | {"SVDIR": str(scan.path)}
        return subprocess.run(
            [BIN / "sv", *argv],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            cwd=scan.outside,
            **options,
        )

    return run


@pytest.fixture
def look(scan, programs):
    """What sv shows on a terminal: a list of lines."""

    def run(*argv, columns=80, lines=200, **variables):
        environment = {"SVDIR": str(scan.path), "NO_COLOR": "1"} | variables
        with Terminal(columns, lines) as terminal:
            terminal.start(programs, BIN / "sv", *argv, env=os.environ | environment)
            run.code = terminal.wait()
            run.bytes = terminal.bytes
            return terminal.text()

    return run


def rows(sv, *argv):
    """The fields of each line that programs get, by name."""
    lines = sv(*argv).stdout.splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def objects(sv, *argv):
    command, *names = argv or ("status",)
    said = sv(command, "--json", *names).stdout
    return {item["service"]: item for item in map(json.loads, said.splitlines())}


def wait_state(sv, name, *states, limit_s=120):
    """Waits until the service is in one of these; returns its object."""

    def has_come():
        item = objects(sv, "status").get(name)
        return item and item["state"] in states and item

    return wait_until(has_come, limit_s, f"{name}: {states}")


# ---- each state ----


def test_each_state_has_a_word(scan, sv):
    scan.make("up")
    ready = scan.make("ready", run="#!/bin/sh\necho >&3\nexec sleep 1000\n", down=True)
    (ready.path / "notification-fd").write_text("3\n")
    (ready.path / "down").unlink()
    starting = scan.make("starting", down=True)
    (starting.path / "notification-fd").write_text("3\n")
    (starting.path / "down").unlink()
    waiting = scan.make("waiting", down=True)
    (waiting.path / "dependencies.d").mkdir()
    (waiting.path / "dependencies.d" / "starting").touch()
    (waiting.path / "down").unlink()
    scan.make("down", down=True)
    failed = scan.make("failed", run="#!/bin/sh\nexit 3\n", down=True)
    (failed.path / "restart").write_text("never\n")
    write_script(failed.path / "finish", "#!/bin/sh\nexit 125\n")
    (failed.path / "down").unlink()
    restarting = scan.make("restarting", run="#!/bin/sh\nexit 1\n", down=True)
    (restarting.path / "restart").write_text("always delay=1000s\n")
    (restarting.path / "down").unlink()
    stopping = scan.make(
        "stopping", run="#!/bin/sh\ntrap '' TERM\n: >deaf\nwhile :; do sleep 0.05; done\n"
    )
    paused = scan.make("paused")
    once = scan.make("once", run="#!/bin/sh\nexit 4\n", down=True)
    scan.start()
    wait_until((stopping.path / "deaf").exists)
    stopping.svc("-d")
    paused.wait_program()
    paused.svc("-p")
    once.wait_phase("down")
    once.svc("-o")
    for name, state, description in (
        ("up", "up", "up"),
        ("ready", "ready", "ready"),
        ("starting", "starting", "starting"),
        ("waiting", "waiting", "waiting for starting"),
        ("down", "down", "down"),
        ("failed", "failed", "failed: exit 3"),
        ("stopping", "stopping", "stopping"),
        ("paused", "paused", "paused"),
        ("restarting", "restarting", None),
    ):
        item = wait_state(sv, name, state)
        assert description in (None, item["description"])
    wait_until(lambda: objects(sv)["once"]["description"] == "down: exit 4")
    item = objects(sv)["restarting"]
    assert re.fullmatch(r"restarting in 16m\d+s: exit 1", item["description"])
    assert 900_000 < item["restart_in_ms"] <= 1_000_000
    assert item["last_end"]["exit_code"] == 1
    health = [item["health"] for item in objects(sv).values()]
    assert health == sorted(health, key=["bad", "busy", "good", "idle"].index)


def test_without_a_supervisor(scan, sv):
    service = scan.make()
    assert objects(sv)["service"]["description"] == "not supervised"
    scan.start()
    pid = service.wait_program()
    scan.kill()
    item = wait_state(sv, "service", "unsupervised")
    assert (item["description"], item["pid"]) == ("not supervised, but runs", pid)
    assert not item["supervised"]
    os.kill(pid, 9)
    scan.wait_until(lambda: objects(sv)["service"]["description"] == "not supervised")


def test_what_keeps_ending_is_trouble_while_it_runs(scan, sv):
    scan.make("broken", run="#!/bin/sh\nsleep 0.2\nexit 9\n")
    scan.start()
    item = wait_state(sv, "broken", "unstable")
    assert item["description"] == "up, but keeps ending: exit 9"


def test_a_logger_that_is_down_is_trouble(scan, sv):
    service = scan.make(down=True)
    service.add_log(down=True)
    (service.path / "down").unlink()
    scan.start()
    service.wait_program()
    item = objects(sv)["service"]
    assert (item["description"], item["health"]) == ("up, log down", "bad")
    assert item["log_trouble"] == "down"
    service.svc("-d")
    service.wait_down()
    assert objects(sv)["service"]["health"] == "idle"


def test_names_that_only_others_mention_are_shown(scan, sv):
    service = scan.make(down=True)
    (service.path / "dependencies.d").mkdir()
    (service.path / "dependencies.d" / "none").touch()
    scan.start()
    service.wait_phase("down")
    assert objects(sv)["none"]["description"] == "there is none"


def test_a_bundle_is_a_name(scan, sv):
    (scan.path / "all" / "contents.d").mkdir(parents=True)
    (scan.path / "all" / "contents.d" / "service").touch()
    scan.make()
    scan.start()
    wait_state(sv, "service", "up")
    assert objects(sv)["all"]["state"] == "bundle"


# ---- figures ----


def test_all_processes_of_a_service_are_its(scan, sv):
    """Also those whose parent has gone."""
    run = "#!/bin/sh\nsleep 1000 &\n(sleep 1000 &)\nexec sleep 1000\n"
    service = scan.make(run=run)
    scan.start()
    pid = service.wait_program()
    item = wait_until(
        lambda: (i := objects(sv)["service"])["processes"] == 3 and i, what="3 processes"
    )
    assert item["pid"] == pid and item["memory_bytes"] > 0
    whole = objects(sv, "status", "service")["service"]
    tree = whole["process_tree"]
    assert len(tree) == 3
    assert (tree[0]["pid"], tree[0]["depth"], tree[0]["name"]) == (pid, 0, "sleep")
    assert all(is_alive(process["pid"]) for process in tree)


def test_processors_are_counted_over_all_that_ended(scan, sv):
    run = (
        "#!/bin/sh\n"
        "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'\n"
        ": >done\nexec sleep 1000\n"
    )
    service = scan.make(run=run)
    scan.start()
    wait_until((service.path / "done").exists)
    assert objects(sv)["service"]["cpu_ms"] > 0


def test_restarts_are_counted(scan, sv):
    service = scan.make()
    scan.start()
    pid = service.wait_program()
    assert objects(sv)["service"]["restarts"] == 0
    service.svc("-t")
    service.wait_program(besides=pid)
    item = wait_state(sv, "service", "up")
    assert item["restarts"] == 1
    assert item["last_end"]["signal"] == "TERM"


# ---- what programs get ----


def test_fields_for_programs(scan, sv):
    service = scan.make("web\tsite")
    scan.make("down", down=True)
    scan.start()
    pid = service.wait_program()
    wait_state(sv, "down", "down")
    done = sv()
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == sv("status").stdout
    assert done.stdout.count("\n") == 2
    fields = rows(sv)
    since = int(fields["web site"][1])
    assert fields["web site"][:4] == ["up", str(since), str(pid), "0"]
    assert int(fields["web site"][4]) > 0 and fields["web site"][6] == "up"
    assert fields["down"][0] == "down" and fields["down"][2:] == ["-", "0", "-", "-", "down"]


def test_json_keeps_every_byte(scan, sv):
    name = b"w\xc3\xa9b\xff\x1b[31m"
    (scan.path / os.fsdecode(name)).mkdir()
    item = json.loads(sv("--json").stdout)
    assert item["service"].encode("utf-8", "surrogateescape") == name


def test_exit_codes(scan, sv, tmp_path):
    assert sv().returncode == 0
    service = scan.make(down=True)
    assert sv().returncode == 1
    scan.start()
    service.wait_phase("down")
    assert sv().returncode == 0
    nowhere = sv("-d", tmp_path / "none")
    assert nowhere.returncode == 111
    assert f"there is no {tmp_path}/none: where services are is said by -d" in nowhere.stderr
    assert sv("status", "--bogus").returncode == 100
    assert sv("--json", "up", "service").returncode == 100
    assert sv("status", "--json", "none", "service").returncode == 1


def test_lines_of_names_are_runits_without_a_terminal(scan, sv):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    assert re.fullmatch(r"down: service: \d+s\n", sv("status", "service").stdout)
    assert sv("status", "service").stdout == sv("s", "service").stdout
    assert sv("status", "none").stdout.startswith("fail: none: unable to change to")


# ---- what people get ----


def test_the_table_fits_the_terminal(scan, sv, look):
    long = "a-name-that-nobody-would-want-to-type-twice-in-a-row"
    service = scan.make(long, run=SPEAKER.format("x" * 300), down=True)
    service.add_log(LOGGER)
    (service.path / "down").unlink()
    broken = Service(scan.outside / "broken", "#!/bin/sh\nkill -SEGV $$\n")
    (broken.path / "restart").write_text("always delay=1h\n")
    scan.move_in(broken)
    scan.start()
    service.wait_program()
    wait_until(lambda: objects(sv)[long]["log_line"], what="the line")
    broken.wait_phase("waiting")  # and it isn't up while it is looked at
    for columns in (40, 60, 80, 100, 160, 300):
        lines = look(columns=columns)
        assert look.code == 1
        assert lines[0].startswith(str(scan.path)[:8])
        assert lines[1].startswith("SERVICE")
        assert lines[2].startswith("broken") and lines[3].startswith(long[:7])
        assert len(lines) == 4
        assert all(len(line) <= columns for line in lines)
        if columns >= 80:
            assert "  PID" in lines[1] and str(service.pid()) in lines[3]
        if columns >= 160:
            assert long in lines[3] and "xxxxxxxxxxxx" in lines[3]


def test_colours_say_how_it_is(scan, look):
    scan.make("lost")
    look(NO_COLOR="")
    assert b"\x1b[31;1mnot supervised\x1b[m" in look.bytes
    look(NO_COLOR="1")
    assert b"\x1b" not in look.bytes


def test_names_and_logs_give_no_orders_to_the_terminal(scan, sv, look):
    service = scan.make("e\x1b[2Jvil", run=SPEAKER.format("\x1b]0;owned\x07 \x9b"), down=True)
    service.add_log(LOGGER)
    (service.path / "down").unlink()
    scan.start()
    service.wait_program()
    wait_until(lambda: next(iter(objects(sv).values()))["log_line"])
    lines = look()
    assert lines[2].startswith("e^[[2Jvil")
    assert "^[]0;owned^G" in lines[2]
    assert b"\x1b" not in look.bytes
    page = look("status", "e\x1b[2Jvil", lines=200)
    assert page[0].startswith("e^[[2Jvil  up")
    assert b"\x1b" not in look.bytes


def test_the_page_has_it_all(scan, sv, look):
    db = scan.make("db", run=SPEAKER.format("open for business"), down=True)
    db.add_log(LOGGER)
    (db.path / "env").mkdir()
    (db.path / "env" / "PASSWORD").write_text("secret\n")
    (db.path / "down").unlink()
    web = scan.make("web", down=True)
    (web.path / "dependencies.d").mkdir()
    (web.path / "dependencies.d" / "db").touch()
    scan.start()
    pid = db.wait_program()
    db.svc("-t")
    pid = db.wait_program(besides=pid)
    wait_until(lambda: len(objects(sv, "status", "db")["db"]["log"]) == 2)
    web.wait_phase("down")
    page = "\n".join(look("status", "db"))
    assert look.code == 0
    assert re.match(r"db  (up|ready)\n", page)
    for part in (
        rf"\n  directory  {scan.path}/db\n",
        r"\n        for  .*, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
        r"\n   restarts  1, deaths 1, wanted up\n",
        r"\n     memory  [\d.]+[KM], cpu \d\.\ds, 1 process\n",
        rf"\n  processes  {pid} sleep ",
        r"\n dependents  needed by web: down\n",
        r"\npast deaths  .*  killed by TERM, ",
        r"\n    env has  PASSWORD\n",
        r"\n     limits  .*open files ",
        r"\n     logger  up for .*, pid \d+\n",
        r"\nlast lines of the log\n  \d{4}-.* open for business\n  .* open for business",
    ):
        assert re.search(part, page), (part, page)
    assert "secret" not in page
    assert "PASSWORD=secret" in "\n".join(look("status", "--values", "db"))
    other = "\n".join(look("status", "web"))
    assert "depends  needs db: " in other
    assert "        log  none: what it writes goes where svscan's messages" in other
    whole = objects(sv, "status", "db")["db"]
    assert whole["environment"] == ["PASSWORD"]
    assert whole["depended_on_by"] == [{"service": "web", "kind": "needs", "state": "down"}]
    assert whole["limits"]["open files"]["soft"].isdigit()
    assert [death["signal"] for death in whole["deaths"]] == ["TERM"]


ADVICE = {
    "command": ("#!/bin/sh\nexit 127\n", "A program that run names isn't there"),
    "interpreter": ("#!/nowhere/sh\n", "begins with #! and a program that exists"),
    "background": ("#!/bin/sh\nexit 0\n", "has to be told to stay in the foreground"),
    "memory": ("#!/bin/sh\nkill -9 $$\n", "maybe as memory was short"),
    "else": ("#!/bin/sh\nexit 1\n", "Its log says why"),
}


def test_what_is_broken_is_explained(scan, sv):
    services = [scan.make(name, run=run) for name, (run, _) in ADVICE.items()]
    scan.start()
    wait_until(lambda: all(service.value("deaths") >= 3 for service in services))
    found = objects(sv, "status", *ADVICE)
    for name, (_, advice) in ADVICE.items():
        assert advice in found[name]["advice"]
        assert f"sv -d {scan.path} stop {name}" in found[name]["advice"]


def test_pages_of_paths(scan, sv, look):
    service = scan.make()
    scan.start()
    service.wait_program()
    for name in (service.path, f"{service.path}/", f"{service.path}/."):
        assert look("status", str(name))[0] == "service  up"
    done = sv("status", "--json", "none")
    assert done.returncode == 1 and "unable to find none" in done.stderr


def test_what_is_higher_than_the_terminal_is_paged(scan, look, tmp_path):
    for i in range(30):
        scan.make(f"s{i:02}")
    pager = tmp_path / "pager"
    write_script(pager, "#!/bin/sh\necho paged\nexec cat\n")
    look(lines=24, PAGER=str(pager))
    assert look.bytes.startswith(b"paged")
    look(lines=60, PAGER=str(pager))
    assert not look.bytes.startswith(b"paged")
