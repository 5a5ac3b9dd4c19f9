"""kill-scope "cgroup" with every controller that the kernel has, and in a part of the
cgroups that root has left to a user."""

from machine import of_a_long_test

# The child has left the session and the group, and no TERM ends it.
SPREADING = """#!/bin/sh
[ ! -e /simple ] || exec sleep 1000000
setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
exec sleep 1000000
"""
TREE = {"/service/a/run": SPREADING, "/service/a/kill-scope": "cgroup\n"}
WORDS = """
top=/sys/fs/cgroup
for controller in $(cat $top/cgroup.controllers); do
    echo +$controller >$top/cgroup.subtree_control
done
own() { find $top -name 'holdfast-*' -type d; }
is_down() { svstat /service/a | grep -q ': down'; }
has() { [ $(cat $(own)/cgroup.procs | wc -l) -ge $1 ]; }
are_gone() { for pid in $procs; do [ ! -e /proc/$pid ] || return 1; done; }
"""
KILL = """
procs=$(cat $(own)/cgroup.procs)
svc -d -k /service/a; until_true is_down; until_true are_gone
touch /simple; svc -u /service/a; until_true has 1
svc -d /service/a; until_true is_down; own | wc -l
"""


@of_a_long_test
def test_kill_reaches_all(machine):
    """Its limits can be set there; and when nothing is in it, the cgroup goes."""
    ran = machine.run(
        WORDS + "until_true has 2; own | xargs -n 1 dirname\n"
        "cat $(own)/cgroup.controllers\n"
        "echo 100000000 >$(own)/memory.max; cat $(own)/memory.max\n" + KILL,
        first="svscanboot /service",
        files=TREE,
    )
    place, controllers, limit, left = ran.said
    assert (place, left) == ("/sys/fs/cgroup", "0")
    assert {"cpu", "io", "memory", "pids"} <= set(controllers.split())
    assert limit == "99999744"  # whole pages


@of_a_long_test
def test_a_user_has_a_part(machine):
    """Of a part in which svscan itself is, the kernel gives no controllers away."""
    ran = machine.run(
        WORDS + "mkdir $top/user; chown -R nobody $top/user /service\n"
        "echo $$ >$top/user/cgroup.procs; setuidgid nobody svscan /service 2>/errors &\n"
        "echo $$ >$top/cgroup.procs\n"
        "until_true has 2; own | xargs -n 1 dirname\n" + KILL + "cat /errors\n",
        files=TREE,
    )
    assert ran.said == ["/sys/fs/cgroup/user", "0"]
