"""Machines on which less is to be had: processes that are hidden, /proc that shows
little or isn't there, no namespaces, no IPv6.

What can't be told is never guessed: whatever svscan is kept from seeing, no service
runs twice, and it is said why one is left alone.
"""

import pytest

from machine import of_a_long_test

# Each start is a line.
NOTED = "#!/bin/sh\necho $$ >>starts\nexec sleep 1000000\n"
OTHERS = "#!/bin/sh\necho $$ >>starts\nexec setuidgid nobody sleep 1000000\n"
STARTED = "until_true [ -s /service/a/starts ]; until_true svok /service/a\n"
COUNT = "wc -l </service/a/starts\n"
AGAIN = """
is_again() { [ $(wc -l </service/a/starts) = 2 ] && svok /service/a; }
until_true is_again
"""
UNSEEN = "unable to take over a: its process can't be looked at"
LOCKED = "unable to acquire a/supervise/lock: temporary failure"


def killed_and_started(start, besides=""):
    """An svscan is killed, and then there is another."""
    return f"""
{start} 2>/first &
svscan=$!
{STARTED}
{besides}
kill -9 $svscan; wait
{start} 2>/second &
svscan=$!
"""


def test_hidden_from_root(machine):
    """By hidepid=2, from a root without CAP_SYS_PTRACE, where the group that may
    look isn't root's: it is left alone, and started again when it has ended, which
    can be told."""
    ran = machine.run(
        "mount -o remount,hidepid=2,gid=1234 /proc\n"
        + killed_and_started(
            "/bin/setpriv --bounding-set -sys_ptrace svscan /service",
            "is_nobodys() { [ $(stat -c %u /proc/$(cat /service/a/starts)) = 65534 ]; }\n"
            "until_true is_nobodys",
        )
        + "until_true [ -s /second ]; cat /second; sleep 20; cat /second\n"
        + COUNT
        + "svok /service/a; echo $?\n"
        "kill $(cat /service/a/starts)\n" + AGAIN + COUNT,
        files={"/service/a/run": OTHERS},
        programs=["setpriv"],
    )
    message = f"svscan: warning: {UNSEEN}"
    assert ran.said == [message, message, "1", "100", "2"]


@of_a_long_test
def test_processes_of_others_are_hidden(machine):
    """By hidepid=2, from who has no rights: the own ones aren't, and are adopted."""
    ran = machine.run(
        "mount -o remount,hidepid=2 /proc\n"
        "chown -R nobody /service\n"
        + killed_and_started("setuidgid nobody svscan /service", "svstat /service/a")
        + STARTED
        + "until_true svok /service/a; svstat /service/a\n"
        + COUNT
        + "cat /second; kill $svscan; wait\n",
        files={"/service/a/run": NOTED},
    )
    before, after, count = ran.said
    assert before.split()[:4] == after.split()[:4] and count == "1"


@of_a_long_test
@pytest.mark.parametrize(
    "hide",
    ["mount -t proc -o subset=pid proc /proc", "umount /proc"],
    ids=["processes alone", "none"],
)
def test_nothing_can_be_proved(machine, hide):
    """The service holds its lock itself: nobody takes it over, and none is started
    beside it. All that needs no looking at processes works."""
    ran = machine.run(
        hide
        + "\n"
        + killed_and_started("svscan /service", "svstat /service/a | grep -c ': up'")
        + "until_true [ -s /second ]; sleep 20; cat /first /second\n"
        + COUNT
        + "kill $(cat /service/a/starts)\n"
        + AGAIN
        + "svc -d /service/a; is_down() { svstat /service/a | grep ': down'; }\n"
        "until_true is_down; svc -u /service/a\n"
        "is_third() { [ $(wc -l </service/a/starts) = 3 ]; }\n"
        "until_true is_third; kill $svscan; wait $svscan; echo $?\n"
        "svok /service/a; echo $?\n",
        files={"/service/a/run": NOTED},
    )
    assert ran.said == ["1", f"svscan: warning: {LOCKED}", "1", "0", "100"]


@of_a_long_test
def test_no_namespaces_and_no_ipv6(machine):
    """Everything starts, and can be asked about."""
    kinds = "user pid mnt net ipc uts cgroup time"
    ran = machine.run(
        f"for kind in {kinds}; do echo 0 >/proc/sys/user/max_${{kind}}_namespaces; done\n"
        "unshare --user true 2>/dev/null || echo none; ls -d /proc/sys/net/ipv6 2>&1\n"
        "svscanboot /service &\n"
        "until_true svok /service/a; until_true [ -s /main/current ]\n"
        "until_true svwait -U /service/told; until_true svok /service/once\n"
        "until_true [ -e /once ]\n"
        "sv -d /service status | awk '{ print $1, $2 }'; cat /main/current\n"
        "ps -o args | grep '[r]eadproctitle' | tail -c 11\n"
        "svscanctl -t /service; wait; svok /service/a; echo $?\n",
        files={
            "/service/a/run": "#!/bin/sh\necho hello\nexec sleep 1000000\n",
            "/service/a/kill-scope": "cgroup\n",
            "/service/a/log/run": "#!/bin/sh\nexec multilog /main\n",
            "/service/told/run": "#!/bin/sh\necho >&3\nexec sleep 1000000\n",
            "/service/told/notification-fd": "3\n",
            "/service/told/dependencies.d/once": "",
            "/service/once/type": "oneshot\n",
            "/service/once/up": "touch /once\n",
        },
        append="ipv6.disable=1",
    )
    assert ran.said[0] == "none" and "No such file" in ran.said[1]
    assert ran.said[2:5] == ["a up", "once done", "told ready"]
    assert ran.said[5:] == ["hello", "..........", "100"]
