"""doc/tutorial.md: what it tells the reader to type works as it stands."""

import os
import re
import subprocess

import pytest

from support import BIN, TOP

NEEDED = ["svscan", "svc", "svok", "svstat", "multilog", "tai64nlocal"]


def commands():
    """All blocks marked as sh; those marked as console need root or a build."""
    text = (TOP / "doc" / "tutorial.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)


def missing():
    return [name for name in NEEDED if not (BIN / name).exists()]


@pytest.mark.skipif(bool(missing()), reason="programs not built")
def test_tutorial_can_be_typed(tmp_path, programs):
    typed = "set -e\n" + "\n".join(commands())
    out_path = tmp_path / "out"
    with open(out_path, "w") as out:
        shell = programs.start(
            "sh",
            "-c",
            typed,
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": f"{BIN}:{os.defpath}"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        code = shell.wait(timeout=120)
    said = out_path.read_text()
    assert code == 0, said
    assert re.search(r"^@[0-9a-f]{24} the clock starts", said, re.M)
    # Asked right after `svc -d`, so it may still be on its way down.
    assert re.search(r"/clock: (down \d+ seconds, normally up|up .*, want down)", said)
    assert re.search(r"/clock: up \(pid \d+\) \d+ seconds, normally down", said)

    # The last two states are those before and after svscan was killed.
    pids = re.findall(r"/clock: up \(pid (\d+)\)", said)
    assert pids[-1] == pids[-2]
