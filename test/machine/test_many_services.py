"""A thousand services, and a machine that goes down."""

from machine import of_a_long_test

COUNT = 1000
RUN = """#!/bin/sh
name=${PWD##*/}
trap 'echo "$name" >>/ends; exit 0' TERM
echo "$name" >>/starts
while :; do sleep 1000 & wait $!; done
"""
TREE = {
    "/run.sh": RUN,
    "/boot": "svscanboot /service\n"
    "echo $(cut -d' ' -f1 /proc/uptime) $(sort -u /ends | wc -l) $(wc -l </ends)\n"
    "poweroff -f\n",
}


@of_a_long_test
def test_poweroff_with_a_thousand_services(machine, capsys):
    """Each is told to end, once, and has the time to; the machine goes down then."""
    ran = machine.run(
        f"mkdir /new; for i in $(seq {COUNT}); do\n"
        "mkdir /new/s$i; ln -s /run.sh /new/s$i/run; done\n"
        "mv /new/* /service; svscanctl -s /service\n"
        f"all_run() {{ [ $(wc -l </starts) = {COUNT} ]; }}\n"
        "cut -d' ' -f1 /proc/uptime; until_true all_run\n"
        "cut -d' ' -f1 /proc/uptime; svscanctl -t /service; sleep 1000\n",
        first="sh /boot",
        files=TREE,
        memory_mb=768,
        limit_s=1500,
        end="poweroff by init",
    )
    began, up, ended = (float(line.split()[0]) for line in ran.said)
    assert ran.said[2].split()[1:] == [str(COUNT)] * 2
    with capsys.disabled():
        print(f"\n{COUNT} started in {up - began:.1f} s, ended in {ended - up:.1f} s")
