"""sv(8): runit's commands, on services that svscan and supervise host.

test/peer/test_peer_sv.py compares lines and exit codes with the original.
"""

import os
import re
import signal
import subprocess

import pytest

from support import BIN, Host, is_alive, wait_until, write_script

STUBBORN = "#!/bin/sh\ntrap '' TERM\n: >deaf\nwhile :; do sleep 0.05; done\n"


@pytest.fixture
def sv(scan):
    def run(*argv, program=BIN / "sv", **variables):
        environment = os.environ | {"SVDIR": str(scan.path), "SVWAIT": "50"} | variables
        done = subprocess.run(
            [program, *argv],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
            cwd=scan.outside,
        )
        said = re.sub(r"\(pid \d+\) \d+s", "(pid N)", done.stdout)
        return done.returncode, re.sub(r"\b\d+s\b", "Ns", said)

    return run


def test_actions_are_over_when_sv_returns(scan, sv):
    service = scan.make(down=True)
    scan.start()
    service.wait_phase("down")
    assert sv("start", "service") == (0, "ok: run: service: (pid N), normally down\n")
    pid = service.pid()
    assert is_alive(pid)
    for _ in range(3):
        code, said = sv("restart", "service")
        assert (code, said) == (0, "ok: run: service: (pid N), normally down\n")
        assert service.pid() not in (0, pid)
        assert not is_alive(pid)
        pid = service.pid()
    assert sv("stop", "service") == (0, "ok: down: service: Ns\n")
    assert not is_alive(pid)
    assert sv("try-restart", "service")[0] == 0
    assert service.pid() == 0


def test_commands_are_sent_and_not_waited_for(scan, sv):
    service = scan.make(run="#!/bin/sh\ntrap 'echo hup >>lines' HUP\n"
                        ": >ears\nwhile :; do sleep 0.02; done\n")
    scan.start()
    wait_until((service.path / "ears").exists)
    assert sv("hup", "service") == (0, "")
    service.wait_lines("lines", 1)
    assert sv("reload", "service") == (0, "ok: run: service: (pid N)\n")
    service.wait_lines("lines", 2)
    assert sv("kill", "service") == (0, "")
    wait_until(lambda: service.value("deaths") == 1)


def test_time_runs_out_and_force_kills(scan, sv):
    service = scan.make(run=STUBBORN)
    scan.start()
    wait_until((service.path / "deaf").exists)
    want = "run: service: (pid N), want down, got TERM\n"
    assert sv("-w", "0.2", "stop", "service") == (1, "timeout: " + want)
    assert sv("stop", "service", SVWAIT="0.1") == (1, "timeout: " + want)
    assert sv("-w", "0.2", "force-stop", "service") == (1, "kill: " + want)
    service.wait_down()
    assert sv("stop", "service")[0] == 0


def test_services_are_waited_for_side_by_side(scan, sv):
    """Each ends when all have been told: one by one, none ever would."""
    slow = (
        "#!/bin/sh\nend() {\n\techo >>../told\n"
        "\twhile [ $(wc -l <../told) -lt 8 ]; do sleep 0.02; done\n\texit\n}\n"
        "trap end TERM\n: >ears\nwhile :; do sleep 0.02; done\n"
    )
    services = [scan.make(f"s{i}", run=slow) for i in range(8)]
    scan.start()
    for service in services:
        wait_until((service.path / "ears").exists)
    code, said = sv("stop", *(service.path.name for service in services), "nowhere")
    assert code == 1
    assert said.count("ok: down: ") == 8
    assert "fail: nowhere: unable to change to service directory" in said


def test_check_is_asked_again_until_it_says_yes(scan, sv, programs):
    service = scan.make(down=True)
    write_script(service.path / "check", "#!/bin/sh\npwd >>asked\nexec test -e available\n")
    scan.start()
    service.wait_phase("down")
    late = (1, "timeout: run: service: (pid N), normally down\n")
    assert sv("-w", "1", "start", "service") == late
    argv = [BIN / "sv", "-w", "1000", "check", "service"]
    process = programs.start(*argv, env=os.environ | {"SVDIR": str(scan.path)})
    asked = service.wait_lines("asked", 1 + len(service.lines("asked")) + 2)
    assert set(asked) == {str(service.path)}
    assert process.poll() is None
    (service.path / "available").touch()
    assert process.wait(120) == 0
    for action in ("start", "check", "restart", "force-restart"):
        assert sv(action, "service")[0] == 0
    assert len(service.lines("asked")) > len(asked)
    assert sv("status", "service")[0] == 0


def test_check_that_hangs_is_ended_with_the_time(scan, sv):
    service = scan.make()
    write_script(service.path / "check", "#!/bin/sh\necho $$ >pid\nexec sleep 1000\n")
    scan.start()
    service.wait_program()

    def is_hanging():
        assert sv("-w", "0.5", "check", "service")[0] == 1
        return service.lines("pid")  # unless it came to nothing so soon

    pid = int(wait_until(is_hanging)[-1])
    wait_until(lambda: not is_alive(pid))


def test_exit_ends_the_service_and_its_supervisor(scan, sv):
    service = scan.make()
    host = Host(scan.outside, scan.programs)
    host.start_program(BIN / "supervise", service.path)
    pid = service.wait_program()
    assert sv("shutdown", "service") == (0, "ok: service: runsv not running\n")
    assert host.process.wait(120) == 0
    assert not is_alive(pid)
    assert sv("status", "service") == (1, "fail: service: runsv not running\n")
    assert sv("start", "service") == (1, "fail: service: runsv not running\n")


def test_a_log_does_not_mask_its_service(scan, sv):
    service = scan.make()
    log = service.add_log()
    scan.start()
    service.wait_program()
    log.wait_program("cat")
    both = "run: service: (pid N); run: log: (pid N)\n"
    assert sv("status", "service") == (0, both)
    assert sv("stop", "service/log")[0] == 0
    code, said = sv("status", "service")
    assert (code, said.split("; ")[0]) == (0, "run: service: (pid N)")
    assert "down: log: " in said
    service.svc("-d")
    service.wait_down()
    assert sv("start", "service/log")[0] == 0
    script = scan.outside / "service"
    script.symlink_to(BIN / "sv")
    code, said = sv("status", program=script)
    assert code == 3
    assert said.startswith("down: service: ") and "; run: log: (pid N)" in said


def test_one_that_has_failed_is_tried_again(scan, sv):
    service = scan.make(run="#!/bin/sh\ntest -e good || exit 1\nexec sleep 1000\n")
    write_script(service.path / "finish", "#!/bin/sh\ntest -e good || exit 125\n")
    scan.start()
    wait_until(lambda: service.state().get("failed") == "1")
    service.wait_phase("down")
    assert sv("status", "service") == (0, "down: service: Ns, normally up, failed: exit 1\n")
    (service.path / "good").touch()
    for _ in range(3):
        assert sv("start", "service") == (0, "ok: run: service: (pid N)\n")
    # One that is to go down has not been started by that.
    for _ in range(3):
        assert sv("down", "service")[0] == sv("stop", "service")[0] == 0
        assert service.state()["want"] == "down"
        assert sv("start", "service")[0] == 0
        assert service.state()["want"] == "up"


def test_an_inline_log_is_told_of(scan, sv):
    service = scan.make()
    write_script(service.path / "log", "#!/bin/sh\nexec cat >/dev/null\n")
    scan.start()
    service.wait_program()
    both = "run: service: (pid N); run: log: (pid N)\n"
    wait_until(lambda: sv("status", "service") == (0, both))


def test_the_signals_of_the_directory_are_used(scan, sv):
    service = scan.make(run="#!/bin/sh\ntrap 'echo int >>lines; exit' INT\n"
                        "trap 'echo usr1 >>lines' USR1\ntrap '' TERM HUP\n"
                        ": >ears\nwhile :; do sleep 0.02; done\n")
    (service.path / "down-signal").write_text("INT\n")
    (service.path / "reload-signal").write_text("USR1\n")
    scan.start()
    wait_until((service.path / "ears").exists)
    assert sv("reload", "service")[0] == 0
    service.wait_lines("lines", 1)
    (service.path / "ears").unlink()
    assert sv("restart", "service")[0] == 0
    wait_until((service.path / "ears").exists)
    assert sv("stop", "service")[0] == 0
    assert service.lines() == ["usr1", "int", "int"]


def test_another_name_makes_it_an_init_script(scan, sv):
    service = scan.make()
    script = scan.outside / "service"
    script.symlink_to(BIN / "sv")
    scan.start()
    service.wait_program()
    assert sv("status", program=script) == (0, "run: service: (pid N)\n")
    assert sv("stop", program=script)[0] == 0
    assert sv("status", program=script)[0] == 3
    assert sv("start", program=script)[0] == 0
    for wrong in ((), ("bogus",), ("-x", "start")):
        assert sv(*wrong, program=script) == (2, "")
    (scan.path / "service" / "supervise" / "status").write_bytes(b"short")
    assert sv("status", program=script)[0] == 4
    scan.kill()
    assert sv("status", program=script)[0] == 1


def test_a_supervisor_that_is_replaced_is_not_missed(scan, sv, programs):
    service = scan.make(run=STUBBORN)
    scan.start()
    wait_until((service.path / "deaf").exists)
    pid = service.pid()
    stop = programs.start(BIN / "sv", "-w", "30", "stop", service.path,
                          stdout=subprocess.PIPE, text=True)
    wait_until(lambda: service.state()["term-sent"] == "1")
    scan.kill()
    scan.start()
    scan.wait_until(lambda: service.svok() == 0)
    os.kill(pid, signal.SIGKILL)
    scan.wait_until(lambda: service.pid() == 0)
    assert stop.communicate(timeout=120)[0].startswith("ok: down: ")


def test_an_option_says_where_services_are(scan, sv):
    service = scan.make()
    scan.start()
    service.wait_program()
    where = ("-d", str(scan.path))
    said = sv(*where, "status", "service", SVDIR="/nowhere")
    assert said == (0, "run: service: (pid N)\n")
    assert sv(*where, "graph", SVDIR="/nowhere")[0] == 0
    assert sv("-d", str(scan.path / "none"), "graph")[0] == 111


def test_wrong_use_of_a_command_shows_its_usage(scan):
    for wrong in (("graph", "-x"), ("graph", "a", "b"), ("graph", "--dots")):
        done = subprocess.run([BIN / "sv", *wrong], capture_output=True, text=True)
        assert done.returncode == 100
        assert done.stderr.splitlines()[-1] == "usage: sv [-d dir] graph [--dot] [dir]"


def test_wrong_use(sv):
    for wrong in (("s",), ("bogus", "x"), ("-w", "x", "up", "a"), ("U", "x")):
        assert sv(*wrong) == (100, "")


def complaint(*words, scan):
    done = subprocess.run(
        [BIN / "sv", "-d", scan.path, *words], capture_output=True, text=True
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize(
    "word, meant",
    [("enabel", "enable"), ("restrat", "restart"), ("chec", "check"),
     ("wach", "watch"), ("dwn", "down"), ("explian", "explain")],
)
def test_a_slip_is_no_command(scan, word, meant):
    """runit's sv takes "enabel" for "exit": the first letter counts."""
    service = scan.make("web")
    scan.start()
    pid = service.wait_program()
    said = [f"sv: fatal: unknown command {word}; did you mean {meant}?"]
    assert complaint(word, "web", scan=scan) == (100, said)
    assert service.pid() == pid and is_alive(pid)


def test_options_may_come_after_names(scan, sv):
    service = scan.make("web")
    scan.start()
    service.wait_program()
    up = (0, "ok: run: web: (pid N)\n")
    where = ("-d", str(scan.path))
    assert sv("up", "web", "-w", "20", *where, SVDIR="/nowhere") == up
    assert sv("up", "web", "-v", SVDIR=str(scan.path)) == up
    assert sv("up", "web") == (0, "")
    code, said = sv("status", "web", "--json", *where, SVDIR="/nowhere")
    assert code == 0 and said.startswith('{"service":"web"')
    assert sv("deaths", "web", "-n", "1")[0] == 0
    assert complaint("status", "web", "--nope", scan=scan)[0] == 100


def test_complaints_name_the_command(scan):
    code, said = complaint("add", "--bad", "x", "--", "y", scan=scan)
    assert code == 100
    assert said[0] == "sv add: illegal option -- --bad"
    assert said[1].startswith("usage: sv [-d dir] add ")


def test_help_lists_all_commands(sv):
    code, said = sv("help")
    assert code == 0
    assert {"explain", "restart", "force-stop"} <= set(said.split())
    assert sv("help", "web")[0] == 100


# ---- sv explain ----


def test_files_are_explained_with_their_values(scan, sv):
    service = scan.make("web")
    (service.path / "timeout-kill").write_text("5000\n")
    (service.path / "timeout-finish").write_text("soon\n")
    (service.path / "timout-up").write_text("1\n")
    for name in "A", "B":
        (service.path / "env").mkdir(exist_ok=True)
        (service.path / "env" / name).write_text("secret")
    code, said = sv("explain", "web")
    lines = said.splitlines()
    assert code == 0
    assert lines[0] == (
        "web is read as a directory of s6 (timeout-kill, timeout-finish)"
    )
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in lines[1:-1]}
    assert set(rows) == {"run", "env", "timeout-kill", "timeout-finish", "timout-up"}
    assert rows["timeout-kill"][0] == "5000"
    assert rows["timeout-finish"][1].endswith("(without effect here)")
    assert rows["timout-up"] == ["1", "nothing reads it; timeout-up, perhaps?"]
    assert rows["env"][0] == "A B" and "secret" not in said
    assert lines[-1].startswith('web/timeout-finish: "soon" is not a number')


def test_a_file_is_explained_without_a_service(scan, sv):
    assert sv("explain", "down-signal") == (
        0, "down-signal\t\tthe signal that ends it, instead of TERM\n"
    )
    code, said = sv("explain")
    assert code == 0 and len(said.splitlines()) > 30
    assert complaint("explain", "down-singal", scan=scan) == (
        1,
        [f"sv: warning: down-singal is neither a service in {scan.path} nor a file "
         "that supervisors read; did you mean down-signal?"],
    )
