"""The way of a start through chain loaders: an account into the environment,
variables from a folder, that account, a limit, then the program."""

import os
import pwd
import shutil
import statistics

import peers
import processes
from measures import Metric

SESSIONS = ("alone",)
METRICS = [
    Metric(
        "chain_ms",
        "envuidgid, envdir, setuidgid, softlimit, program",
        "ms",
        3,
        session="alone",
    )
]
TIMES = 100


def measure(session, _):
    program = session.work / "payload"
    shutil.copy(peers.TOOLS / "payload", program)
    folder = session.work / "env"
    folder.mkdir()
    for name in ("ONE", "TWO", "THREE"):
        (folder / name).write_text(f"the value of {name}\n")
    user = pwd.getpwuid(os.getuid()).pw_name
    argv = [peers.TOOLS / "launch", *session.suite.chain(user, folder, program)]
    return {"chain_ms": statistics.median(once(session, argv) for _ in range(TIMES))}


def once(session, argv):
    pid = session.client(argv)
    launched, runs = session.reports.next(10), session.reports.next(10)
    processes.kill([pid])
    processes.wait(pid)
    return (runs.at_ns - launched.at_ns) / 1e6
