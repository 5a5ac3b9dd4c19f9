"""svc and supervise: command sequences lead through the same states.

Each side runs its own supervise on its own copy of a service directory. The
commands go out one at a time; the next one waits until the last one's effects
are over, so that what is compared does not depend on speed.
"""

import array
import contextlib
import fcntl
import os
import re
import struct
import termios
import time

import campaign as campaigns
import harness
import support

TAI_OFFSET = (1 << 62) + 10
# Both suites keep starts a second apart; after this none is still to come.
CALM_S = 1.2
POLL_S = 0.02

START = b"#!/bin/sh\nexec 3<>hold\n"
TRAPS = b"".join(
    b"trap 'echo %s >>events' %s\n" % (name, name)
    for name in (b"HUP", b"INT", b"ALRM", b"TERM")
)
RUNS = {
    # Dies of each signal.
    "plain": START + b"echo start >>events\nread -r line <&3\n",
    # Takes note of each signal and stays.
    "stubborn": START
    + TRAPS
    + b"echo start >>events\nwhile :; do read -r line <&3; done\n",
    # Ends of its own accord on TERM and HUP, with a code.
    "orderly": START
    + b"trap 'echo end >>events; exit 3' TERM HUP\n"
    + b"echo start >>events\nwhile :; do read -r line <&3; done\n",
    # Is over at once; run only when asked for once.
    "short": b"#!/bin/sh\necho start >>events\n",
    "failing": b"#!/bin/sh\necho start >>events\nexit 111\n",
}
SINGLE = list("udopchaitkx")
# Orders in one write of which the outcome is no matter of timing. Not among
# them: "ud" and "od", as 0.76 reads the d a second after the start, and we at
# once, perhaps before the service has done anything; and "cp", which lets
# signals that waited through for an instant.
TOGETHER = ["dx", "xd", "du", "ux", "xu", "pc", "pd", "xk", "ox"]
SIGNALS = ["hi", "it", "at", "hat"]


class Supervised:
    """One supervise and what can be known about it from outside."""

    def __init__(self, bin_dir, place):
        self.folder = place / "service"
        self.process = harness.Process(bin_dir, [b"supervise", b"service"], place)
        self.told = 0

    def status(self):
        try:
            return (self.folder / "supervise" / "status").read_bytes()
        except OSError:
            return b""

    def pid(self):
        return struct.unpack("<I", self.status()[12:16])[0]

    def unread_commands(self):
        """How many bytes are in control; 0 too where nobody reads it."""
        fd = os.open(self.folder / "supervise" / "control", os.O_RDONLY | os.O_NONBLOCK)
        count = array.array("i", [0])
        fcntl.ioctl(fd, termios.FIONREAD, count)
        os.close(fd)
        return count[0]

    def disturb(self):
        """Sends bytes that are no commands; nobody may be left to read them."""
        try:
            fd = os.open(self.folder / "supervise" / "control", os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, b"Z\0\xff")
        os.close(fd)

    def observe(self):
        """A value that stays the same while nothing happens; None while
        something is known to be under way."""
        status = self.status()
        if self.process.ended(0):
            return ("ended", status, self.events())
        if len(status) < 18 or not harness.sleeps(self.process.pid):
            return None
        if self.unread_commands():
            return None
        pid = struct.unpack("<I", status[12:16])[0]
        seconds = struct.unpack(">Q", status[:8])[0] - TAI_OFFSET
        nanoseconds = struct.unpack(">I", status[8:12])[0]
        left_s = seconds + nanoseconds / 1e9 + CALM_S - time.time()
        if left_s > 0:
            time.sleep(left_s)
            return None
        if pid == 0 and status[17:18] == b"u":
            return None
        switches = [switch_count(self.process.pid)]
        if pid:
            if state(pid) not in ("S", "T"):
                return None
            if state(pid) == "S" and not harness.sleeps(pid):
                return None
            switches.append(switch_count(pid))
        return (status, self.events(), switches)

    def settle(self):
        """Waits until two observations agree."""
        before = None

        def settled():
            nonlocal before
            now = self.observe()
            if now is not None and now == before:
                return True
            before = now
            time.sleep(POLL_S)
            return False

        support.wait_until(settled, 60, f"settled: {self.folder}")

    def wake_shell(self):
        """A shell that is told to trap a signal just before it goes to sleep
        in read only notices when read returns."""
        fd = os.open(self.folder / "hold", os.O_RDWR | os.O_NONBLOCK)
        os.write(fd, b"\n")
        os.close(fd)
        self.settle()

    def events(self):
        try:
            return (self.folder / "events").read_text().split()
        except FileNotFoundError:
            return []

    def news(self):
        """The events since the last call, in no order: a shell may run traps
        of signals that come together in either."""
        told, self.told = self.told, len(self.events())
        return sorted(self.events()[told:])

    def end(self):
        self.process.process.kill()
        outcome = self.process.finish()
        status = self.status()
        if len(status) >= 18 and self.pid():
            harness.end(self.pid())
        return outcome


def state(pid):
    return harness.proc_text(pid, "stat").rpartition(") ")[2][:1]


def switch_count(pid):
    return re.findall(r"ctxt_switches:\s*(\d+)", harness.proc_text(pid, "status"))


class Supervise(campaigns.Area):
    name = "supervise"
    programs = ["supervise", "svc", "svstat", "svok"]
    share = 20
    jobs = 60

    def generate(self, rng):
        run = rng.choice(["plain", "stubborn", "stubborn", "orderly", "short", "failing"])
        brief = run in ("short", "failing")
        choices = SINGLE * 2 + TOGETHER + (SIGNALS * 3 if run == "stubborn" else [])
        if brief:
            choices = [letters for letters in choices if "u" not in letters]
        # What ends supervise early says little; it comes last, if at all.
        steps = [rng.choice(choices) for _ in range(rng.randrange(1, 9))]
        ends = [at for at, letters in enumerate(steps) if "x" in letters]
        if ends and rng.randrange(3):
            steps = [s for s in steps if "x" not in s] + [steps[ends[0]]]
        return {
            "run": run,
            "down": brief or rng.randrange(4) == 0,
            "client": rng.choice(["own", "own", "other"]),
            "steps": steps,
            "noise": rng.randrange(4) == 0,
        }

    def execute(self, bin_dir, case, place):
        entries = [("fifo", b"hold"), ("file", b"run", RUNS[case["run"]], 0o755)]
        if case["down"]:
            entries.append(("file", b"down", b"", 0o644))
        elif case["run"] in ("short", "failing"):
            raise harness.Invalid("never at rest")
        harness.plant(place, [("dir", b"service", entries, 0o755)])
        client = bin_dir
        if case["client"] == "other":
            client = self.other_side(bin_dir)
        supervised = Supervised(bin_dir, place)
        try:
            supervised.settle()
            story = [self.scene(client, supervised, place, None)]
            for letters in case["steps"]:
                svc = harness.run(client, ["svc", "-" + letters, "service"], place)
                if case["noise"]:
                    supervised.disturb()
                supervised.settle()
                if case["run"] in ("stubborn", "orderly"):
                    supervised.wake_shell()
                story.append(self.scene(client, supervised, place, svc))
        finally:
            last = supervised.end()
        last["exit"] = "ended by the test" if last["exit"] == -9 else last["exit"]
        return {"story": story, "supervise": last}

    def scene(self, client, supervised, place, svc):
        """What users can see once a command has had its effect."""
        svstat = harness.run(client, ["svstat", "service"], place)
        line = re.sub(rb"\d+ seconds", b"N seconds", svstat["stdout"])
        svstat["stdout"] = re.sub(rb"pid \d+", b"pid N", line)
        status = supervised.status()
        known = (status[12:16] != b"\0" * 4, status[16:18])
        if supervised.process.ended(0):
            # Orders that came just before the end were read, or were not.
            known = "over"
        return {
            "svc": svc,
            "svstat": svstat,
            "svok": harness.run(client, ["svok", "service"], place)["exit"],
            "status": known,
            "news": supervised.news(),
        }

    def other_side(self, bin_dir):
        """The other build's folder; the fixture says which two there are."""
        return self.sides[1] if bin_dir == self.sides[0] else self.sides[0]


def test_supervise_goes_through_the_same_states(agree, campaign):
    area = Supervise()
    area.sides = (campaign.theirs(area.package), campaign.ours)
    agree(area)
