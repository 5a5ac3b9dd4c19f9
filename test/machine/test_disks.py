"""Disks that fail while services, their records and their logs are on them.

Services go on, and obey; what can't be written is told of once, and is there as soon as
it can be; no line is lost, unless a disk loses it that said it had it.
"""

import re

import pytest

from machine import of_a_long_test

# Counts, ten lines a second; when it starts, and how far it is, stands elsewhere.
COUNTER = """#!/bin/sh
echo "web $$" >>/starts
n=0 filler=$(seq -s . 40)
while sleep 0.3; do
    for i in 0 1 2 3 4; do echo "line $((n + i)) of $filler"; done
    n=$((n + 5))
    echo $n >/written
done
"""
TREE = {
    "/given/web/run": COUNTER,
    "/given/web/log/run": "#!/bin/sh\nexec multilog s4096 n1000 ./main\n",
    "/given/db/run": "#!/bin/sh\necho db $$ >>/starts\nexec sleep 1000000\n",
}
WORDS = """
sectors=65536
table() {
    dmsetup suspend --noflush --nolockfs --noudevsync disk
    dmsetup load disk --table "0 $sectors $1"
    dmsetup resume --noudevsync disk
}
started() { [ "$(grep -c "^$1" /starts)" = "$2" ]; }
pid_of() { grep "^$1" /starts | tail -n 1 | cut -d' ' -f2; }
is_gone() { not kill -0 $1; }
says() { svstat $1 | grep -q "$2"; }
"""
# What is done while the disk fails, and after; in between it is mended.
BEGIN = """
cp -r /given /mnt/service; sync
svscan /mnt/service 2>/said & svscan=$!
cd /mnt/service
until_true svok db; until_true svok web/log; until_true started db 1
until_true [ -s web/log/main/current ]
svc -t db; until_true started db 2
"""
TROUBLE = """
old=$(pid_of web); svc -t web; until_true is_gone $old; until_true started web 2
old=$(pid_of db); svc -d db; until_true is_gone $old
written=$(cat /written); svc -u db; until_true started db 3
old=$(pid_of db); svc -d db; until_true is_gone $old
sleep 6
echo "in trouble: $(grep -c '^svscan:' /said), $(grep -c '^multilog:' /said)"
"""
MENDED = """
until_true says db ': down '; until_true says web "pid $(pid_of web))"
until_true says web/log ': up '
is_ahead() { [ $(cat /written) -gt $((written + 40)) ]; }
until_true is_ahead
kill -TERM $svscan; wait $svscan; echo "svscan $?"
cd /; umount /mnt; echo 3 >/proc/sys/vm/drop_caches; mount $device /mnt
sed 's/^/said: /' /said
echo "written $(cat /written)"
cd /mnt/service/web/log/main
cat @* current | tr -d '\\0'
"""

# The disk, and what is above it if its table is to be changed.
LINEAR = "table 'linear /dev/vda 0'"
DM = "dmsetup create --noudevsync disk --table \"0 $sectors linear /dev/vda 0\""
TROUBLES = {
    # As errors=remount-ro does it, without the error.
    "read-only": ("echo u >/proc/sysrq-trigger", "mount -o remount,rw /mnt"),
    "full": ("dd if=/dev/zero of=/mnt/fill bs=64k 2>/dev/null", "rm /mnt/fill"),
    "error": ("table error", LINEAR),
    "delay": ("table 'delay /dev/vda 0 1500'", LINEAR),
    "flakey": ("table 'flakey /dev/vda 0 1 3'", LINEAR),
}


def numbers_of(said):
    """Those of whole lines of the counter."""
    found = (re.fullmatch(r"line (\d+) of [0-9.]+", line) for line in said)
    return [int(match[1]) for match in found if match]


@of_a_long_test
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_disk_in_trouble(machine, trouble):
    breaks, mends = TROUBLES[trouble]
    disk = machine.disk("service", options=["-O", "^has_journal"])
    is_mapped = "table" in breaks
    device = "/dev/dm-0" if is_mapped else "/dev/vda"
    ran = machine.run(
        f"device={device}\n{WORDS}{DM if is_mapped else ''}\n"
        f"mount -o errors=continue {device} /mnt\n"
        f"{BEGIN}{breaks}\n{TROUBLE}{mends}\n{MENDED}",
        files=TREE,
        disks=[disk],
        programs=["dmsetup"] if is_mapped else [],
        modules=["dm-mod", "dm-delay", "dm-flakey"] if is_mapped else [],
        limit_s=600,
    )
    assert "svscan 0" in ran.said
    said = [line[6:] for line in ran.said if line.startswith("said: ")]
    # Of each service one that its state can't be written; where it could be for a
    # while, one more.
    of_svscan = [line for line in said if line.startswith("svscan:")]
    assert len(of_svscan) <= (12 if trouble == "flakey" else 3), of_svscan
    assert all("unable to write" in line for line in of_svscan)
    written = int(next(line for line in ran.said if line[:8] == "written ")[8:])
    numbers = numbers_of(ran.said)
    second = numbers.index(0, 1)
    assert numbers[:second] == list(range(second))
    assert numbers[second:] == list(range(len(numbers) - second))
    assert len(numbers) - second >= written


@of_a_long_test
def test_a_quota_that_is_exceeded(machine):
    """The logger's user may have no more; the service goes on, and waits."""
    disk = machine.disk("service", options=["-O", "quota", "-E", "quotatype=usrquota"])
    ran = machine.run(
        """
        ln -s /proc/mounts /etc/mtab
        mount -o usrquota /dev/vda /mnt
        cp -r /given /mnt/service; cd /mnt/service
        mkdir web/log/main; chown nobody web/log/main
        setquota -u nobody 0 60 0 0 /mnt
        svscan /mnt/service 2>/said & svscan=$!
        until_true grep -q quota /said; sleep 12
        echo "in trouble: $(grep -c '^svscan:' /said), $(grep -c 'quota' /said)"
        svstat web web/log
        setquota -u nobody 0 0 0 0 /mnt
        written=$(cat /written)
        is_ahead() { [ $(cat /written) -gt $((written + 40)) ]; }
        until_true is_ahead
        kill -TERM $svscan; wait $svscan; echo "svscan $?"
        echo "written $(cat /written)"
        cat web/log/main/@* web/log/main/current
        """,
        files=TREE
        | {
            "/given/web/log/run": "#!/bin/sh\n"
            "exec setuidgid nobody multilog s4096 n1000 ./main\n"
        },
        disks=[disk],
        programs=["setquota"],
        modules=["quota_v2"],
    )
    assert "svscan 0" in ran.said
    assert [line for line in ran.said if line.startswith("in trouble: 0, ")]
    numbers = numbers_of(ran.said)
    written = int(next(line for line in ran.said if line[:8] == "written ")[8:])
    assert numbers == list(range(len(numbers))) and len(numbers) >= written
