"""script/picture: what sv shows, as a picture that README has."""

import subprocess
import xml.etree.ElementTree

from support import TOP

TEXT = "{http://www.w3.org/2000/svg}text"


def texts(path):
    return [node.text for node in xml.etree.ElementTree.parse(path).iter(TEXT)]


def test_it_draws_what_sv_shows(tmp_path):
    target = tmp_path / "sv.svg"
    done = subprocess.run(
        [TOP / "script" / "picture", target], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    drawn = texts(target)
    assert drawn[0] == "$ sv"
    assert any("8 services: 2 in trouble, 2 on the way, 3 up, 1 down" in text for text in drawn)
    for state in ("failed: exit 3", "waiting for search", "ready", "down"):
        assert any(text.startswith(state) for text in drawn), state
    # What is committed was drawn so, too.
    assert [text.split()[0] for text in texts(TOP / "doc" / "sv.svg")][:2] == ["$", "service:"]
