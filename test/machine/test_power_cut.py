"""Power that is cut in the middle of everything, on ext4 with a journal.

The machine is ended, as a pulled plug ends one, while services start, stop and die,
logs rotate and processors run. It boots again from the same disk: nothing may need a
hand. HOLDFAST_SEED repeats a run; by default there are two cuts, in a long test 30.
"""

import os
import random
import re

from machine import IS_LONG

CUTS = 30 if IS_LONG else 1
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
# Its lines are numbered from 1 in each boot.
WRITER = """#!/bin/sh
boot=$(cat /boot-number)
n=0 filler=$(seq -s . 30)
while :; do
    for i in 1 2 3 4 5 6 7 8; do
        n=$((n + 1)); echo "boot $boot line $n $filler end"
    done
    sleep 0.15
done
"""
MORTAL = "#!/bin/sh\nsleep 0.3\nexit 1\n"
TREE = {
    "/given/writer/run": WRITER,
    "/given/writer/log/run": "#!/bin/sh\nexec multilog t s4096 n100000 ./main\n",
    "/given/packed/run": WRITER,
    "/given/packed/log/run": "#!/bin/sh\n"
    "exec multilog t s4096 n100000 !'gzip -c' ./main\n",
    "/given/mortal/run": MORTAL,
    "/given/mortal/finish": "#!/bin/sh\nexit 0\n",
    "/given/sleeper/run": "#!/bin/sh\nexec sleep 1000000\n",
}
NAMES = ("mortal", "packed", "sleeper", "writer")
FIRST = """
mount /dev/vda /mnt
cat /machine/boot-number >/boot-number
[ -d /mnt/service ] || { cp -r /given /mnt/new; mv /mnt/new /mnt/service; sync; }
svscanboot /mnt/service
sleep 1000000
"""
# What was said to be synced before the plug was pulled, and that all is up again.
# Every old file was synced before it got its name, and `current` before a rotation.
ROUND = """
cd /mnt/service 2>/dev/null || { until_true [ -d /mnt/service ]; cd /mnt/service; }
until_true svok writer/log; until_true svok packed/log; until_true svok sleeper
is_up() { svstat $1 | grep -q ': up '; }
for name in writer writer/log packed packed/log sleeper; do until_true is_up $name; done
until_true sh -c '[ "$(grep -c ^starts=[2-9] mortal/supervise/state)" = 1 ]'
echo "up"
# From now on: whatever there is to be cut.
( while sleep 0.5; do svc -t sleeper; svc -d sleeper; sleep 0.1; svc -u sleeper
    svc -a writer/log packed/log; done ) &
( while sleep 0.4; do
    for file in writer/log/main/@*.s packed/log/main/@*.s; do echo "synced $file"; done
done ) &
ticks
"""
# Everything that is in the logs, in the order of the files.
READ = """
until_true svok /mnt/service/writer/log
cd /mnt/service
svscanctl -t .; until_true not pidof svscan
ls -1d writer/log/main/[!@]* packed/log/main/[!@]*
cd writer/log/main; for file in @* current; do echo "file $file"; cat $file; done
echo "packed"
cd ../../../packed/log/main
for file in @* current; do
    echo "file $file"
    case $file in *.s) gzip -dc $file ;; *) cat $file ;; esac
done
"""
# What else may be in the directory of a log when all is over.
QUIET = {"current", "lock", "state"}
LINE = re.compile(r"@([0-9a-f]{24}) boot (\d+) line (\d+) [0-9.]+ end")


def lines_of(said):
    """name of a file -> its lines, for either log."""
    logs, names = [{}], None
    for line in said:
        if line == "packed":
            logs.append({})
        elif line.startswith("file "):
            names = logs[-1].setdefault(line[5:], [])
        elif names is not None:
            names.append(line)
    return logs


def check_log(files):
    """Per boot, numbers from 1 without a gap, each once."""
    seen = {}
    for name, lines in files.items():
        for line in lines:
            found = LINE.fullmatch(line)
            # What was cut off is the end of a file that says so.
            is_end = name.endswith(".u") and line is lines[-1]
            assert found or is_end, (name, line)
            if found:
                seen.setdefault(int(found[2]), []).append(int(found[3]))
    for boot, numbers in seen.items():
        first = list(range(1, len(numbers) + 1))
        assert sorted(numbers) == first, (boot, sorted(set(first) - set(numbers)))
    return seen


def test_a_power_cut_at_any_moment(machine):
    rng = random.Random(SEED)
    disk = machine.disk("service", megabytes=64)
    synced = set()
    for boot in range(1, CUTS + 1):
        tick = rng.randrange(1, 40)
        print(f"seed {SEED}, boot {boot}, tick {tick}")
        ran = machine.run(
            ROUND,
            first="sh /first",
            files=TREE | {"/first": FIRST, "/machine/boot-number": f"{boot}\n"},
            disks=[disk],
            date=f"2026-01-{boot:02}T00:00:00",
            kill_at=f"tick {tick}",
            kill_after_s=rng.random() / 20,
        )
        assert "up" in ran.said
        check_console(ran)
        synced |= {line[7:] for line in ran.said if line.startswith("synced ")}
    ran = machine.run(
        READ,
        first="sh /first",
        files=TREE | {"/first": FIRST, "/machine/boot-number": f"{CUTS + 1}\n"},
        disks=[disk],
        date="2026-02-01T00:00:00",
        limit_s=900,
    )
    check_console(ran)
    assert {line.rpartition("/")[2] for line in ran.said if "/" in line} <= QUIET
    writer, packed = lines_of(ran.said)
    assert len(check_log(writer)) >= CUTS
    assert len(check_log(packed)) >= CUTS
    there = {f"writer/log/main/{name}" for name in writer}
    there |= {f"packed/log/main/{name}" for name in packed}
    assert {name for name in synced if "*" not in name} <= there


def check_console(ran):
    assert "EXT4-fs error" not in ran.console
