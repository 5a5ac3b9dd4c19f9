"""Memory that is short, and whom the kernel ends then."""

from machine import of_a_long_test

IDLE = "#!/bin/sh\necho $$ >>starts\nexec sleep 1000000\n"
GREEDY = "#!/bin/sh\necho $$ >>starts\nexec dd if=/dev/zero of=/dev/null bs=100M\n"
# Not this script, nor what it runs.
SPARED = "echo -1000 >/proc/self/oom_score_adj\n"
SCORES = """
for name in svscanboot svscan readproctitle sleep multilog; do
    until_true pidof $name; echo $name $(cat /proc/$(pidof $name)/oom_score_adj)
done
"""


def test_supervisors_are_spared(machine):
    """The kernel is asked to end whom it would, as often as it finds somebody: it
    ends services, which have the chances that svscanboot was given, and are started
    again. (svscan was the first to go, as the largest process of all.)"""
    ran = machine.run(
        "echo 100 >/proc/self/oom_score_adj\n"
        "svscanboot /service & boot=$!\n" + SPARED + "until_true [ -e /main/current ]\n"
        "svscan=$(pidof svscan)\n"
        + SCORES
        + """
        for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
            echo f >/proc/sysrq-trigger; sleep 3
        done
        kill -0 $boot $svscan && echo there
        [ $(cat /service/a/starts /logs | wc -l) -gt 2 ] && echo again
        # What a svscan starts that was upgraded, or follows one that was killed.
        is_new() { [ $(pidof sleep) != $old ]; }
        restart() {
            until_true svok /service/a; old=$(pidof sleep)
            svc -t /service/a; until_true is_new
        }
        svscanctl -u /service; restart
        """
        + SCORES
        + "kill -9 $svscan; until_true pidof svscan; restart\n"
        + SCORES,
        files={
            "/service/a/run": IDLE,
            "/service/a/log/run": "#!/bin/sh\necho >>/logs\nexec multilog /main\n",
        },
    )
    scores = ["svscanboot -1000", "svscan -1000"]
    scores += [f"{name} 100" for name in ("readproctitle", "sleep", "multilog")]
    assert ran.said == [*scores, "there", "again", *scores, *scores]


@of_a_long_test
def test_a_greedy_service_is_ended(machine):
    """And nobody else, though all memory is gone each time."""
    ran = machine.run(
        SPARED + "echo 1 >/proc/sys/vm/overcommit_memory\n"
        "until_true svok /service/a\n"
        "is_often() { [ $(wc -l </service/greedy/starts) -gt 2 ]; }\n"
        "until_true is_often; wc -l </service/a/starts; pidof svscan | wc -w\n"
        "svc -d /service/greedy\n"
        "is_down() { svstat /service/greedy | grep -q ': down'; }\n"
        "until_true is_down\n",
        first="svscanboot /service",
        files={"/service/a/run": IDLE, "/service/greedy/run": GREEDY},
        memory_mb=128,
    )
    assert ran.said == ["1", "1"]
    assert ran.console.count("Out of memory: Killed process") >= 2


TOLD = "killed by KILL (out of memory)"


@of_a_long_test
def test_who_was_ended_for_want_of_memory_is_told_of(machine):
    """In a cgroup that has little; another service is killed by hand."""
    limited = """#!/bin/sh
    cgroup=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
    echo 8M >$cgroup/memory.max
    exec dd if=/dev/zero of=/dev/null bs=50M
    """
    ran = machine.run(
        "tell() { sv -d /service deaths a greedy | sed -n 's/^20[^k]*//p'; }\n"
        "echo +memory >/sys/fs/cgroup/cgroup.subtree_control\n"
        "svscanboot /service &\n"
        "until_true [ -s /service/a/starts ]\n"
        "until_true grep -q last-end=signal /service/greedy/supervise/state\n"
        "kill -9 $(cat /service/a/starts)\n"
        "until_true grep -q last-end=signal /service/a/supervise/state\n"
        "tell; sv -d /service status --json greedy >/told\n"
        "grep -o '\"out_of_memory\":[a-z]*' /told | uniq\n"
        "old=$(pidof svscan); kill -9 $old\n"
        "is_another() { pidof svscan && [ $(pidof svscan) != $old ]; }\n"
        "until_true is_another; until_true svok /service/greedy; tell\n",
        files={
            "/service/a/run": IDLE,
            "/service/a/restart": "never\n",
            "/service/greedy/run": limited,
            "/service/greedy/kill-scope": "cgroup\n",
            "/service/greedy/restart": "never\n",
        },
    )
    told = ["killed by KILL", TOLD]
    assert ran.said == [*told, '"out_of_memory":true', *told]
