"""doc/compatibility.md: each promise names a test, and that test exists; and what
the program knows of service directories is all on that page."""

import re

import pytest

from support import TOP

PAGE = TOP / "doc" / "compatibility.md"


def rows():
    """(row, text of the last cell) of every line of the tables."""
    found = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", PAGE.read_text(), re.M)
    return [pytest.param(int(row), held, id=f"row-{row}") for row, held in found]


def test_rows_have_numbers_of_their_own():
    numbers = [param.values[0] for param in rows()]
    assert len(numbers) > 40
    assert len(set(numbers)) == len(numbers)


def promises():
    """(the first cell, the last) of every line of every table with tests."""
    found, is_held = [], False
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if not line.startswith("|"):
            is_held = False
        elif cells[-1].rstrip("| ") == "held by":
            is_held = True
        elif is_held and not line.startswith("|---"):
            found.append((cells[0], cells[-1].rstrip("| ")))
    return found


def tables(title):
    """The names in the first cells of the table whose head begins so."""
    text = PAGE.read_text()
    table = text[text.index(f"| {title} |") :].partition("\n\n")[0]
    firsts = [line.split(" | ")[0] for line in table.splitlines()[2:]]
    return {name for cell in firsts for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("row, held", promises())
def test_what_holds_the_row_exists(row, held):
    names = re.findall(r"`([^`]+)`", held)
    assert names, row
    for name in names:
        file, _, function = name.partition("::")
        path = TOP / file if "/" in file else TOP / "test" / "integration" / file
        assert path.exists(), name
        assert not function or f"def {function}(" in path.read_text(), name


def test_every_row_with_a_number_is_held():
    assert {param.values[0] for param in rows()} <= {
        int(first) for first, _ in promises() if first.isdigit()
    }


def test_every_file_that_means_something_is_on_the_page():
    source = (TOP / "src" / "service" / "config.c").read_text()
    known = set(re.findall(r"\.file = \"([^\"]+)\"", source))
    known |= set(re.findall(r"\"([^\"]+)\", CONFIG_LINE", source))
    assert len(known) > 30
    assert known <= tables("file"), known - tables("file")
    read = (TOP / "doc" / "service-directory.md").read_text()
    manual = (TOP / "man" / "service-dirs.7").read_text()
    for name in known:
        assert re.search(rf"`{re.escape(name)}/?`", read), name
        assert re.search(rf"^\.(It )?Pa {re.escape(name)}\b", manual, re.M), name


def test_every_command_byte_is_on_the_page():
    table = (TOP / "src" / "service" / "control.c").read_text()
    letters = set(re.findall(r"^\t\{'(.)', CONTROL_", table, re.M))
    header = (TOP / "src" / "service" / "control.h").read_text()
    letters |= set(re.findall(r"CONTROL_FOR_\w+ = '(.)'", header))
    assert len(letters) > 25
    assert letters == tables("command byte")


def test_every_program_is_on_the_page():
    sources = {path.stem for path in (TOP / "src" / "cmd").glob("*.c")}
    ours = {"svlog", "svscanctl", "svwait"}  # others have none of that name
    assert sources - ours <= tables("program")
