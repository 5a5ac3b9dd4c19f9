"""sv(8): import, of systemd's units and Procfiles."""

import json
import os
import pathlib
import pwd
import random
import subprocess
import tempfile

import pytest

from support import BIN, Service, wait_until, write_script

IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root may do it")

# Tells all that it was given, then stays.
PAYLOAD = """#!/usr/bin/python3
import json, os, resource, sys, time
mask = os.umask(0)
told = {
    "argv": [os.fsencode(a).hex() for a in sys.argv],
    "env": dict(os.environ),
    "cwd": os.getcwd(),
    "umask": mask,
    "ids": [os.getuid(), os.getgid(), sorted(os.getgroups())],
    "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "nice": os.nice(0),
    "oom": open("/proc/self/oom_score_adj").read().strip(),
    "stdin": os.readlink("/proc/self/fd/0"),
}
with open(os.environ["OUT"] + ".new", "w") as out:
    json.dump(told, out)
os.rename(os.environ["OUT"] + ".new", os.environ["OUT"])
print("on output", flush=True)
print("on errors", file=sys.stderr, flush=True)
if "READY" in os.environ:
    import socket
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
if "END" in os.environ:
    sys.exit(int(os.environ["END"]))
time.sleep(1000)
"""


@pytest.fixture
def sv(scan):
    def run(*argv, **options):
        environment = os.environ | {"SVDIR": str(scan.path)}
        environment["PATH"] = f"{BIN}:{environment['PATH']}"
        environment.pop("SVROOT", None)
        done = subprocess.run(
            [BIN / "sv", *argv], capture_output=True, timeout=60, env=environment, cwd=scan.outside,
            **options,
        )
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    return run


@pytest.fixture
def root(scan):
    return scan.path.with_name("scan-available")


@pytest.fixture
def home():
    """A folder that everybody may enter and write, unlike tmp_path; the payload is in it."""
    with tempfile.TemporaryDirectory() as path:
        place = pathlib.Path(path)
        place.chmod(0o777)
        write_script(place / "payload", PAYLOAD)
        yield place


def unit(scan, name, text):
    path = scan.outside / f"{name}.service"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def start(scan):
    scan.start(env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}, stdin=subprocess.DEVNULL)


def service_at(path):
    service = Service.__new__(Service)
    service.path = pathlib.Path(path)
    return service


def files(folder):
    """{path: text} of the files below, but those of the log and of supervisors."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"supervise", "log"} & set(path.relative_to(folder).parts)
    }


def told(path, limit_s=60):
    wait_until(path.exists, limit_s=limit_s, what=path)
    return json.loads(path.read_text())


def run_once(service, path):
    """What the payload of a service directory tells, without a supervisor."""
    path.unlink(missing_ok=True)
    process = subprocess.Popen(
        ["./run"], cwd=service, stdout=subprocess.DEVNULL,
        env={"PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    try:
        return told(path)
    finally:
        process.kill()
        process.wait()


# ---- units ----


def test_programs_of_other_suites_are_not_called(scan, root, tmp_path):
    write_script(tmp_path / "theirs" / "chpst", "#!/bin/sh\necho not our chpst\nexit 1\n")
    environment = os.environ | {"SVDIR": str(scan.path)}
    environment["PATH"] = f"{tmp_path / 'theirs'}:{os.environ['PATH']}"
    path = unit(scan, "web", "[Service]\nExecStartPre=@/bin/sh me -c 'echo $0'\nExecStart=@/bin/sh you -c 'echo $0'\nWorkingDirectory=/\n")
    subprocess.run([BIN / "sv", "import", path], env=environment, check=True, capture_output=True)
    done = subprocess.run(["./run"], cwd=root / "web", env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("me\nyou\n", "")


def test_imported_service_gets_what_its_unit_says(scan, sv, root, home):
    (home / "defaults").write_text("# more\nOPTS=\"-a  -b\"\nWORD='two words'\nSET=later\nGLOB=/*\n")
    (home / "state").mkdir()
    path = unit(scan, "web", f"""
[Unit]
Description=A server that tells what it was given

[Service]
Environment=OUT={home}/told "QUOTED=a 'b' \\x41" SET=first
EnvironmentFile={home}/defaults
EnvironmentFile=-{home}/none
ExecStart={home}/payload "one two" $OPTS ${{WORD}} x${{WORD}}y $NONE ${{NONE}} $GLOB \\
# within
    $$HOME %n %% 'a;b' \\;
WorkingDirectory={home}/state
UMask=027
LimitNOFILE=100
LimitCORE=0
Nice=3
OOMScoreAdjust=200
Restart=always
RestartSec=5s
StartLimitBurst=7
StartLimitIntervalSec=2min
KillSignal=SIGINT
TimeoutStopSec=1min 5s
KillMode=process
SyslogIdentifier=web

[Install]
WantedBy=multi-user.target
""")
    code, said, lost = sv("import", "--enable", str(path))
    assert (code, said) == (1, f"made {root}/web, linked into {scan.path}\n")
    assert lost.splitlines() == [
        f"{path}:25: SyslogIdentifier: lines go to the service's own log, as they are; nothing, unless syslog is to have them"
    ]
    start(scan)
    given = told(home / "told")
    assert [bytes.fromhex(word).decode() for word in given["argv"][1:]] == [
        "one two", "-a", "-b", "two words", "xtwo wordsy", "", "/*", "$HOME", "web.service", "%", "a;b", ";",
    ]
    assert given["env"]["QUOTED"] == "a 'b' A" and given["env"]["SET"] == "later"
    assert given["cwd"] == f"{home}/state"
    assert (given["umask"], given["files"], given["core"]) == (0o027, 100, 0)
    assert (given["nice"], given["oom"]) == (os.nice(0) + 3, "200")
    assert given["stdin"] == "/dev/null"
    made = files(root / "web")
    assert {name: made[name] for name in ["restart", "timeout-kill", "down-signal"]} == {
        "restart": "always delay=5s limit=7/2m\n",
        "timeout-kill": "65000\n",
        "down-signal": "INT\n",
    }
    log = root / "web/log/main/current"
    wait_until(lambda: log.exists() and log.read_text().count("\n") == 2)
    service_at(scan.path / "web").wait_program("payload")


@as_root
def test_user_groups_and_directories(scan, sv, root, home):
    account = pwd.getpwnam("nobody")
    state = home / "lib"
    path = unit(scan, "web", f"""
[Service]
User=nobody
SupplementaryGroups=7 8
Environment=OUT={home}/told
ExecStartPre=+/bin/sh -c 'id -u >{home}/plus'
ExecStartPre=/bin/sh -c 'id -u >{home}/pre'
ExecStartPre=-/bin/false
ExecStart={home}/payload
StateDirectory=../x holdfast-test-{os.getpid()}
StateDirectoryMode=0750
""")
    code, said, lost = sv("import", "--no-log", str(path))
    assert code == 1 and "StateDirectory: that can't be a directory of a service" in lost
    run = root / "web/run"
    # Not in the real /var/lib.
    made = f"/var/lib/holdfast-test-{os.getpid()}"
    run.write_text(run.read_text().replace(made, str(state)))
    given = run_once(root / "web", home / "told")
    assert given["ids"][:2] == [account.pw_uid, account.pw_gid]
    assert {7, 8} <= set(given["ids"][2]) and 0 not in given["ids"][2]
    assert given["env"]["HOME"] == account.pw_dir and given["env"]["USER"] == "nobody"
    assert given["env"]["STATE_DIRECTORY"] == made
    assert given["cwd"] == "/"
    assert (home / "plus").read_text() == "0\n"
    assert (home / "pre").read_text() == f"{account.pw_uid}\n"
    assert (state.stat().st_uid, state.stat().st_mode & 0o7777) == (account.pw_uid, 0o750)


def test_directories_that_a_user_could_lead_elsewhere_are_not_made(scan, sv, root):
    """Root would change the owner of whatever a link there leads to."""
    said = "StateDirectory=app app/data . ./x ''\nConfigurationDirectory=a/b\n"
    path = unit(scan, "web", f"[Service]\nUser=nobody\nExecStart=/bin/true\n{said}")
    code, _, lost = sv("import", "--no-log", str(path))
    assert code == 1
    assert lost.count("StateDirectory: that can't be a directory of a service") == 4
    run = (root / "web/run").read_text()
    made = [line.split(" && ")[0] for line in run.splitlines() if "mkdir" in line]
    assert made == ["mkdir -p /var/lib/app", "mkdir -p /etc/a/b"]


@as_root
def test_home_of_a_number(scan, sv, root):
    account = pwd.getpwnam("nobody")
    said = f"User={account.pw_uid}\nWorkingDirectory=~\n"
    path = unit(scan, "web", f"[Service]\nExecStart=/bin/true\n{said}")
    assert sv("import", "--no-log", str(path))[0] == 0
    assert f"-C {account.pw_dir} " in (root / "web/run").read_text()


@as_root
def test_a_user_alone_is_whom_it_runs_as(scan, sv, root, home):
    account = pwd.getpwnam("nobody")
    path = unit(scan, "web", f"""
[Service]
User=nobody
Environment=OUT={home}/told
ExecStart={home}/payload
""")
    assert sv("import", "--no-log", str(path))[0] == 0
    given = run_once(root / "web", home / "told")
    assert given["ids"][:2] == [account.pw_uid, account.pw_gid]
    assert 0 not in given["ids"][2]


def test_ready_ended_and_reloaded_as_the_unit_says(scan, sv, root, home):
    path = unit(scan, "api", f"""
[Service]
Type=notify
Environment=OUT={home}/told READY=1
ExecStart={home}/payload
ExecStartPre=/bin/touch {home}/pre
ExecStop=/bin/sh -c 'echo $$0 >>{home}/stopped' ${{MAINPID}}
ExecStopPost=/bin/touch {home}/post
ExecReload=/bin/sh -c 'echo $$0 >>{home}/reloaded' $MAINPID
TimeoutStartSec=50
""")
    code, _, lost = sv("import", "--enable", str(path))
    assert code == 1 and lost.splitlines() == [
        f"{path}: ExecStop: it has 5 seconds before the signal comes; see Hooks in service-dirs(7)"
    ]
    start(scan)
    service = service_at(scan.path / "api")
    wait_until(lambda: service.state().get("ready") == "1")
    assert (home / "pre").exists() and not (home / "post").exists()
    pid = service.pid()
    assert sv("reload", "api")[0] == 0
    wait_until(lambda: (home / "reloaded").exists() and (home / "reloaded").read_text() == f"{pid}\n")
    assert service.pid() == pid
    assert sv("-w", "60", "stop", "api")[0] == 0
    wait_until((home / "post").exists)
    assert (home / "stopped").read_text() == f"{pid}\n"
    assert files(root / "api")["timeout-up"] == "50000\n"


def test_reload_checks_then_signals(scan, sv, root):
    path = unit(scan, "ssh", """
[Service]
ExecStart=/bin/sleep 1000
ExecReload=/bin/true -t
ExecReload=/bin/kill -USR1 $MAINPID
""")
    assert sv("import", str(path))[0] == 0
    made = files(root / "ssh")
    assert made["reload-signal"] == "USR1\n"
    assert "/bin/true -t || exit 0\nexit 1\n" in made["control/l"]


def test_oneshot_that_remains(scan, sv, root, home):
    path = unit(scan, "setup", f"""
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo 1 >>{home}/done' ; /bin/sh -c 'echo 2 >>{home}/done'
ExecStop=/bin/sh -c 'echo 3 >>{home}/done'
""")
    assert sv("import", "--enable", str(path))[0] == 0
    start(scan)
    wait_until(lambda: (home / "done").exists() and (home / "done").read_text() == "1\n2\n")
    service = service_at(scan.path / "setup")
    wait_until(lambda: service.state().get("phase") == "active")
    service.send(b"d")
    wait_until(lambda: (home / "done").read_text() == "1\n2\n3\n")


def test_exits_that_are_final(scan, sv, root, home):
    path = unit(scan, "once", f"""
[Service]
Restart=on-failure
RestartPreventExitStatus=0 42
Environment=OUT={home}/told END=42
ExecStart={home}/payload
""")
    assert sv("import", "--enable", str(path))[0] == 0
    start(scan)
    service = service_at(scan.path / "once")
    wait_until(lambda: service.state().get("failed") == "1")


def test_dependencies_are_files(scan, sv, root):
    path = unit(scan, "web", """
[Unit]
Requires=db.service
Wants=cache.service
After=network.target db.service cache.service my\\x2dmail.service web.service
[Service]
ExecStart=/bin/true
""")
    code, _, lost = sv("import", str(path))
    assert code == 1
    assert [line.split(": ", 1)[1] for line in lost.splitlines()] == [
        "After: network.target isn't a service; nothing, if that is there when svscan starts",
        "After: that can't be the name of a service it waits for; see service-dirs(7)",
    ]
    assert {"dependencies.d/db", "wants.d/cache", "after.d/my-mail"} == {
        name for name in files(root / "web") if ".d/" in name
    }


@pytest.mark.parametrize("said, redirections", [
    ("", "</dev/null 2>&1"),
    ("StandardOutput=journal\nStandardError=inherit\n", "</dev/null 2>&1"),
    ("StandardOutput=null\n", "</dev/null >/dev/null 2>&1"),
    ("StandardOutput=null\nStandardError=journal\n", "</dev/null 2>&1 >/dev/null"),
    ("StandardError=append:/x y\n", "</dev/null 2>>'/x y'"),
    ("StandardOutput=truncate:/a\nStandardError=file:/b\n", "</dev/null >/a 2>>/b"),
    ("StandardInput=file:/in\n", "</in 2>&1"),
])
def test_output_goes_where_it_should(scan, sv, root, said, redirections):
    path = unit(scan, "web", f"[Service]\nExecStart=/bin/true\n{said}")
    assert sv("import", str(path))[0] == 0
    assert (root / "web/run").read_text().splitlines()[1] == f"exec {redirections}"


@pytest.mark.parametrize("said", [
    "Type=forking\n", "DynamicUser=yes\n", "User=%X\n", "User=4000000000\n", "RootDirectory=/srv\n",
    "User=nobody:root\n", "User=:0\n", "User=-R\n", "Group=a:b\n", "SupplementaryGroups=7 -R\n",
    "[Install\nUser=nobody\n",
])
def test_what_would_be_another_service_is_not_started(scan, sv, root, said):
    path = unit(scan, "web", f"[Service]\nExecStart=/bin/true\n{said}")
    code, _, lost = sv("import", str(path))
    assert code == 1 and lost.startswith(f"{path}:3: ")
    assert lost.endswith(": down: it has a file down, and isn't started by itself; look at run first; then remove that file\n")
    assert (root / "web/down").exists()


def test_instances_are_made_of_templates(scan, sv, root):
    unit(scan, "tun@", "[Service]\nExecStart=/bin/echo %i %I %p %N %j\n")
    code, _, said = sv("import", str(scan.outside / "tun@.service"))
    assert code == 111 and "is a template: say which instance, as in tun@1.service" in said
    assert sv("import", str(scan.outside / "tun@a-b\\x2dc.service"))[0] == 0
    run = (root / "tun@a-b\\x2dc/run").read_text()
    assert run.endswith("/bin/echo 'a-b\\x2dc' a/b-c tun 'tun@a-b\\x2dc' tun\n")


def test_any_arguments_arrive_as_they_were_written(scan, sv, root, home):
    chance = random.Random(5)
    alphabet = [bytes([i]) for i in range(1, 256)] + [b"'", b"\\", b"$", b"`", b"\n", b'"', b" ", b"%", b";"] * 20
    for i in range(12):
        words = [b"".join(chance.choices(alphabet, k=chance.randrange(12))) for _ in range(30)]
        words += [b"$(reboot)", b"`x`", b"${", b"$1", b"a$HOME", b"\n", b"-", b"~", b"*"]
        # Written with escapes or as they are, where that means themselves.
        quoted = [
            '"' + "".join(
                "%%" if byte == 0x25 else "$$" if byte == 0x24
                else chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}"
                for byte in word
            ) + '"'
            for word in words
        ]
        path = unit(scan, f"s{i}", f"[Service]\nEnvironment=OUT={home}/told\nExecStart={home}/payload {' '.join(quoted)}\n")
        # The same, with a variable that makes it a shell's line.
        more = unit(scan, f"t{i}", path.read_text().rstrip("\n") + " ${OUT}\n")
        assert sv("import", "--no-log", str(path), str(more))[0] == 0
        for name, expected in ((f"s{i}", words), (f"t{i}", [*words, os.fsencode(f"{home}/told")])):
            given = run_once(root / name, home / "told")
            assert [bytes.fromhex(word) for word in given["argv"][1:]] == expected


def test_a_unit_runs_nothing_when_it_is_imported(scan, sv, root, home):
    evil = f"$(touch {home}/evil)`touch {home}/evil`'; touch {home}/evil; '"
    keys = ["User", "Group", "Environment", "EnvironmentFile", "WorkingDirectory", "KillSignal", "UMask", "Nice",
            "StandardOutput", "RuntimeDirectory", "After", "Requires", "LimitNOFILE", "Restart", "RestartSec",
            "IOSchedulingClass", "ExecReload", "ExecStop", "ExecStartPre", "RestartPreventExitStatus", "Nonsense",
            "RuntimeDirectoryMode", "OOMScoreAdjust"]
    lines = "".join(f"{key}={evil}\n{key}=A={evil}\n{key}=\"/{evil}\"\n" for key in keys)
    path = unit(scan, "web", f"[Service]\n{lines}ExecStart=/bin/true\n[Unit]\n{lines}")
    assert sv("import", "--dry-run", str(path))[0] == 1
    assert sv("import", str(path))[0] == 1
    for script in ["run", "finish", "control/t", "control/h"]:
        if (root / "web" / script).exists():
            subprocess.run(["sh", "-n", root / "web" / script], check=True, timeout=60)
            lines = (root / "web" / script).read_text()
            # Whatever is run of it is a quoted word.
            assert "$(touch" not in "".join(lines.split("'")[::2])
    assert not (home / "evil").exists()


def test_nothing_is_overwritten_and_others_are_made(scan, sv, root):
    one = unit(scan, "one", "[Service]\nExecStart=/bin/true\n")
    two = unit(scan, "two", "[Service]\nExecStart=/bin/true\n")
    assert sv("import", str(one))[0] == 0
    before = files(root / "one")
    one.write_text("[Service]\nExecStart=/bin/false\n")
    code, said, wrong = sv("import", str(one), str(two))
    assert code == 111 and "is there already" in wrong and f"made {root}/two" in said
    assert files(root / "one") == before
    assert sorted(os.listdir(root)) == ["one", "two"]


@pytest.mark.parametrize("name, text, wrong", [
    ("a.socket", "[Socket]\n", "is neither a Procfile nor a .service"),
    ("a.service", "", "ExecStart: there is no program to run"),
    ("a.service", "[Service]\nExecStart='x\n", "a quote isn't closed"),
    ("a.service", "[Service]\nExecStart=/x %H\n", "%H can't be carried over"),
    ("a.service", "[Service]\0ExecStart=/x\n", "it isn't text"),
    
    (".a.service", "[Service]\nExecStart=/x\n", "can't be the name of a service"),
])
def test_what_is_no_service_is_told_of(scan, sv, root, name, text, wrong):
    (scan.outside / name).parent.mkdir(exist_ok=True)
    (scan.outside / name).write_text(text)
    code, said, complaint = sv("import", name)
    assert code == 111 and wrong in complaint
    assert not root.exists() or os.listdir(root) == []


def test_a_file_that_is_no_unit_by_its_size(scan, sv):
    unit(scan, "a", "x" * 2000000)
    code, _, said = sv("import", "a.service")
    assert code == 111 and said == "sv: fatal: unable to read a.service: file too big\n"


def test_wrong_use_and_missing_files(scan, sv, root):
    for words in [[], ["--nonsense", "x"], ["--into"]]:
        code, _, said = sv("import", *words)
        assert code == 100 and "usage: sv [-d dir] import" in said
    code, _, said = sv("import", "none.service")
    assert code == 111 and said == "sv: fatal: unable to read none.service: file does not exist\n"


# ---- Procfiles ----


def test_procfile(scan, sv, root, home):
    app = scan.outside / "app"
    app.mkdir(parents=True)
    (app / ".env").write_text(f"OUT={app}/told\nNAME='it is'\n")
    (app / "Procfile").write_text(f"""# processes
web: {home}/payload "$NAME" $PORT
clock:   cd {home} && OUT={home}/clock ./payload
bad line
""")
    code, said, lost = sv("import", "--enable", str(app / "Procfile"))
    assert (code, said.count("made ")) == (1, 2)
    assert lost == f"{app}/Procfile:4: there is no NAME: COMMAND in it; correct it, and import it again\n"
    assert (root / "clock/kill-scope").read_text() == "group\n"
    start(scan)
    web, clock = told(app / "told"), told(home / "clock")
    assert [bytes.fromhex(word).decode() for word in web["argv"][1:]] == ["it is", "5000"]
    assert (web["cwd"], clock["cwd"]) == (str(app), str(home))
    service_at(scan.path / "web").wait_program("payload")
