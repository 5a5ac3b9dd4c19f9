"""softlimit(8): the limits that the program gets."""

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
        timeout=30,
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
        timeout=30,
    )
    assert (run.returncode, run.stdout) == (100, b"")
    message, usage = run.stderr.decode().splitlines()
    assert message == f"softlimit: number too large for -d: {number}"
    assert usage.startswith("softlimit: usage: softlimit [-a allbytes] ")
