"""A file system that hangs: nobody answers what the kernel asks for it (FUSE)."""

from machine import of_a_long_test

TREE = {
    "/service/far/run": "#!/far/sh\necho far >>/log\nexec /bin/sleep 1000000\n",
    "/service/near/run": "#!/bin/sh\necho near >>/log\nexec sleep 1000000\n",
}
# A connection that nobody reads from; what is asked waits, until it is cut.
MOUNT = """
mkdir /far; cp /bin/busybox /far/sh
mount -t fusectl fusectl /sys/fs/fuse/connections
exec 5<>/dev/fuse
mount -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0,allow_other far /far
"""
WORDS = """
svscanboot /service 5<&- &
boot=$!
far() { sv -d /service status | grep ^far; }
hangs() { far | grep -q "$1"; }
pid() { svstat /service/$1 | grep -o 'pid [0-9]*'; }
tell() { echo "$1 $(pid far) $(pid near)"; }
"""
STARTING = "starting: waits for the file system of /far"


@of_a_long_test
def test_only_what_stands_on_it_waits(machine):
    """Also when svscan is killed meanwhile, and when all is to end."""
    ran = machine.run(
        MOUNT + WORDS + f"until_true hangs '{STARTING}'\n"
        "until_true svok /service/near; tell before\n"
        # The child that hangs still has that name; it is the younger one.
        "kill -9 $(pidof svscan | tr ' ' '\\n' | sort -n | head -n 1)\n"
        "until_true svok /service/near; tell killed\n"
        "is_gone() { ! kill -0 $old; }\n"
        "old=$(pid near); old=${old#pid }\n"
        "svc -t /service/near; until_true is_gone; until_true svok /service/near\n"
        "until_true sh -c '[ $(grep -c near /log) = 2 ]'; tell restarted\n"
        "for far in /sys/fs/fuse/connections/*; do echo 1 >$far/abort; done\n"
        "umount /far; until_true grep -q far /log\n"
        "until_true svok /service/far; cat /log; tell answers\n"
        "svscanctl -t /service; wait $boot; echo $?",
        files=TREE,
        modules=["fuse"],
    )
    before, killed, restarted, *log, answers, code = ran.said
    far, near = before.split()[2], before.split()[4]
    # That of far can't be looked after until it has become the script.
    assert killed.split() == ["killed", "pid", near]
    last = restarted.split()[2]
    assert last != near and restarted.split() == ["restarted", "pid", last]
    # Its first start failed, when what hung was cut off; so it isn't the first.
    assert log == ["near", "near", "far"] and code == "0"
    words = answers.split()
    assert words[1::2] == ["pid", "pid"] and words[4] == last and words[2] != far
