"""svstat, svok and svc on random service directories: the same words."""

import contextlib
import os
import struct
import time

import campaign
import differences
import harness

TAI_OFFSET = (1 << 62) + 10
LETTERS = b"udopchaitkx"


def status(rng):
    """Up to 30 bytes; most of them could be a status file."""
    if rng.randrange(3) == 0:
        return rng.randbytes(rng.randrange(31))
    unix = int(time.time()) - rng.choice([0, 1, 59, 86400, 1 << 31, -5, -10000])
    pid = rng.choice([0, 0, 1, 77, 32768, 1 << 22, rng.getrandbits(32)])
    data = struct.pack(
        ">QIBBBB", TAI_OFFSET + unix, rng.randrange(10**9), *pid.to_bytes(4, "little")
    )
    paused = rng.choice([0, 0, 0, 1, 2, 255])
    want = rng.choice([b"u", b"d", b"\0", b"o", b"x"])
    data += bytes([paused]) + want
    return rng.choice(
        [data, data, data, data + b"\0\1", data + rng.randbytes(12), data[:17]]
    )


class Clients(campaign.Area):
    """Many directories a case: one svstat, one svok and one svc see them."""

    name = "clients"
    programs = ["svstat", "svok", "svc"]
    share = 150

    def generate(self, rng):
        count = rng.choice([0, 1, 2, 10, 30])
        options = [
            b"-" + bytes(rng.choice(LETTERS) for _ in range(rng.randrange(1, 4)))
            for _ in range(rng.choice([0, 1, 1, 1, 2]))
        ]
        if rng.randrange(15) == 0:
            options.append(rng.choice([b"--", b"-", b"-z", b"-uz", b"-u-"]))
        return {
            "dirs": [self.directory(rng) for _ in range(count)],
            "options": options,
            "extra": rng.choice([[]] * 6 + [[b"none"], [b""], [b"0/down"], [b"."]]),
            "down_in_place": rng.choice(["none"] * 8 + ["file"]),
        }

    def directory(self, rng):
        ends = ["read"] * 6 + ["unread", "missing", "file", "dir"]
        return {
            "name": rng.choice([b"", b"", b"", b"-", b"x y", b"\xff"]),
            "supervise": rng.randrange(10) > 0,
            "ok": rng.choice(ends),
            "control": rng.choice(ends),
            "status": status(rng) if rng.randrange(15) else None,
            "down": rng.choice(["none"] * 4 + ["file", "file", "dir", "link", "loop"]),
        }

    def execute(self, bin_dir, case, place):
        with contextlib.ExitStack() as held:
            names, controls = [], []
            for number, spec in enumerate(case["dirs"]):
                name = b"%s%d" % (spec["name"], number)
                folder = place / os.fsdecode(harness.file_name(name))
                folder.mkdir()
                controls.append(self.furnish(folder, spec, held))
                names.append(name)
            names += case["extra"]
            if case["down_in_place"] == "file":
                (place / "down").touch()
            return {
                "svstat": harness.run(bin_dir, [b"svstat", *names], place),
                "svok": [
                    harness.run(bin_dir, [b"svok", *arguments], place)
                    for arguments in (names[:1], names[-1:] + [b"unused"])
                ],
                "svc": harness.run(
                    bin_dir, [b"svc", *case["options"], *names], place
                ),
                "commands": [fd and os.read(fd, 4096) for fd in controls],
            }

    def furnish(self, folder, spec, held):
        """Fills the folder; returns the read end of control, or None."""
        self.obstruct(folder / "down", spec["down"])
        if not spec["supervise"]:
            return None
        (folder / "supervise").mkdir()
        if spec["status"] is not None:
            (folder / "supervise" / "status").write_bytes(spec["status"])
        ends = [
            self.pipe(folder / "supervise" / name, spec[name], held)
            for name in ("ok", "control")
        ]
        return ends[1]

    def pipe(self, path, kind, held):
        if kind not in ("read", "unread"):
            self.obstruct(path, kind)
            return None
        os.mkfifo(path)
        if kind == "unread":
            return None
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        held.callback(os.close, fd)
        return fd

    def obstruct(self, path, kind):
        if kind == "file":
            path.touch()
        elif kind == "dir":
            path.mkdir()
        elif kind == "link":
            path.symlink_to("nothing")
        elif kind == "loop":
            path.symlink_to(path.name)

    def judge(self, case, theirs, ours):
        """Equal, but the clock may tick between the two."""
        ages = [
            [int(age) for age in differences.SECONDS.findall(side["svstat"]["stdout"])]
            for side in (theirs, ours)
        ]
        close = len(ages[0]) == len(ages[1]) and all(
            abs(a - b) <= 2 for a, b in zip(*ages)
        )
        return close and self.masked(theirs) == self.masked(ours)

    def masked(self, outcome):
        svstat = outcome["svstat"]
        lines = differences.SECONDS.sub(b"N seconds", svstat["stdout"])
        return {**outcome, "svstat": {**svstat, "stdout": lines}}


def test_clients_say_the_same_of_any_directory(agree):
    agree(Clients())
