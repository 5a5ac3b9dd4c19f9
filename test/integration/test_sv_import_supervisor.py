"""sv(8): import, of configurations of supervisord."""

import os
import subprocess

import pytest

from support import BIN, Service, wait_until
from test_sv_import import (  # noqa: F401
    as_root, files, home, root, run_once, service_at, start, sv, told,
)


def configuration(scan, text, name="supervisord.conf"):
    path = scan.outside / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def lost_of(said):
    """What was told, without the file's name."""
    return [line.split(": ", 1)[1] for line in said.splitlines()]


def run_with(service, **variables):
    """What run says and how it ends, with these variables."""
    return subprocess.run(
        ["./run"], cwd=service, capture_output=True, text=True, timeout=60,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", **variables},
    )


@as_root
def test_a_program_gets_what_its_section_says(scan, sv, root, home):
    path = configuration(scan, f"""
[supervisord]
nodaemon=true
environment=OUT="{home}/%(ENV_WHERE)s",BOTH="outer"

[program:web] ; the first
command={home}/payload "two words" '%(program_name)s' %(process_num)03d a\\ b 100%%
environment=BOTH="inner",
    QUOTED='a,b "c"', # and this
    HERE="%(here)s"
directory={home}
user=nobody
umask=027
redirect_stderr=true
""")
    assert sv("import", "--enable", str(path)) == (
        0, f"made {root}/web, linked into {scan.path}\n", ""
    )
    scan.start(env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "WHERE": "told"})
    told_ = told(home / "told")
    assert [bytes.fromhex(word).decode() for word in told_["argv"][1:]] == [
        "two words", "web", "000", "a b", "100%",
    ]
    environment = {name: told_["env"].get(name) for name in ("BOTH", "QUOTED", "HERE")}
    # The quotes at both ends go, of whatever kind they are: as supervisord has it.
    assert environment == {"BOTH": "inner", "QUOTED": 'a,b "c', "HERE": str(scan.outside)}
    assert (told_["cwd"], told_["umask"], told_["stdin"]) == (str(home), 0o27, "/dev/null")
    assert told_["ids"][0] != 0 and 0 not in told_["ids"][2]
    log = root / "web/log/main/current"
    wait_until(lambda: log.exists() and {"on output", "on errors"} <= {
        line.split(" ", 1)[1] for line in log.read_text().splitlines()
    })


@pytest.mark.parametrize("said, expected", [
    ("", {"restart": "on-failure", "timeout-kill": "10000"}),
    ("autorestart=true\nautostart=no\n", {"restart": "always", "down": ""}),
    ("autorestart=False\n", {"restart": "never"}),
    ("exitcodes=0,2, 3\n", {"restart": "on-failure", "finish": "2|3) exit 125"}),
    ("exitcodes=2\n", {"restart": "always", "finish": "2) exit 125"}),
    ("autorestart=true\nexitcodes=2\n", {"restart": "always"}),
    ("startretries=3\n", {"restart": "on-failure limit=3/6s"}),
    ("startretries=5\nstartsecs=0\nautorestart=on\n", {"restart": "always limit=5/5s"}),
    ("stopsignal=int\nstopwaitsecs=60\n", {"down-signal": "INT", "timeout-kill": "60000"}),
    ("stopsignal=SIGUSR2\nstopwaitsecs=0\n", {"down-signal": "USR2", "timeout-kill": "1"}),
    ("stopasgroup=true\n", {"kill-scope": "group"}),
    ("stopasgroup=1\nkillasgroup=1\n", {"kill-scope": "group"}),
    ("stdout_logfile_maxbytes=1MB\n", {"log/run": "t s1048576 n11 ./main"}),
    ("stdout_logfile_backups=1\n", {"log/run": "t L s52428800 n2 ./main"}),
    ("stdout_logfile_maxbytes=100\nstdout_logfile_backups=0\n", {"log/run": "t s4096 n2 ./main"}),
])
def test_what_is_said_becomes_files(scan, sv, root, said, expected):
    path = configuration(scan, f"[program:web]\ncommand=/bin/true\nredirect_stderr=1\n{said}")
    assert sv("import", str(path))[::2] == (0, "")
    found = {name: (root / "web" / name).read_text() for name in expected}
    for name, text in expected.items():
        if name in ("finish", "log/run"):
            assert text in found[name]
        else:
            assert found[name].strip() == text
    wanted = {"run", "restart", "timeout-kill", *(name for name in expected if "/" not in name)}
    assert set(files(root / "web")) == wanted


@pytest.mark.parametrize("said, redirections, has_log", [
    ("", "2>&1", True),
    ("stdout_logfile=AUTO\nstderr_logfile=AUTO\n", "2>&1", True),
    ("stdout_logfile=NONE\nstderr_logfile=none\n", ">/dev/null 2>&1", False),
    ("stdout_logfile=NONE\n", "2>&1 >/dev/null", True),
    ("stderr_logfile=/dev/null\n", "2>/dev/null", True),
    ("stdout_logfile=/dev/stdout\nstderr_logfile=/dev/stderr\n", "", False),
    ("stdout_logfile=/dev/fd/1\nredirect_stderr=true\n", "2>&1", False),
    ("stdout_logfile=/dev/stdout\n", "", False),
    ("stdout_logfile=/dev/fd/1\nstderr_logfile=/dev/fd/1\n", "2>&1", False),
    ("stdout_logfile=/dev/stderr\nstderr_logfile=/dev/stderr\n", ">&2", False),
    ("stdout_logfile=/dev/stderr\nstderr_logfile=/dev/stdout\n", "3>&1 >&2 2>&3 3>&-", False),
    ("stderr_logfile=/dev/stderr\n", "", True),
])
def test_output_goes_where_it_should(scan, sv, root, said, redirections, has_log):
    path = configuration(scan, f"[program:web]\ncommand=/bin/true\n{said}")
    assert sv("import", str(path))[::2] == (0, "")
    line = (root / "web/run").read_text().splitlines()[1]
    assert line == f"exec </dev/null {redirections}".rstrip()
    assert (root / "web/log").exists() == has_log
    subprocess.run(["sh", "-n", root / "web/run"], check=True, timeout=60)


def test_what_goes_to_the_container_comes_out_line_by_line(scan, sv, root):
    path = configuration(scan, """
[program:web]
command=/bin/sh -c 'echo to output; echo to errors >&2; exec sleep 1000'
stdout_logfile=/dev/stdout
stdout_logfile_maxbytes=0
stderr_logfile=/dev/stderr
stderr_logfile_maxbytes=0
""")
    assert sv("import", str(path)) == (0, f"made {root}/web; sv enable web has it supervised\n", "")
    done = subprocess.Popen(
        ["./run"], cwd=root / "web", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    try:
        assert (done.stdout.readline(), done.stderr.readline()) == ("to output\n", "to errors\n")
    finally:
        done.kill()
        done.communicate()


# ---- several ----


def test_processes_groups_and_priorities(scan, sv, root):
    path = configuration(scan, """
[program:db]
command=/bin/db
priority=1
[program:worker]
command=/bin/worker %(process_num)d of %(numprocs)d in %(group_name)s
process_name=%(program_name)s_%(process_num)02d
numprocs=2
numprocs_start=8
[program:mail]
command=/bin/mail
process_name=%(process_num)s
priority=5
[program:web]
command=/bin/web
[group:site]
programs=web, mail
priority=20
""")
    assert sv("import", str(path))[::2] == (0, "")
    assert sorted(os.listdir(root)) == [
        "db", "mail-0", "site", "web", "worker", "worker_08", "worker_09"
    ]
    assert (root / "worker_09/run").read_text().endswith(" /bin/worker 9 of 2 in worker\n")

    def names(service, folder):
        return sorted(os.listdir(root / service / folder)) if (root / service / folder).exists() else []

    assert names("site", "contents.d") == ["mail-0", "web"]
    assert names("worker", "contents.d") == ["worker_08", "worker_09"]
    assert files(root / "site").keys() == {"contents.d/mail-0", "contents.d/web"}
    # Each comes after those next before it, and by these after all others.
    assert {name: names(name, "after.d") for name in ("db", "mail-0", "web", "worker_08", "worker_09")} == {
        "db": [], "mail-0": ["db"], "web": ["mail-0"], "worker_08": ["web"], "worker_09": ["web"],
    }


def test_a_group_can_be_needed(scan, sv, root):
    path = configuration(scan, """
[program:one]
command=/bin/sleep 1000
autostart=false
[program:two]
command=/bin/sleep 1000
autostart=false
[group:both]
programs=one,two
""")
    other = Service(scan.path / "other")
    (other.path / "dependencies.d").mkdir()
    (other.path / "dependencies.d" / "both").touch()
    assert sv("import", "--enable", "--no-log", str(path))[0] == 0
    start(scan)
    for name in ("one", "two", "other"):
        service_at(scan.path / name).wait_up()


def test_files_are_included_in_order(scan, sv, root):
    configuration(scan, "[program:b]\ncommand=/bin/b %(here)s\n", "conf.d/b.conf")
    configuration(scan, "[program:a]\ncommand=/bin/a\nbogus=1\n[program:main]\numask=077\n", "conf.d/a.conf")
    path = configuration(scan, """
[program:main]
command=/bin/main %(here)s
umask=022
[include]
files = conf.d/*.conf %(here)s/none/*.ini
""")
    code, _, said = sv("import", str(path))
    assert code == 1
    assert said.splitlines() == [
        f"{path}:6: files: there is no file {scan.outside}/none/*.ini; nothing, if that is as it should be",
        f"{scan.outside}/conf.d/a.conf:3: bogus: that isn't known here; see what it does, in the manual of supervisord",
    ]
    assert sorted(os.listdir(root)) == ["a", "b", "main"]
    assert (root / "b/run").read_text().endswith(f"/bin/b {scan.outside}/conf.d\n")
    # A later file goes on with a section.
    assert "--umask 077 " in (root / "main/run").read_text()


# ---- variables of the supervisor ----


def test_variables_are_looked_up_when_it_runs(scan, sv, root):
    path = configuration(scan, """
[program:web]
command=/bin/sh -c 'printf "[%%s]" "$@" "$PATH" "$JOINED"' sh %(ENV_MANY)s "%(ENV_MANY)s" x%(ENV_ONE)s*
environment=PATH="/extra:%(ENV_PATH)s",JOINED="%(ENV_ONE)s-%(ENV_PATH)s"
stdout_logfile=/dev/stdout
""")
    assert sv("import", str(path))[::2] == (0, "")
    done = run_with(root / "web", MANY="a  $(b) *", ONE="1'`x`")
    path = f"{BIN}:{os.environ['PATH']}"
    assert done.stdout == f"[a][$(b)][*][a  $(b) *][x1'`x`*][/extra:{path}][1'`x`-{path}]", done.stderr
    done = run_with(root / "web", MANY="a")
    assert done.returncode != 0 and "ONE" in done.stderr


def test_variables_elsewhere_are_written_down(scan, sv, root, monkeypatch):
    monkeypatch.setenv("WHERE", "/srv/x")
    monkeypatch.delenv("NOTHING", raising=False)
    path = configuration(scan, """
[program:web]
command=/bin/web
directory=%(ENV_WHERE)s/y
autostart=%(ENV_NOTHING)s
""")
    code, _, said = sv("import", str(path))
    assert code == 1
    assert lost_of(said) == [
        "directory: the value that WHERE has here is written down; import it again when that changes",
        "autostart: there is no variable NOTHING here; set it, and import it again",
    ]
    assert " -C /srv/x/y /bin/web\n" in (root / "web/run").read_text()


# ---- what is lost, or wrong ----


def test_what_is_lost_is_told_by_name(scan, sv, root):
    path = configuration(scan, """[unix_http_server]
file=/run/supervisor.sock
[inet_http_server]
port=9001
[supervisord]
minfds=65536
pidfile=/run/supervisord.pid
[supervisorctl]
serverurl=unix:///run/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[rpcinterface:other]
[eventlistener:mail]
command=crashmail
events=PROCESS_STATE
[fcgi-program:php]
command=php
socket=tcp://localhost:9000
[program:web]
command=/bin/web
startsecs=10
killasgroup=true
stdout_logfile=/var/log/web.log
stdout_events_enabled=true
stdout_syslog=true
serverurl=unix:///x
colour=blue
[colours]
""")
    code, _, said = sv("import", str(path))
    assert code == 1 and os.listdir(root) == ["web"]
    assert {line.split(":", 2)[1] + line.split(":", 2)[2].split(": ")[0] for line in said.splitlines()} == {
        "1 unix_http_server", "3 inet_http_server", "6 minfds", "12 rpcinterface:other",
        "13 eventlistener:mail", "16 fcgi-program:php", "21 startsecs", "22 killasgroup",
        "23 stdout_logfile", "24 stdout_events_enabled", "25 stdout_syslog", "26 serverurl",
        "27 colour", "28 colours",
    }


def test_it_is_told_once_of_several_processes(scan, sv, root):
    path = configuration(scan, """[program:web]
command=/bin/web
numprocs=20
process_name=web%(process_num)d
stdout_logfile=/var/log/x
""")
    code, said, lost = sv("import", str(path))
    assert (code, said.count("made "), len(lost.splitlines())) == (1, 21, 1)


@pytest.mark.parametrize("user", ["nobody:root", "-R", "there-is-none", "4000000000", "%(ENV_NOTHING_AT_ALL)s"])
def test_whom_it_cannot_run_as_is_not_started_as_another(scan, sv, root, user):
    path = configuration(scan, f"[program:web]\ncommand=/bin/true\nuser={user}\n")
    code, _, said = sv("import", str(path))
    assert code == 1 and all(": user: " in line for line in said.splitlines())
    assert (root / "web/down").exists()


@pytest.mark.parametrize("text, wrong", [
    ("", "there is no service in it"),
    ("[supervisord]\n", "there is no service in it"),
    ("command=/x\n[program:web]\ncommand=/x\n", ":1: there is no section before it"),
    ("[program:web]\ncommand=/x\nnonsense\n", ":3: neither a section nor KEY=VALUE"),
    ("[program:web]\ncommand=/x\1\n", "it isn't text"),
    ("[program:web]\ncommand=/x\0\n", "it isn't text"),
    ("[program:web]\n", ":1: program:web: there is no command in it"),
    ("[program:web]\ncommand=\n", "command: there is no program in it"),
    ("[program:web]\ncommand=sh -c 'a ; b'\n", "command: a quote isn't closed"),
    ("[program:web]\ncommand=/x %\n", "command: a % begins nothing"),
    ("[program:web]\ncommand=/x %(nothing)s\n", "doesn't know that %(name)s here"),
    ("[program:web]\ncommand=-x\n", "that can't be a program"),
    ("[program:a/b]\ncommand=/x\n", "program:a/b: "),
    ("[program:.]\ncommand=/x\n", "program:.: "),
    ("[program:web]\ncommand=/x\nnumprocs=0\n", "numprocs: 0 isn't understood"),
    ("[program:web]\ncommand=/x\nnumprocs=100000\n", "numprocs: 100000 isn't understood"),
    ("".join(f"[program:w{i}]\ncommand=/x\nnumprocs=999\nprocess_name=w{i}-%(process_num)d\n" for i in range(2)), "more than 1000"),
])
def test_nothing_is_made_of_what_supervisord_refuses(scan, sv, root, text, wrong):
    path = configuration(scan, text)
    code, said, complaint = sv("import", str(path))
    assert code == 111 and said == "" and wrong in complaint
    assert not root.exists() or os.listdir(root) == []


def test_processes_need_names_of_their_own(scan, sv, root):
    path = configuration(scan, "[program:web]\ncommand=/x\nnumprocs=2\n[program:job]\ncommand=/y\n")
    code, said, complaint = sv("import", str(path))
    assert code == 111 and "process_name needs a %(process_num)02d" in complaint
    assert f"made {root}/job" in said


def test_it_is_known_by_its_name_or_its_sections(scan, sv, root):
    for i, (name, text) in enumerate([
        ("supervisord.conf", "\n[program:a0]\ncommand=/x\n"),
        ("supervisor-other", "[program:a1]\ncommand=/x\n"),
        ("conf.d/a.ini", "; mine\n[program:a2]\ncommand=/x\n"),
        ("b.conf", "[include]\nfiles=conf.e/*\n"),
    ]):
        configuration(scan, "[program:a3]\ncommand=/x\n", "conf.e/c")
        assert sv("import", str(configuration(scan, text, name)))[0] == 0
        assert (root / f"a{i}").exists()
    code, _, said = sv("import", str(configuration(scan, "[Socket]\n", "d.conf")))
    assert code == 111 and "nor a configuration of supervisord" in said


def test_a_configuration_runs_nothing_when_it_is_imported(scan, sv, root, home):
    evil = f"$(touch {home}/evil)`touch {home}/evil`'; touch {home}/evil; '"
    keys = ["process_name", "priority", "autostart", "autorestart", "startsecs", "exitcodes", "stopsignal",
            "stopwaitsecs", "stopasgroup", "user", "directory", "umask", "environment", "stdout_logfile",
            "stdout_logfile_maxbytes", "stderr_logfile", "redirect_stderr"]
    for i, value in enumerate([evil, f"A={evil}", f'A="{evil}"', f"/{evil}", f"%(ENV_X)s{evil}"]):
        lines = "".join(f"{key}={value}\n" for key in keys if key != "process_name" or i == 3)
        path = configuration(scan, f"[supervisord]\n{lines}[program:web{i}]\ncommand=/bin/true \"{evil}\"\n{lines}")
        sv("import", str(path))
    assert not (home / "evil").exists()
    made = [path for path in root.rglob("*") if path.name in ("run", "finish")]
    assert len(made) > 5
    for script in made:
        subprocess.run(["sh", "-n", script], check=True, timeout=60)
        # Whatever is run of it is a quoted word.
        assert "$(touch" not in "".join(script.read_text().replace("'\\''", "").split("'")[::2])


def test_nothing_is_overwritten(scan, sv, root):
    path = configuration(scan, "[program:one]\ncommand=/bin/true\n")
    assert sv("import", str(path))[0] == 0
    before = files(root / "one")
    path.write_text("[program:one]\ncommand=/bin/false\n[program:two]\ncommand=/bin/false\n")
    code, said, wrong = sv("import", str(path))
    assert code == 111 and "is there already" in wrong and f"made {root}/two" in said
    assert files(root / "one") == before
