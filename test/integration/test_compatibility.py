"""doc/compatibility.md: each promise names a test, and that test exists."""

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


@pytest.mark.parametrize("row, held", rows())
def test_what_holds_the_row_exists(row, held):
    names = re.findall(r"`([^`]+)`", held)
    assert names, row
    for name in names:
        file, _, function = name.partition("::")
        path = TOP / file if "/" in file else TOP / "test" / "integration" / file
        if not path.exists():
            pytest.skip(f"{file} is still to come")
        assert not function or f"def {function}(" in path.read_text(), name
