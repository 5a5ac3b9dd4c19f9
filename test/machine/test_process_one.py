"""svscanboot as process 1 of a machine, and below another process 1."""

import re

from kernel import fetch
from machine import of_a_long_test

# Each says in /log when it starts and ends, and leaves nobody behind. The logger of
# web keeps what it says.
SAYING = """#!/bin/sh
name=${PWD##*/}
echo "$name starts" >>/log
trap 'echo "$name ends"; echo "$name ends" >>/log; kill $!; exit 0' TERM
echo "$name is up"
while :; do sleep 1000 & wait $!; done
"""
LOGGER = "#!/bin/sh\nexec multilog /main\n"
# web needs db.
TREE = {
    "/service/db/run": SAYING,
    "/service/web/run": SAYING,
    "/service/web/dependencies.d/db": "",
    "/service/web/log/run": LOGGER,
}
UP = "until_true grep -q 'web starts' /log\n"
ORDER = ["db starts", "web starts", "web ends", "db ends"]
LOOK = "svstat /service/db /service/web /service/web/log\n"


def pids(lines):
    return [re.search(r"pid (\d+)", line)[1] for line in lines]


def test_process_1(machine):
    """An svscan that is killed takes nothing along; every orphan is reaped; all
    ends in order, and what is said last is in the log."""
    ran = machine.run(
        UP + LOOK + "sh -c 'sleep 1 & sleep 2 & exit 0'\n"
        "old=$(pidof svscan); kill -9 $old\n"
        "is_another() { pidof svscan && [ $(pidof svscan) != $old ]; }\n"
        "until_true is_another; until_true svok /service/web/log; sleep 10\n"
        + LOOK
        + "ps -o stat,comm | grep Z || echo no zombies\n"
        "svc -d /service/db /service/web\n"
        "until_true grep 'db ends' /log; until_true grep ends /main/current\n"
        "cat /log /main/current",
        first="svscanboot /service",
        files=TREE,
    )
    before, after, rest = ran.said[:3], ran.said[3:6], ran.said[6:]
    assert pids(before) == pids(after)
    assert rest == ["no zombies", *ORDER, "web is up", "web ends"]


@of_a_long_test
def test_a_shell_as_process_1_outlives_svscanboot(machine):
    """As in EXAMPLES of svscanboot(8)."""
    ran = machine.run(
        UP + "svscanctl -t /service; sleep 1000",
        first="sh /boot",
        files=TREE
        | {"/boot": "svscanboot /service\ncat /log /main/current; reboot -f\n"},
        end="reboot",
    )
    assert ran.said == [*ORDER, "web is up", "web ends"]


@of_a_long_test
def test_term_to_process_1(machine):
    """All ends in order. Then it is over, which the kernel takes amiss."""
    files = {
        name: text.replace(">>/log", ">>/dev/ttyS1") for name, text in TREE.items()
    }
    ran = machine.run(
        "until_true grep -q up /main/current; kill -TERM 1; sleep 1000",
        first="svscanboot /service",
        files=files,
        end="panic",
    )
    assert ran.said == ORDER
    assert "Attempted to kill init! exitcode=0x00000000" in ran.console


@of_a_long_test
def test_reset_in_the_middle(machine):
    """Everything starts afresh, whatever is on record of before: the same pids, as
    may be, at the same moments since the boot, and wishes that nobody has now."""
    disk = machine.disk("service")
    boot = "mount /dev/vda /mnt; touch /log; mkdir -p /mnt/service\n"
    start = boot + "exec svscanboot /mnt/service\n"
    up = "until_true test -e /mnt/service/web/supervise/ok\n" + UP
    machine.run(
        "until_true test -d /mnt/service; cp -r /service/* /mnt/service\n"
        + up
        + "svc -d /mnt/service/web; svc -p /mnt/service/db\n"
        "until_true grep -q 'web ends' /log; sync\n"
        "echo b >/proc/sysrq-trigger; sleep 1000",
        first="sh /boot",
        files=TREE | {"/boot": start},
        disks=[disk],
        end="reboot",
    )
    ran = machine.run(
        up + "cat /log; svstat /mnt/service/*",
        first="sh /boot",
        files={"/boot": start},
        disks=[disk],
    )
    assert ran.said[:2] == ["db starts", "web starts"]
    for line, name in zip(ran.said[2:], ("db", "web")):
        assert re.fullmatch(rf"/mnt/service/{name}: up \(pid \d+\) \d seconds", line)


@of_a_long_test
def test_below_the_init_of_busybox(machine):
    """Its inittab keeps svscanboot, killed or not, and ends services at the end."""
    ran = machine.run(
        UP + LOOK + "kill -9 $(pidof svscanboot)\n"
        "until_true pidof svscanboot; until_true svok /service/web; sleep 10\n"
        + LOOK
        + "poweroff; sleep 1000",
        first="init",
        files=TREE
        | {
            "/etc/inittab": "::respawn:/command/svscanboot\n"
            "::shutdown:/bin/sh -c '/command/svscanctl -t /service'\n"
            "::shutdown:/bin/sh /wait\n",
            "/wait": "export PATH=/command:/bin\n. /machine/words\n"
            "until_true not svok /service/db; cat /log /main/current >/dev/ttyS1\n",
        },
        end="poweroff by init",
    )
    before, after, rest = ran.said[:3], ran.said[3:6], ran.said[6:]
    assert pids(before) == pids(after)
    assert rest[:6] == [*ORDER, "web is up", "web ends"]


@of_a_long_test
def test_below_runit(machine):
    """As what stage 2 becomes: runit ends that by TERM, and waits for it."""
    (runit,) = fetch("runit").glob("**/sbin/runit")
    ran = machine.run(
        UP + LOOK + "old=$(pidof svscan); kill -9 $old\n"
        "is_another() { pidof svscan && [ $(pidof svscan) != $old ]; }\n"
        "until_true is_another; until_true svok /service/web; sleep 3\n"
        + LOOK
        + "touch /run/runit.stopit; chmod 100 /run/runit.stopit; kill -CONT 1\n"
        "sleep 1000",
        first="/bin/runit",
        files=TREE
        | {
            "/etc/runit/1": "#!/bin/sh\n",
            "/etc/runit/2": "#!/bin/sh\nexec svscanboot /service\n",
            "/etc/runit/3": "#!/bin/sh\ncat /log /main/current >/dev/ttyS1\n",
        },
        programs=[runit],
        end="poweroff by init",
    )
    before, after, rest = ran.said[:3], ran.said[3:6], ran.said[6:]
    assert pids(before) == pids(after)
    said = [line for line in rest if "runit:" not in line]
    assert said == [*ORDER, "web is up", "web ends"]
