"""Directories as the manuals of the four suites describe them are understood."""

import pytest
from directories import read_configs

SH = "#!/bin/sh\nexec true\n"
EXECLINE = "#!/bin/execlineb -P\nfdmove -c 2 1\ntrue\n"

# {name: ({file: text, or None for a directory}, what is concluded)}; what begins
# with #! is executable.
EXAMPLES = {
    # daemontools
    "plain": ({"run": SH}, "daemontools (nothing of another suite)"),
    "logged": (
        {"run": SH, "log/run": SH, "log/main": None, "down": "", "env/HOME": "/\n"},
        "daemontools (nothing of another suite)",
    ),
    "dnscache": (
        {
            "run": SH,
            "seed": "x" * 128,
            "env/IP": "127.0.0.1\n",
            "root/ip/127.0.0.1": "",
            "root/servers/@": "192.0.2.1\n",
            "log/run": SH,
            "log/status": "",
        },
        "daemontools (nothing of another suite)",
    ),
    "with the user's own files": (
        {
            "run": SH,
            "type": "web\n",
            "restart": SH,
            "main": None,
            "conf.d/x": "",
            "README": "",
            "data/type": "bundle\n",
        },
        "daemontools (nothing of another suite)",
    ),
    # daemontools-encore
    "encore": (
        {"run": SH, "start": SH, "stop": SH, "notify": SH, "no-setsid": "", "log": SH},
        "encore (start, stop, notify, log, no-setsid)",
    ),
    "encore-one-shot": ({"start": SH, "stop": SH}, "encore (start, stop)"),
    "encore-start": ({"run": SH, "start": SH}, "encore (start)"),
    # runit
    "runit": (
        {
            "run": SH,
            "finish": SH,
            "check": SH,
            "control/t": SH,
            "control/d": SH,
            "conf": "OPTIONS=-v\n",
            "log/run": SH,
            "log/config": "s1000\n",
        },
        "runit (check, control, conf)",
    ),
    "runit-finish": (
        {"run": SH, "finish": SH},
        "daemontools (nothing of another suite)",
    ),
    "runit-helpers": (
        {"run": SH, "conf": "", "start": SH, "stop": SH},
        "runit (conf)",
    ),
    # s6
    "s6": (
        {
            "run": EXECLINE,
            "finish": EXECLINE,
            "notification-fd": "3\n",
            "timeout-kill": "5000\n",
            "timeout-finish": "0\n",
            "down-signal": "SIGINT\n",
            "reload-signal": "USR1",
            "max-death-tally": "50\n",
            "lock-fd": "4\n",
            "flag-newpidns": "",
            "data/rules": None,
            "env/X": "",
            "event": None,
            "log/run": EXECLINE,
        },
        "s6 (run for execlineb, finish for execlineb, flag-newpidns, notification-fd,"
        " timeout-kill, timeout-finish, down-signal, reload-signal, max-death-tally,"
        " lock-fd)",
    ),
    "s6-ipcserver": ({"run": SH, "notification-fd": "1"}, "s6 (notification-fd)"),
    "s6-execline": ({"run": EXECLINE}, "s6 (run for execlineb)"),
    # s6-rc, sources
    "longrun": (
        {
            "type": "longrun\n",
            "run": EXECLINE,
            "notification-fd": "3\n",
            "dependencies.d/mount": "",
            "producer-for": "longrun-log\n",
            "timeout-up": "10000\n",
            "timeout-down": "2000\n",
            "flag-essential": "",
        },
        "s6 (run for execlineb, notification-fd, type)",
    ),
    "oneshot": (
        {"type": "oneshot\n", "up": "mount /proc\n", "down": "umount /proc\n"},
        "s6 (type)",
    ),
    "bundle": ({"type": "bundle\n", "contents.d/a": "", "contents.d/b": ""}, "s6 (type)"),
    # our own, and mixtures
    "policies": (
        {
            "run": SH,
            "restart": "on-failure delay=1s backoff=2 max-delay=60s limit=5/1m\n",
            "on-giving-up": "shutdown 3\n",
            "kill-scope": "group\n",
            "notify-socket": "",
            "wants.d/dns": "",
            "after.d/clock": "",
        },
        "daemontools (nothing of another suite)",
    ),
    "mixed": (
        {"run": SH, "timeout-kill": "1000\n", "check": SH, "notify": SH},
        "s6 (timeout-kill) and runit (check) and encore (notify)",
    ),
    "overruled": (
        {"run": EXECLINE, "notification-fd": "3\n", "dialect": "runit\n"},
        "runit (as the file dialect says)",
    ),
}


def make(folder, files):
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_directory_is_understood_without_trouble(name, tmp_path):
    files, expected = EXAMPLES[name]
    folder = tmp_path / name
    folder.mkdir()
    make(folder, files)
    assert read_configs([folder])[folder] == (expected, [])


def test_what_is_wrong_is_told_of_by_file(tmp_path):
    """The values of a directory that a tired administrator has written."""
    make(
        tmp_path,
        {
            "run": SH,
            "notification-fd": "three\n",
            "timeout-kill": "5s\n",
            "down-signal": "SIGSTERN\n",
            "restart": "on-failure dealy=1s\n",
        },
    )
    assert read_configs([tmp_path])[tmp_path] == (
        "s6 (notification-fd, timeout-kill, down-signal)",
        [
            'notification-fd: "three" is not the number of a descriptor; using none',
            'timeout-kill: "5s" is not a number of milliseconds; using 0, no limit',
            'down-signal: "SIGSTERN" is not the name or number of a signal; using TERM',
            'restart: "dealy=1s" is not delay=, backoff=, max-delay= or limit=;'
            " ignoring it",
        ],
    )
