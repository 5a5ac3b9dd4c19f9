"""svscanboot as process 1 of containers, which crun runs."""

import json

from machine import of_a_long_test

ALLOWED = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_SETGID", "CAP_SETUID"]
KINDS = ["pid", "network", "ipc", "uts", "mount", "cgroup"]


def filesystem(place, kind, *options):
    return {"destination": place, "type": kind, "source": kind, "options": options}


CONFIG = {
    "ociVersion": "1.0.0",
    "process": {
        "user": {"uid": 0, "gid": 0},
        "args": ["/command/svscanboot", "/service"],
        "env": ["PATH=/command:/bin"],
        "cwd": "/",
        "capabilities": dict.fromkeys(["bounding", "effective", "permitted"], ALLOWED),
        "noNewPrivileges": True,
    },
    "root": {"path": "rootfs"},
    "hostname": "box",
    "mounts": [
        filesystem("/proc", "proc"),
        filesystem("/dev", "tmpfs", "nosuid", "mode=755"),
        filesystem("/sys", "sysfs", "ro"),
        filesystem("/sys/fs/cgroup", "cgroup", "ro"),
    ],
    "linux": {"namespaces": [{"type": kind} for kind in KINDS]},
}
ROOT = "/bundle/rootfs"
SERVICE = f"{ROOT}/service"
TREE = {
    "/bundle/config.json": json.dumps(CONFIG),
    f"{SERVICE}/once/type": "oneshot\n",
    f"{SERVICE}/once/up": "sh -c \"echo once >>/log\"\n",
    f"{SERVICE}/web/run": "#!/bin/sh\n"
    "trap 'echo web ends >>/log; exit 0' TERM\n"
    "echo web >>/log\nwhile :; do sleep 1000 & wait $!; done\n",
    f"{SERVICE}/web/dependencies.d/once": "",
    f"{SERVICE}/mortal/run": "#!/bin/sh\necho >>starts\nexit 1\n",
    f"{SERVICE}/mortal/restart": "never\n",
}
WORDS = f"""
mkdir -p {ROOT}/bin {ROOT}/proc {ROOT}/dev {ROOT}/sys
cp /bin/busybox {ROOT}/bin; chroot {ROOT} /bin/busybox --install -s /bin
rm {ROOT}/bin/svc {ROOT}/bin/svok
cp -r /command {ROOT}
crun() {{ /bin/crun --cgroup-manager=cgroupfs "$@"; }}
# The root of a machine that has no disk can't be left by pivot_root(2).
start() {{ crun run --no-pivot --bundle /bundle box >>/said 2>&1 & box=$!; }}
inside() {{ crun exec box "$@"; }}
ended() {{ wait $box; echo "ended $?"; crun delete -f box; }}
log() {{ cat {ROOT}/log; rm {ROOT}/log; }}
"""
UP = f"until_true grep -q web {ROOT}/log; until_true inside svok /service/web\n"


def test_killed_and_started_again(machine):
    """That is a new boot: one-shots run again, and nothing that was wished or had
    failed before counts."""
    ran = machine.run(
        WORDS + "start\n" + UP + "inside sv -d /service status | tail -n +3\n"
        "inside sv -d /service stop web | cat\n"
        "crun kill box KILL; ended; log\n"
        "start\n" + UP + "inside sv -d /service status | tail -n +3\n"
        f"crun kill box TERM; ended; log; wc -l <{SERVICE}/mortal/starts\n",
        files=TREE,
        programs=["crun"],
    )
    life = ["once", "web", "web ends"]
    first, stopped, *rest = [line for line in ran.said if line not in life]
    assert first.startswith("web\tup\t") and stopped.startswith("ok: down: web")
    assert rest[0] == "ended 137" and rest[1].startswith("web\tup\t")
    assert rest[2:] == ["ended 0", "2"]
    assert [line for line in ran.said if line in life] == life * 2


def with_process(**changes):
    return json.dumps(CONFIG | {"process": CONFIG["process"] | changes})


@of_a_long_test
def test_a_container_is_its_main_service(machine):
    """Its variables, its output, the reason of its end, and its exit code are the
    engine's to see; what was left behind doesn't keep it."""
    ran = machine.run(
        WORDS + 'start; ended; sed "s/ in [0-9.]*m*s$//" /said\n',
        files={
            "/bundle/config.json": with_process(
                args=["/command/svscanboot", "-M", "web", "/service"],
                env=["PATH=/command:/bin", "GREETING=hello"],
            ),
            f"{SERVICE}/web/run": "#!/bin/sh\nsetsid sleep 1000 &\necho $GREETING\nexit 3\n",
            f"{SERVICE}/web/log/run": "#!/bin/sh\nexec cat >&2\n",
            f"{SERVICE}/other/run": "#!/bin/sh\nexec sleep 1000\n",
        },
        programs=["crun"],
    )
    assert ran.said[0] == "ended 3" and "hello" in ran.said
    assert ran.said[-1] == "svscanboot: web ended with exit code 3, all was stopped"


@of_a_long_test
def test_a_command_of_a_container(machine):
    """Beside the services, told to end before them, and with its own exit code."""
    ran = machine.run(
        WORDS + "start; until_true grep -q ready /said\n"
        "crun kill box TERM; ended; grep -v svscanboot /said\n",
        files={
            "/bundle/config.json": with_process(
                args=["/command/svscanboot", "/service", "--", "sh", "-c",
                      "trap 'echo told; exit 4' TERM; svwait -u /service/web; echo ready;"
                      " while :; do sleep 0.1; done"],
            ),
            f"{SERVICE}/web/run": "#!/bin/sh\ntrap 'echo web ends; exit' TERM\n"
            "while :; do sleep 0.1; done\n",
        },
        programs=["crun"],
    )
    assert ran.said == ["ended 4", "ready", "told", "web ends"]


@of_a_long_test
def test_killed_with_all_that_is_in_it(machine):
    """While services start and end: each time all is as after a boot."""
    ran = machine.run(
        WORDS + "for i in 1 2 3 4 5 6; do\n"
        "start\n" + UP + "inside svc -t /service/web\n"
        "sleep 0.$i; crun kill --all box KILL; ended\n"
        f"grep -c once {ROOT}/log; rm {ROOT}/log; done\n",
        files=TREE,
        programs=["crun"],
    )
    assert ran.said == ["ended 137", "1"] * 6


@of_a_long_test
def test_memory_of_a_container_is_short(machine):
    """What takes too much is ended, and started again; the supervisor isn't."""
    limited = CONFIG | {
        "linux": CONFIG["linux"] | {"resources": {"memory": {"limit": 24 << 20}}}
    }
    ran = machine.run(
        WORDS + "echo +memory >/sys/fs/cgroup/cgroup.subtree_control\n"
        "start\n"
        f"is_often() {{ [ $(wc -l <{SERVICE}/greedy/starts) -gt 4 ]; }}\n"
        "until_true is_often\n" + UP + f"grep -c '^web$' {ROOT}/log; inside ps -o comm | grep -c svscan\n"
        "crun kill box TERM; ended\n",
        files=TREE
        | {
            "/bundle/config.json": json.dumps(limited),
            f"{SERVICE}/greedy/run": "#!/bin/sh\necho >>starts\n"
            "exec dd if=/dev/zero of=/dev/null bs=100M\n",
        },
        programs=["crun"],
    )
    assert ran.said == ["1", "2", "ended 0"]


def sealed(**changes):
    """As an orchestrator has it that trusts nobody: nothing of the root can be written,
    any user of group 0, no capabilities, little room in /run, no /dev/shm."""
    run = filesystem("/run", "tmpfs", "nosuid", "mode=777", "size=256k")
    return CONFIG | {
        "process": CONFIG["process"]
        | {"user": {"uid": 12345, "gid": 0}, "capabilities": {}},
        "root": {"path": "rootfs", "readonly": True},
        "mounts": [*CONFIG["mounts"], run],
    } | changes


QUIET = {
    f"{SERVICE}/web/run": "#!/bin/sh\nexec sleep 1000\n",
    f"{SERVICE}/web/log/run": "#!/bin/sh\nexec cat\n",
    f"{SERVICE}/db/run": "#!/bin/sh\necho >&5\nexec 5>&-\nexec sleep 1000\n",
    f"{SERVICE}/db/notification-fd": "5\n",
}
ASK = """
inside() { crun exec -u 12345:0 box "$@"; }
start
is_well() { inside sv check --all >/dev/null; }
until_true is_well
inside sv check --all
inside sv check --all --startup
inside sv check --all --live
inside svwait -U /service/db && inside svok /service/web/log && echo up
inside svc -t /service/db && inside svwait -U /service/db && echo again
"""


@of_a_long_test
def test_nothing_can_be_written_and_nobody_is_root(machine):
    ran = machine.run(
        WORDS + f"mkdir -p {ROOT}/run\n" + ASK + "inside ls -1 /run\n"
        "inside ls -1 /run/holdfast-12345\n"
        # Without capabilities root has no more rights than others.
        "crun exec -u 0:0 box svstat /service/web\n"
        "crun kill box TERM; ended\n",
        files=QUIET | {"/bundle/config.json": json.dumps(sealed())},
        programs=["crun"],
    )
    well = ["all well: 2 services"] * 2 + ["all well: svscan answers", "up", "again"]
    places = ["service", "service:db", "service:web", "service:web:log"]
    words = ("all", "up", "again", "service", "ended", "holdfast-", "/")
    refused = "/service/web: unable to open supervise/ok: access denied"
    found = [line for line in ran.said if line.startswith(words)]
    assert found == [*well, "holdfast-12345", *places, refused, "ended 0"]


@of_a_long_test
def test_processes_are_shared_with_other_containers(machine):
    """So process 1 is another one's, and says nothing of the user."""
    shared = sealed(
        linux={"namespaces": [{"type": kind} for kind in KINDS if kind != "pid"]}
    )
    ran = machine.run(
        WORDS + f"mkdir -p {ROOT}/run\n" + ASK + "crun kill box TERM; ended\n",
        files=QUIET | {"/bundle/config.json": json.dumps(shared)},
        programs=["crun"],
    )
    well = ["all well: 2 services"] * 2 + ["all well: svscan answers", "up", "again"]
    assert [line for line in ran.said if line.startswith(("all", "up", "again"))] == well
