"""sv(8): export, to systemd's units, OpenRC's scripts and graphs."""

import os
import shutil
import subprocess

import pytest

from support import BIN, Service, wait_until, write_script
from test_sv_import import files, root, service_at, start, sv, unit  # noqa: F401

UNIT = """# Runs the service directory {dir}, made by sv export.
[Unit]
Description=web
Requires=db.service
Wants=cache.service
After=db.service cache.service my\\x20mail.service
StartLimitIntervalSec=60s
StartLimitBurst=5

[Service]
WorkingDirectory={dir}
Type=notify
NotifyAccess=all
ExecStart="{dir}/run" "web"
ExecReload=/bin/kill -USR1 $MAINPID
Restart=on-failure
RestartSec=2s
KillSignal=SIGINT
KillMode=control-group
TimeoutStartSec=infinity
TimeoutStopSec=10s

[Install]
WantedBy=multi-user.target
"""


@pytest.fixture
def web(scan):
    service = Service(scan.path / "web")
    for name, text in {
        "restart": "on-failure delay=2s limit=5/1m\n",
        "down-signal": "INT\n",
        "reload-signal": "USR1\n",
        "timeout-kill": "10000\n",
        "kill-scope": "cgroup\n",
        "notify-socket": "",
        "dependencies.d/db": "",
        "wants.d/cache": "",
        "after.d/my mail": "",
    }.items():
        path = service.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return service


def test_unit(scan, sv, web):
    code, said, lost = sv("export", "--systemd", "web")
    assert (code, lost) == (0, "")
    assert said == UNIT.format(dir=web.path)
    assert sv("export", "--systemd", f"{web.path}/")[1] == said


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_understands_the_unit(scan, sv, web):
    (web.path / "finish").symlink_to("/bin/true")
    for kind in ["dependencies.d", "wants.d", "after.d"]:
        shutil.rmtree(web.path / kind)
    path = scan.outside / "web.service"
    path.parent.mkdir(exist_ok=True)
    path.write_text(sv("export", "--systemd", "web")[1])
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=120
    )
    assert "web.service:" not in done.stderr, done.stderr


def test_what_has_no_counterpart_is_listed(scan, sv, web):
    web.add_log()
    for name in ["check", "finish", "notify"]:
        write_script(web.path / name, "#!/bin/sh\n")
    (web.path / "notification-fd").write_text("3\n")
    (web.path / "down").touch()
    (web.path / "restart").write_text("always delay=1s backoff=2\n")
    for kind, lost in (
        ("--systemd", ["log", "down", "notify", "check", "notification-fd", "restart"]),
        ("--openrc", ["log", "down", "notify", "check", "notification-fd", "notify-socket", "finish", "restart"]),
    ):
        code, _, said = sv("export", kind, "web")
        assert code == 1
        assert [line.split(": ")[0] for line in said.splitlines()] == [f"{web.path}/{name}" for name in lost]


def test_exported_and_imported_it_is_the_same(scan, sv, root, web):
    """Import, export, import again: files and units don't change any more."""
    write_script(web.path / "finish", "#!/bin/sh\necho \"$1 $2 $3\" >>ends\n")
    (web.path / "check-me").touch()
    _, first, _ = sv("export", "--systemd", "web")
    path = unit(scan, "copy", first)
    code, _, lost = sv("import", "--no-log", str(path))
    assert (code, lost) == (0, "")
    made = files(root / "copy")
    for name in ["restart", "down-signal", "reload-signal", "timeout-kill", "kill-scope", "notify-socket",
                 "dependencies.d/db", "wants.d/cache", "after.d/my mail"]:
        assert made[name] == (web.path / name).read_text()
    assert made["run"].endswith(f"exec chpst -C {web.path} {web.path}/run web\n")
    _, second, _ = sv("export", "--systemd", f"{root}/copy")
    # But for names and paths, and finish, which is as long as anything now.
    unlike = [line for line in first.splitlines() if line not in second.splitlines()]
    assert unlike and all(str(web.path) in line or "web" in line for line in unlike)
    path.write_text(second)
    shutil.rmtree(root / "copy")
    assert sv("import", "--no-log", str(path))[0] == 0
    again = files(root / "copy")
    assert {name: text for name, text in again.items() if name not in ("run", "finish")} == {
        name: text for name, text in made.items() if name not in ("run", "finish")
    }


def test_the_second_hand_service_runs_and_finish_is_told_how_it_ended(scan, sv, root):
    service = Service(scan.outside / "one", run="#!/bin/sh\nexec sleep 1000\n")
    write_script(service.path / "finish", "#!/bin/sh\necho \"$1 $2 $3\" >>ends\n")
    code, text, _ = sv("export", "--systemd", f"{service.path}")
    assert code == 0
    assert sv("import", "--enable", "--no-log", str(unit(scan, "one", text)))[0] == 0
    start(scan)
    hosted = service_at(scan.path / "one")
    pid = hosted.wait_program("sleep")
    hosted.send(b"k")
    assert service.wait_lines("ends", 1)[0] == "-1 9 one"
    hosted.wait_program("sleep", besides=pid)


def test_oneshot(scan, sv):
    service = Service(scan.path / "setup", run=None)
    write_script(service.path / "start", "#!/bin/sh\n")
    write_script(service.path / "stop", "#!/bin/sh\n")
    code, said, lost = sv("export", "--systemd", "setup")
    assert (code, lost) == (0, "")
    assert f'Type=oneshot\nRemainAfterExit=yes\nExecStart="{service.path}/start" "setup"\n' in said
    assert f'ExecStop="{service.path}/stop" "setup"\n' in said
    script = sv("export", "--openrc", "setup")[1]
    assert f"start() {{\n\tcd {service.path} && ./start setup\n}}\n" in script


def test_openrc(scan, sv, web):
    code, said, lost = sv("export", "--openrc", "web")
    assert code == 1 and "supervise-daemon starts it again after a success, too" in lost
    assert said.startswith("#!/sbin/openrc-run\n")
    for line in [f"command={web.path}/run", f"directory={web.path}", "supervisor=supervise-daemon",
                 "respawn_delay=2", "respawn_max=5", "respawn_period=60", "retry=SIGINT/10/SIGKILL/5",
                 "\tneed db", "\twant cache", "\tafter 'my mail'",
                 '\tsupervise-daemon "$RC_SVCNAME" --signal USR1']:
        assert f"{line}\n" in said
    subprocess.run(["sh", "-n"], input=said.encode(), check=True, timeout=60)


def test_names_with_anything_in_them_stay_words(scan, sv):
    name = "a $b%c\"d'e\\f"
    service = Service(scan.path / name)
    said = sv("export", "--systemd", name)[1]
    path = name.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    assert f'{path}/run" "{path.replace("$", "$$")}"\n' in said
    path = unit(scan, "again", said)
    root = scan.outside / "root"
    assert sv("import", "--no-log", "--into", str(root), str(path))[0] == 0
    quoted = name.replace("'", "'\\''")
    assert (root / "again/run").read_text().endswith(f" '{service.path}/run'".replace(name, quoted) + f" '{quoted}'\n")
    script = sv("export", "--openrc", name)[1]
    said = subprocess.run(
        ["sh", "-c", script.replace("#!/sbin/openrc-run", "") + 'printf %s "$command"'],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout
    assert said == f"{service.path}/run"


def test_graph_of_one(scan, sv, web):
    Service(scan.path / "db")
    Service(scan.path / "apart")
    code, said, lost = sv("export", "--dot", "web")
    assert (code, lost) == (0, "")
    assert '"web" -> "db"' in said and "apart" not in said and said.startswith("digraph")
    code, said, lost = sv("export", "--dot", "nobody")
    assert (code, said) == (111, "") and "unable to show nobody" in lost


def test_wrong_use_and_what_is_no_service(scan, sv, web):
    for words in [[], ["web"], ["--systemd"], ["--systemd", "--openrc", "web"], ["--systemd", "a", "b"]]:
        code, said, wrong = sv("export", *words)
        assert (code, said) == (100, "") and "usage: sv [-d dir] export" in wrong
    (scan.path / "empty").mkdir()
    bundle = Service(scan.path / "all", run=None)
    (bundle.path / "type").write_text("bundle\n")
    (bundle.path / "contents.d").mkdir()
    for name, why in (("none", "file does not exist"), ("empty", "no script run"), ("all", "a bundle is no service")):
        code, said, wrong = sv("export", "--systemd", name)
        assert (code, said) == (111, "") and why in wrong
