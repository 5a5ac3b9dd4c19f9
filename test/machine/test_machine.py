"""What a machine of the tests is, without which no case says anything."""

from machine import of_a_long_test

NOT_THERE = "svok: fatal: unable to chdir to /service/none: file does not exist"


def test_a_machine_runs_a_script_and_ends(machine):
    ran = machine.run(
        "echo hello; cat /given/file; svok /service/none 2>&1 || true\n"
        "date +%Y; sleep 3600; date +%T; give /given/file",
        files={"/given/file": "given\n"},
    )
    assert ran.said[:4] == ["hello", "given", NOT_THERE, "2026"]
    assert ran.said[4].startswith("01:00:")
    assert ran.files == {"/given/file": b"given\n"}


@of_a_long_test
def test_what_is_written_to_a_disk_stays(machine):
    disk = machine.disk("kept")
    machine.run(
        "mount /dev/vda /mnt; echo kept >/mnt/file; sync\n"
        "echo lost >/mnt/other; echo now; sleep 100",
        disks=[disk],
        kill_at="now",
    )
    ran = machine.run("mount /dev/vda /mnt; cat /mnt/file; ls -1 /mnt", disks=[disk])
    assert ran.said == ["kept", "file", "lost+found"]
