"""setlock: random options, lock files and holders give the same result."""

import fcntl
import os
import select

import campaign
import harness
import support

CHILD = [b"/bin/sh", b"-c", b"echo ran; ls /proc/self/fd; exit 7"]


class Setlock(campaign.Area):
    name = "setlock"
    programs = ["setlock"]
    share = 70

    def generate(self, rng):
        options = [
            b"-" + bytes(rng.choice(b"nNxX") for _ in range(rng.randrange(1, 4)))
            for _ in range(rng.choice([0, 1, 1, 2]))
        ]
        if rng.randrange(12) == 0:
            options.append(rng.choice([b"--", b"-", b"-q", b"-nq", b"-n-"]))
        arguments = [rng.choice([b"lock"] * 4 + [b"d/lock", b"d", b"none/lock", b""])]
        arguments += rng.choice([CHILD] * 8 + [[b"none"], [b"-n"], []])
        return {
            "options": options,
            "arguments": arguments,
            "lock": rng.choice(
                [
                    [],
                    [("file", b"lock", b"content\n", 0o644)],
                    [("file", b"lock", b"", 0o400)],
                    [("link", b"lock", b"target")],
                    [("link", b"lock", b"lock")],
                    [("fifo", b"lock")],
                    [("dir", b"lock", [], 0o755)],
                ]
            ),
            "held": rng.choice(["no", "no", "shared", "exclusive"]),
            "nobody": rng.randrange(10) == 0,
        }

    def execute(self, bin_dir, case, place):
        harness.plant(place, [("dir", b"d", [], 0o755), *case["lock"]])
        holder = self.hold(place / "lock", case["held"])
        process = harness.Process(
            bin_dir,
            [b"setlock", *case["options"], *case["arguments"]],
            place,
            nobody=case["nobody"],
        )
        waited = False
        if holder is not None:
            waited = self.waits_for_lock(process)
            os.close(holder)
        outcome = process.finish()
        return {**outcome, "waited": waited, "files": harness.snapshot(place)}

    def hold(self, path, how):
        """A locked descriptor of the lock file, or None."""
        if how == "no" or not path.is_file():
            return None
        fd = os.open(path, os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_SH if how == "shared" else fcntl.LOCK_EX)
        return fd

    def waits_for_lock(self, process):
        """True once the kernel lists it as waiting, False once it ended."""
        poll = select.poll()
        poll.register(process.pid_fd, select.POLLIN)

        def known():
            if poll.poll(0):
                return "ended"
            with open("/proc/locks", encoding="ascii") as locks:
                for line in locks:
                    fields = line.split()
                    if "->" in fields and fields[5] == str(process.pid):
                        return "waits"
            return None

        return support.wait_until(known) == "waits"


def test_setlock_waits_complains_and_runs_alike(agree):
    agree(Setlock())
