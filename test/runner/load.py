"""Other work for the machine, beside tests that have to hold all the same.

Run as a program it is one such worker. It ends when its standard input does,
so that none outlives what started it, however that ended.
"""

import os
import select
import subprocess
import sys
import tempfile


class Load:
    """`count` busy loops and as many that write to the disk of `folder`."""

    def __init__(self, count, folder):
        folder.mkdir(exist_ok=True)
        self.count = count
        self.folder = folder
        self.workers = []

    def __enter__(self):
        for kind in ["spin"] * self.count + ["write"] * self.count:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, __file__, kind, self.folder],
                    stdin=subprocess.PIPE,
                    start_new_session=True,
                )
            )
        return self

    def __exit__(self, *failure):
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.wait()
            worker.stdin.close()


def goes_on():
    return not select.select([0], [], [], 0)[0]


def spin():
    while goes_on():
        sum(range(1_000_000))


def write(folder):
    """64 MB at a time, to the disk itself, in a file without a name."""
    block = bytes(1 << 20)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        while goes_on():
            file.seek(0)
            for _ in range(64):
                file.write(block)
            os.fsync(file.fileno())


if __name__ == "__main__":
    spin() if sys.argv[1] == "spin" else write(sys.argv[2])
