"""softlimit(8): the limits that the program gets."""

import os
import resource
import subprocess

import pytest

from support import BIN

SHOW = """
import resource, sys
for name in sys.argv[1:]:
    print(*resource.getrlimit(getattr(resource, "RLIMIT_" + name)))
"""


def limits(options, *names):
    """What a program under softlimit has: lists of soft and hard limits."""
    run = subprocess.run(
        [BIN / "softlimit", *options, "/usr/bin/python3", "-c", SHOW, *names],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return [
        [int(number) for number in line.split()]
        for line in run.stdout.splitlines()
    ]


def hard(name):
    return resource.getrlimit(getattr(resource, "RLIMIT_" + name))[1]


@pytest.mark.parametrize(
    "letter, name",
    [
        ("-a", "AS"),
        ("-c", "CORE"),
        ("-d", "DATA"),
        ("-f", "FSIZE"),
        ("-l", "MEMLOCK"),
        ("-o", "NOFILE"),
        ("-p", "NPROC"),
        ("-r", "RSS"),
        ("-s", "STACK"),
        ("-t", "CPU"),
    ],
)
def test_each_letter_sets_its_soft_limit_only(letter, name):
    value = 1000 if letter in ("-o", "-p", "-t") else 300000000
    value = value if hard(name) == -1 else min(value, hard(name))
    assert limits([letter, str(value)], name) == [[value, hard(name)]]


def test_m_sets_four_limits():
    names = ["DATA", "STACK", "MEMLOCK", "AS"]
    for name, (soft, _) in zip(names, limits(["-m", "300000000"], *names)):
        top = hard(name)
        assert soft == (300000000 if top == -1 else min(300000000, top))


def test_largest_number_is_no_limit():
    wanted = [[hard("CORE"), hard("CORE")]]
    assert limits(["-c", "18446744073709551615"], "CORE") == wanted
    assert limits(["-c", "=", "-c", "00000000000000000000007"], "CORE")[0][0] == 7


@pytest.mark.parametrize(
    "number",
    ["18446744073709551616", "18446744073709551617", "99999999999999999999"
     "99999999999999999999", "184467440737095516150"],
)
def test_number_that_would_wrap_round_is_refused(number):
    run = subprocess.run(
        [BIN / "softlimit", "-d" + number, "/bin/echo", "ran"],
        capture_output=True,
        timeout=120,
    )
    assert (run.returncode, run.stdout) == (100, b"")
    message, usage = run.stderr.decode().splitlines()
    assert message == f"softlimit: number too large for -d: {number}"
    assert usage.startswith("softlimit: usage: softlimit [-a allbytes] ")


# ---- daemontools-encore's additions ----


def may_raise_hard_limits():
    """Root in a container may not be able to."""
    lowered = ["prlimit", "--core=5:7", "prlimit", "--core=unlimited:unlimited"]
    return subprocess.run([*lowered, "true"], stderr=subprocess.DEVNULL).returncode == 0


def test_dash_is_no_limit():
    """Also where there was one: the hard limit goes, too."""
    run = subprocess.run(
        ["prlimit", "--core=5:7", BIN / "softlimit", "-c", "-", "sh", "-c",
         "ulimit -Sc; ulimit -Hc"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if may_raise_hard_limits():
        assert (run.stdout, run.stderr) == ("unlimited\nunlimited\n", "")
    else:
        assert (run.returncode, run.stdout) == (111, "")
        assert run.stderr == "softlimit: fatal: setrlimit failed: permission denied\n"


def test_dash_is_no_limit_where_there_is_none_above():
    if hard("CORE") != -1:
        pytest.skip("core files are limited for good here")
    assert limits(["-c", "5", "-c", "-"], "CORE") == [[-1, -1]]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_dash_is_refused_to_those_who_may_not():
    def unprivileged():
        resource.setrlimit(resource.RLIMIT_CORE, (5, 7))
        os.setuid(65534)

    fd = os.open(BIN, os.O_RDONLY)
    run = subprocess.run(
        [f"/proc/self/fd/{fd}/softlimit", "-c", "-", "true"],
        capture_output=True,
        text=True,
        timeout=120,
        pass_fds=[fd],
        preexec_fn=unprivileged,
    )
    os.close(fd)
    assert (run.returncode, run.stdout) == (111, "")
    assert run.stderr == "softlimit: fatal: setrlimit failed: permission denied\n"


VARIABLES = {
    "SOFTLIMIT_ALLBYTES": "AS",
    "SOFTLIMIT_COREBYTES": "CORE",
    "SOFTLIMIT_DATABYTES": "DATA",
    "SOFTLIMIT_FILEBYTES": "FSIZE",
    "SOFTLIMIT_LOCKEDBYTES": "MEMLOCK",
    "SOFTLIMIT_MEMBYTES": "AS",
    "SOFTLIMIT_OPENFILES": "NOFILE",
    "SOFTLIMIT_PROCS": "NPROC",
    "SOFTLIMIT_RSSBYTES": "RSS",
    "SOFTLIMIT_STACKBYTES": "STACK",
    "SOFTLIMIT_CPUSECS": "CPU",
}


@pytest.mark.parametrize("variable, name", VARIABLES.items())
def test_variables_count_as_options_before_all_others(monkeypatch, variable, name):
    value = 1000 if name in ("NOFILE", "NPROC", "CPU") else 300000000
    value = value if hard(name) == -1 else min(value, hard(name))
    monkeypatch.setenv(variable, str(value))
    assert limits([], name) == [[value, hard(name)]]
    monkeypatch.setenv(variable, "=")
    assert limits([], name) == [[hard(name), hard(name)]]


def test_variable_for_four_yields_to_that_for_one(monkeypatch):
    monkeypatch.setenv("SOFTLIMIT_DATABYTES", "200000000")
    monkeypatch.setenv("SOFTLIMIT_MEMBYTES", "300000000")
    assert limits([], "DATA", "AS") == [
        [200000000, hard("DATA")],
        [300000000, hard("AS")],
    ]
    assert limits(["-d", "100000000"], "DATA")[0][0] == 100000000


@pytest.mark.parametrize("value", ["x", "--", " 1", "18446744073709551616"])
def test_variable_that_is_no_limit_is_fatal(monkeypatch, value):
    monkeypatch.setenv("SOFTLIMIT_COREBYTES", value)
    run = subprocess.run(
        [BIN / "softlimit", "echo", "ran"], capture_output=True, text=True, timeout=120
    )
    assert (run.returncode, run.stdout) == (100, "")
    assert run.stderr == (
        f"softlimit: fatal: SOFTLIMIT_COREBYTES is not a number, = or -: {value}\n"
    )
