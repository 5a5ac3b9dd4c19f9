"""Clocks that jump, while services and their loggers run.

In these machines time leaps, so a minute costs nothing. What is said of moments and
spans is checked against /proc/uptime, which nobody sets.
"""

import datetime
import json
import re

import pytest

from machine import of_a_long_test

YEAR = 365 * 86400
NOW = "2026-01-01T00:00:00"
# Counts, ten lines a second; each goes through the logger.
COUNTER = """#!/bin/sh
cut -d' ' -f1 /proc/uptime >>/starts
n=0 filler=$(seq -s . 40)
while sleep 1; do
    for i in 0 1 2 3 4 5 6 7 8 9; do echo "line $((n + i)) of $filler"; done
    n=$((n + 10))
done
"""
MORTAL = "#!/bin/sh\ncut -d' ' -f1 /proc/uptime >>/mortal\nexec sleep 1000000\n"
TREE = {
    "/service/web/run": COUNTER,
    "/service/web/log/run": "#!/bin/sh\nexec multilog t s4096 n3 /main\n",
    "/service/mortal/run": MORTAL,
    "/service/idle/run": "#!/bin/sh\nexec sleep 1000000\n",
    "/service/idle/down": "",
}
WORDS = """
uptime_s() { cut -d' ' -f1 /proc/uptime; }
says() { svstat $1 | grep -q "$2"; }
clock() { date -u -s "@$(($(date +%s) + $1))" >/dev/null; }
look() {
    echo "look $(uptime_s)"
    svstat /service/web /service/web/log /service/mortal /service/idle
    sv -d /service status web | cat
    sv -d /service status --json web
    sv -d /service status | grep ^web
    date +%s
}
# How long it takes from a death to the next start.
restart() {
    old=$(wc -l </mortal)
    ended=$(uptime_s)
    svc -t /service/mortal
    is_more() { [ "$(wc -l </mortal)" -gt $old ]; }
    until_true is_more
    echo "restart $ended $(tail -n 1 /mortal)"
}
until_true [ -e /starts ]
until_true [ -e /mortal ]
until_true svok /service/idle
"""
def check_look(lines, since):
    """`since`: when the services started, in seconds since boot."""
    up_s = float(lines[0].split()[1]) - since
    near = range(int(up_s) - 1, int(up_s) + 3)
    for line in lines[1:3] + lines[4:5]:  # of mortal it is another matter
        assert int(re.search(r"(\d+) seconds", line)[1]) in near, lines
    assert int(re.search(r"(\d+)s$", lines[5])[1]) in near, lines
    shown = json.loads(lines[6])["since"]
    began = datetime.datetime.fromisoformat(shown.removesuffix("Z") + "+00:00")
    assert int(lines[8]) - int(began.timestamp()) in near, lines
    assert int(lines[8]) - int(lines[7].split()[2]) in near, lines


def read(said):
    """What a look says, each a list; and the spans of restarts."""
    looks, restarts, rest = [], [], []
    for line in said:
        words = line.split()
        if words[0] == "look":
            looks.append([line])
        elif words[0] == "restart":
            restarts.append(float(words[2]) - float(words[1]))
        elif looks and len(looks[-1]) < 9:
            looks[-1].append(line)
        else:
            rest.append(line)
    return looks, restarts, rest


@pytest.mark.parametrize(
    "date, jumps",
    [
        pytest.param(NOW, [YEAR, -2 * YEAR, YEAR], marks=of_a_long_test),
        # A machine without a clock of its own: it is set right, later.
        ("1970-01-01T00:00:00", [56 * YEAR]),
        pytest.param(NOW, [-5, 5, 3600, -3600, 60, -7200], marks=of_a_long_test),
    ],
    ids=["years", "1970", "little"],
)
def test_nothing_happens_when_the_clock_jumps(machine, date, jumps):
    """No restart, no early or endless delay, no line lost, and the truth is told."""
    script = WORDS + "sleep 5; look; restart\n"
    for jump in jumps:
        script += f"clock {jump}; look; restart; sleep 5; look; restart\n"
    script += "echo starts $(wc -l </starts); cat /starts\n"
    # Those that are to end wait for no clock, and the logger has it all.
    script += "svc -d /service/web; until_true says /service/web ': down '\n"
    script += "sleep 1; ls /main/@* | wc -l; cat /main/@* /main/current\n"
    ran = machine.run(
        script, first="svscanboot /service", files=TREE, date=date, limit_s=600
    )
    looks, restarts, rest = read(ran.said)
    assert rest[0] == "starts 1"
    since = float(rest[1])
    assert len(looks) == 1 + 2 * len(jumps)
    for lines in looks:
        check_look(lines, since)
    # At once, as it was up for longer than a second.
    assert len(restarts) == len(looks)
    assert all(0 <= span < 1 for span in restarts), restarts
    check_lines(rest[2:])


def check_lines(lines):
    """The newest, in the order of their numbers; none is missing or there twice."""
    assert lines[0] == "2"  # n3 counts current
    numbers = [int(line.split()[2]) for line in lines[1:]]
    first = min(numbers)
    assert sorted(numbers) == list(range(first, first + len(numbers)))
    # Of files that hold some fifteen lines each, the last three are there.
    assert len(numbers) > 25 and numbers[-1] == max(numbers) > 100
