"""sv lint: what is wrong with services, and what to do; and no false alarms."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support import BIN, KEEPER, SLEEPER, TOP, Service, wait_until, write_script

IS_ROOT = os.geteuid() == 0
LOGGED = "#!/bin/sh\nexec 2>&1\nexec sleep 1000\n"


@pytest.fixture
def lint(scan):
    """The exit code and the findings; the scan directory is left out of them."""

    def run(*argv, **options):
        done = subprocess.run(
            [BIN / "sv", "-d", scan.path, "lint", *argv],
            capture_output=True, text=True, timeout=60, **options,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.replace(f"{scan.path}/", "").splitlines()

    return run


def make(scan, files, name="web"):
    """A service of these files: text, None for an executable one's lack, bytes."""
    path = scan.path / name
    path.mkdir()
    path.chmod(0o755)
    for file, text in files.items():
        target = path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, newline="")
        is_script = target.name in ("run", "finish", "check", "start")
        target.chmod(0o755 if is_script else 0o644)
    return path


GOOD = {
    "sleeper": {"run": SLEEPER},
    "logged": {"run": LOGGED, "log/run": KEEPER},
    "one for s6": {"run": "#!/usr/bin/env python3\n", "notification-fd": "3\n", "type": "longrun\n"},
    "bundle": {"contents.d/.keep": "", "type": "bundle\n"},
    "user's own files": {
        "run": SLEEPER, "env/PATH": "x", "data/x": "", "main": "", "runs": "", "run.old": "",
        "finish~": "", "finish.new": "", "README": "", "conf.d/x": "", "logs/x": "", "fish": "",
        "restart.sh": "", "up2date": "", "Makefile": "", "config": "", "checks": "", "dawn": "",
    },
    "loops": {"run": "#!/bin/sh\nwhile sleep 1; do\n\tdate\ndone\n"},
    "branches": {"run": "#!/bin/sh\nif [ -e x ]; then\n\texec a\nelse\n\texec b\nfi\n"},
    "worker of its own": {"run": "#!/bin/sh\ntrap 'kill $pid' TERM\nsleep 9 &\npid=$!\nwait\n"},
}


@pytest.mark.parametrize("files", GOOD.values(), ids=GOOD.keys())
def test_nothing_is_said_of_what_is_right(scan, lint, files):
    make(scan, files)
    assert lint() == (0, [])


BAD = {
    "no run": ({"down": ""}, ["run: there is none; write one; see sv(8)"]),
    "a run that is called otherwise": (
        {"rnu": SLEEPER},
        [
            "run: there is none; write one; see sv(8)",
            "rnu: nothing reads a file of that name; run, perhaps?; rename it, or give it quite another name",
        ],
    ),
    "no first line": (
        {"run": "exec sleep 1\n"},
        ["run: it has no #! line, so it can't be started; begin it with #!/bin/sh"],
    ),
    "empty": ({"run": ""}, ["run: it is empty; begin it with #!/bin/sh, and end it with exec"]),
    "lines of Windows": (
        {"run": "#!/bin/sh\r\nexec sleep 1\r\n"},
        ["run: its lines end in CR LF, as Windows has them; remove the CRs: sed -i 's/\\r$//'"],
    ),
    "no interpreter": (
        {"run": "#!/no/such/sh\nexec sleep 1\n"},
        ["run: its interpreter /no/such/sh: file does not exist; install it, or correct the #! line"],
    ),
    "an interpreter that is a directory": (
        {"run": "#!/usr\nexec sleep 1\n"},
        ["run: its interpreter /usr: access denied; install it, or correct the #! line"],
    ),
    "no exec": (
        {"run": "#!/bin/sh\nexec 2>&1\nsleep 1000\n", "log/run": KEEPER},
        ["run: it runs sleep without exec, so signals go to the shell; put exec before its last command"],
    ),
    "no exec of the logger": (
        {"run": LOGGED, "log/run": "#!/bin/sh\ncat\n"},
        ["log/run: it runs cat without exec, so signals go to the shell; put exec before its last command"],
    ),
    "messages go elsewhere": (
        {"run": SLEEPER, "log/run": KEEPER},
        ["run: messages on standard error don't go to the log; put exec 2>&1 at its beginning"],
    ),
    "values": (
        {"run": SLEEPER, "timeout-kill": "5s\n", "restart": "sometimes\n"},
        [
            'timeout-kill: "5s" is not a number of milliseconds; correct it; see service-dirs(7)',
            'restart: "sometimes" is not always, on-failure or never; correct it; see service-dirs(7)',
        ],
    ),
    "slips": (
        {"run": SLEEPER, "timout-kill": "5", "finsh": "", "dependencies": "", "notification_fd": "3"},
        [
            f"{name}: nothing reads a file of that name; {meant}, perhaps?;"
            " rename it, or give it quite another name"
            for name, meant in (
                ("dependencies", "dependencies.d"), ("finsh", "finish"),
                ("notification_fd", "notification-fd"), ("timout-kill", "timeout-kill"),
            )
        ],
    ),
    "a log of no kind": (
        {"run": LOGGED, "log": ""},
        ["log: it is no directory, nor can it be run; make it a directory with a run of its own"],
    ),
    "a user that is not there": (
        {"run": LOGGED, "log/run": "#!/bin/sh\nexec setuidgid no-such-user-here multilog t ./main\n"},
        ["log/run: there is no user no-such-user-here; add it, or name another one"],
    ),
}


@pytest.mark.parametrize("files,expected", BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_said_with_what_to_do(scan, lint, files, expected):
    make(scan, files)
    code, said = lint("web")
    assert code == 1
    said = [line.removeprefix("web/") for line in said]
    assert sorted(said) == sorted(expected)


def test_a_run_that_is_no_file(scan, lint):
    path = make(scan, {"down": ""})
    os.mkfifo(path / "run", 0o755)
    assert lint() == (1, [
        "web/run: it is no regular file, so it can't be run; put a script in its place",
    ])


def records(path, whose):
    return (
        f"{path}supervise: {whose} may write in it, so what is on record there isn't believed:"
        " once svscan is killed, nobody takes the service over; chown -R it to the owner of the"
        " directory, and chmod go-w it; sv allow lets others control the service"
    )


@pytest.mark.skipif(not IS_ROOT, reason="gives files away")
def test_records_that_others_may_write(scan, lint):
    path = make(scan, {"run": LOGGED, "log/run": KEEPER, "supervise/x": "", "log/supervise/x": ""})
    (path / "supervise").chmod(0o770)
    os.chown(path / "log/supervise", 65534, 65534)
    assert lint() == (1, [records("web/", "its group"), records("web/log/", "its owner")])
    (path / "supervise").chmod(0o700)
    os.chown(path / "log/supervise", 0, 0)
    (path / "log/supervise").chmod(0o777)
    assert lint() == (1, [records("web/log/", "everybody")])
    # As users have it who run a svscan of their own.
    for folder in path, path / "supervise", path / "log", path / "log/supervise":
        folder.chmod(0o755)
        os.chown(folder, 65534, 65534)
    assert lint() == (0, [])


def test_modes(scan, lint):
    path = make(scan, {"run": LOGGED, "log/run": KEEPER, "finish": SLEEPER})
    (path / "run").chmod(0o644)
    (path / "finish").chmod(0o757)
    (path / "log").chmod(0o777)
    assert lint() == (1, [
        "web/run: it is not executable; chmod +x it",
        "web/finish: everybody may change it; chmod o-w it",
        "web/log/: everybody may change it; chmod o-w it",
    ])


@pytest.mark.skipif(not IS_ROOT, reason="gives files away")
def test_owners_and_groups(scan, lint):
    path = make(scan, {"run": SLEEPER})
    os.chown(path / "run", 65534, 0)
    assert lint() == (1, [
        "web/run: user 65534 may change it, who doesn't own the directory;"
        " chown it to the owner of the directory",
    ])
    os.chown(path / "run", 0, 4)
    (path / "run").chmod(0o775)
    assert lint() == (1, ["web/run: its group may change it; chmod g-w it"])


@pytest.mark.skipif(not IS_ROOT, reason="gives files away")
@pytest.mark.parametrize("line", [
    "setuidgid nobody multilog t s1000 ./main", "chpst -u nobody svlogd -tt ./main",
    "chpst -unobody svlogd ./main", "s6-setuidgid nobody s6-log n20 ./main",
])
def test_log_that_the_logger_may_not_write(scan, lint, line):
    path = make(scan, {"run": LOGGED, "log/run": f"#!/bin/sh\nexec {line}\n"})
    said = "web/log/main: the logger runs as nobody, who may not "
    assert lint() == (1, [f"{said}make it; make it, and chown it to nobody"])
    (path / "log/main").mkdir()
    assert lint() == (1, [f"{said}write there; chown it to nobody"])
    os.chown(path / "log/main", 65534, 65534)
    assert lint() == (0, [])


def test_lines_of_a_logger_that_only_a_shell_understands_are_left_alone(scan, lint):
    for i, line in enumerate(("chpst -u $USER svlogd ./main", "setuidgid nobody multilog '-*' ./main")):
        make(scan, {"run": LOGGED, "log/run": f"#!/bin/sh\nexec {line}\n"}, f"s{i}")
    assert lint() == (0, [])


def test_cycles_and_names_that_nobody_has(scan, lint):
    make(scan, {"run": SLEEPER, "dependencies.d/b": ""}, "a")
    make(scan, {"run": SLEEPER, "after.d/c": ""}, "b")
    make(scan, {"run": SLEEPER, "wants.d/a": "", "dependencies.d/none": "", "after.d/nor-this": ""}, "c")
    code, said = lint()
    assert code == 1
    advice = "; remove one of these from dependencies.d, wants.d or after.d"
    for name in "abc":
        assert sum(line.startswith(f"{name}: it waits for itself: ") and line.endswith(advice) for line in said) == 1
    assert "c/dependencies.d/none: no service has that name, so this one never starts again; sv add none, or sv enable it, or remove this file" in said
    assert len(said) == 4
    assert lint("b")[1] == [line for line in said if line.startswith("b")]


def test_json(scan, lint):
    make(scan, {"run": SLEEPER, "finsh": ""})
    code, said = lint("--json")
    assert code == 1
    assert [json.loads(line) for line in said] == [{
        "service": "web", "file": "finsh",
        "problem": "nothing reads a file of that name; finish, perhaps?",
        "advice": "rename it, or give it quite another name",
    }]


def test_exit_codes(scan, lint):
    assert lint() == (0, [])
    done = subprocess.run([BIN / "sv", "-d", scan.path, "lint", "none"], capture_output=True, timeout=60)
    assert done.returncode == 111 and b"unable to look at" in done.stderr
    done = subprocess.run([BIN / "sv", "-d", scan.path / "none", "lint"], capture_output=True, timeout=60)
    assert done.returncode == 111
    done = subprocess.run([BIN / "sv", "lint", "--what"], capture_output=True, timeout=60)
    assert done.returncode == 100


# ---- processes ----


def test_shell_that_waits_for_its_only_child(scan, lint):
    service = scan.make("web", "#!/bin/sh\nif true; then\n\tsleep 1000\nfi\nexit\n")
    good = scan.make("good", SLEEPER)
    scan.start()
    pid = service.wait_up()
    good.wait_program("sleep")
    # The child is called "run" until it has become another program.
    wait_until(lambda: "waits for sleep" in "".join(lint()[1]))
    assert lint() == (1, [
        f"web/run: the service's process {pid} is a shell that waits for sleep; put exec before that command",
    ])


def test_program_that_goes_into_the_background(scan, lint):
    service = scan.make("web", "#!/bin/sh\nsleep 1000 &\necho $! >left\n")
    (service.path / "restart").write_text("never\n")
    scan.start()
    service.wait_down()
    pid = wait_until(lambda: service.read("left").strip())
    wait_until(lambda: lint()[1])
    assert lint() == (1, [
        f"web/run: it has ended, but sleep (pid {pid}) that it started runs on; find its option"
        f" to stay in the foreground, and end it: kill {pid}",
    ])


def test_program_that_ends_well_again_and_again(scan, lint):
    service = scan.make("web", "#!/bin/sh\nexit 0\n")
    scan.start()
    wait_until(lambda: service.value("deaths") >= 3, 60)
    code, said = lint()
    assert code == 1 and len(said) == 1
    assert said[0].startswith("web/run: it ends well as soon as it is started, again and again; ")


# ---- no false alarms ----


def test_services_of_debian_are_good(scan, tmp_path):
    """Each of what a package of other people's services holds."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        pytest.skip("no apt-get")
    done = subprocess.run(
        ["apt-get", "download", "runit-services", "getty-run", "runit"],
        cwd=tmp_path, capture_output=True, timeout=120,
    )
    packages = list(tmp_path.glob("*.deb"))
    if done.returncode != 0 or not packages:
        pytest.skip("the package can't be had")
    for package in packages:
        subprocess.run(["dpkg", "-x", package, tmp_path / "x"], check=True, timeout=60)
    logger = tmp_path / "x/etc/sv/svlogd/run"
    services = [p.parent for p in (tmp_path / "x").rglob("run") if p.parent.name != "log"]
    assert len(services) > 20 and logger.exists()
    for path in services:
        # What is done where it is installed: each log gets the usual logger.
        if (path / "log").is_dir() and not (path / "log/run").exists():
            (path / "log/run").unlink(missing_ok=True)
            (path / "log/run").symlink_to(logger)
        done = subprocess.run([BIN / "sv", "lint", path], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, ""), path


def test_services_of_the_documentation_are_good(scan, lint):
    """Every script that the tutorial and the manual pages show."""
    text = "\n".join(
        path.read_text() for path in [*TOP.glob("doc/*.md"), *TOP.glob("doc/*/*.md"), TOP / "README.md"]
    )
    scripts = re.findall(r"^\s*cat >\S*?(?:/log)?/run <<'?END'?\n(.*?)^\s*END$", text, re.M | re.S)
    assert len(scripts) >= 3
    for i, script in enumerate(scripts):
        make(scan, {"run": script}, f"s{i}")
    assert lint() == (0, [])
