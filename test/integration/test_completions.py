"""What shells offer for sv and its kin: commands, options, services by state."""

import os
import re
import shutil
import subprocess

import pytest

from support import BIN, SLEEPER, TOP, wait_until

COMPLETIONS = TOP / "completions"
ENVIRONMENT = os.environ | {
    "PATH": f"{BIN}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
}
STATES = {"mail": "down", "web": "up", "gone": "failed", "db": "paused"}


def has(shell):
    return pytest.mark.skipif(not shutil.which(shell), reason=f"no {shell} here")


@pytest.fixture
def services(scan):
    """One of each state, and names that a shell must not take for its own."""
    made = {
        "mail": scan.make("mail", down=True),
        "web": scan.make("web"),
        "db": scan.make("db"),
        "gone": scan.make("gone", run="#!/bin/sh\nexit 3\n"),
        "$(touch evil)": scan.make("$(touch evil)", run=SLEEPER),
    }
    (made["gone"].path / "restart").write_text("never\n")
    scan.start()
    made["db"].wait_program()
    made["db"].svc("-p")
    made["gone"].wait_lines("supervise/state", 1)

    def states():
        argv = [BIN / "sv", "-d", scan.path, "status"]
        said = subprocess.run(argv, capture_output=True, text=True).stdout
        found = dict(line.split("\t")[:2] for line in said.splitlines())
        return all(found.get(name) == state for name, state in STATES.items())

    wait_until(states, what="the states")
    return scan


def run(shell, script, *words, cwd):
    done = subprocess.run(
        [shell, "-c", script, *map(str, words)], capture_output=True, text=True,
        cwd=cwd, env=ENVIRONMENT, timeout=60,
    )
    assert done.stderr == ""
    return set(done.stdout.splitlines()) - {""}


def bash(*words, scan, file="sv"):
    script = (
        'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
        f" _{file}; " 'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return run("bash", script, COMPLETIONS / file, *words, cwd=scan.outside)


def fish(*words, scan):
    line = " ".join(map(str, words))
    script = f"source {COMPLETIONS}/sv.fish; complete -C '{line}'"
    said = run("fish", script, cwd=scan.outside)
    return {word.split("\t")[0] for word in said}


def zsh_services(command, scan):
    """Of the file, all but the call in its last line."""
    script = (
        'source <(sed "\\$d" $0); typeset -A opt_args; opt_args[-d]=$1;'
        " _sv_services $2"
    )
    return run("zsh", script, COMPLETIONS / "_sv", scan.path, command,
               cwd=scan.outside)


UP = {"web", "$(touch evil)"}
EXPECTED = [
    ("start", {"mail", "gone"}),
    ("stop", UP | {"db"}),
    ("cont", {"db"}),
    ("reload", UP | {"db"}),
    ("status", {"mail", "gone", "db"} | UP),
]


@has("bash")
def test_bash_offers_services_by_state(services):
    where = ("sv", "-d", services.path)
    for command, expected in EXPECTED:
        assert bash(*where, command, "", scan=services) == expected, command
    assert bash(*where, "-w", "5", "start", "m", scan=services) == {"mail"}
    assert bash(*where, "start", "mail", "g", scan=services) == {"gone"}
    assert not (services.outside / "evil").exists()


@has("fish")
def test_fish_offers_services_by_state(services):
    for command, expected in EXPECTED:
        found = fish("sv", "-d", services.path, command, "", scan=services)
        assert {name.replace("\\", "") for name in found} == expected, command


@has("zsh")
def test_zsh_offers_services_by_state(services):
    for command, expected in EXPECTED:
        assert zsh_services(command, services) == expected, command


@has("zsh")
def test_zsh_reads_the_file(scan):
    assert run("zsh", f"zsh -n {COMPLETIONS}/_sv", cwd=scan.outside) == set()


def commands():
    said = subprocess.run([BIN / "sv", "help"], capture_output=True, text=True).stdout
    listed = said.splitlines()
    own = {
        re.sub(r"^sv (\[-d dir\] )?\[?([a-z]+).*", r"\2", line)
        for line in listed[:-2]
    }
    return own | set(listed[-1].split())


@has("bash")
def test_bash_offers_all_commands_and_their_options(scan):
    assert bash("sv", "", scan=scan) == commands()
    assert bash("sv", "force-", scan=scan) == {
        "force-stop", "force-reload", "force-restart", "force-shutdown",
    }
    assert bash("sv", "-", scan=scan) == {"-d", "-v", "-w", "--json"}
    assert bash("sv", "status", "--", scan=scan) == {"--json", "--values"}
    assert bash("sv", "deaths", "-", scan=scan) == {"-n"}
    assert bash("sv", "allow", "-", scan=scan) == {"--status"}
    assert bash("sv", "export", "-", scan=scan) == {"--systemd", "--openrc", "--dot"}
    assert bash("sv", "check", "--", scan=scan) == {"--all", "--startup", "--live", "--ready"}
    page = (TOP / "man" / "sv.8").read_text()
    page = page[page.index("The options of\n.Ic sv add"):page.index(".Ic sv enable\n")]
    said = "".join(re.findall(r"^\.It Fl.*\n", page, re.M))
    explained = re.findall(r"Fl -([\w-]+)", said)
    assert bash("sv", "add", "--", scan=scan) == {"--" + word for word in explained}


@has("fish")
def test_fish_offers_all_commands(scan):
    assert commands() <= fish("sv", "", scan=scan)


@has("zsh")
def test_zsh_offers_all_commands(scan):
    script = (
        'source <(sed "\\$d" $0); compadd() { print -rl -- $words_of_sv; };'
        ' CURRENT=1; words=(""); _sv_command'
    )
    found = run("zsh", script, COMPLETIONS / "_sv", cwd=scan.outside)
    assert found == commands()


@has("bash")
def test_bash_offers_what_fits_the_place(services, tmp_path):
    where = ("sv", "-d", services.path)
    kept = tmp_path / "scan-available"
    for name in "web", "spare":
        (kept / name).mkdir(parents=True)
    assert bash(*where, "enable", "", scan=services) == {"spare"}
    assert bash(*where, "edit", "web", "", scan=services) >= {"run", "log/run"}
    assert "root" in bash(*where, "allow", "", scan=services)
    assert "web" in bash(*where, "allow", "root", "", scan=services)
    assert "web" in bash(*where, "allow", "--status", "", scan=services)
    assert "timeout-kill" in bash(*where, "explain", "timeout-k", scan=services)
    assert "cat" in bash("sv", "try", "--", "ca", scan=services)
    assert bash("sv", "-d", "wh", scan=services) == set()


@has("bash")
def test_bash_offers_directories_and_options_of_the_small_programs(services):
    (services.outside / "here").mkdir()
    offered = bash("svstat", "h", scan=services, file="svc")
    assert offered == {"here"}
    page = (TOP / "man" / "svwait.8").read_text()
    options = set(re.findall(r"^\.It Fl (\w)", page, re.M))
    assert bash("svwait", "-", scan=services, file="svc") == {"-" + o for o in options}
    letters = re.search(r"^\.Op Fl (\w{9,})$", (TOP / "man/svc.8").read_text(), re.M)
    assert bash("svc", "-", scan=services, file="svc") == {
        *("-" + letter for letter in letters[1]), "--wait=", "--timeout=",
    }
