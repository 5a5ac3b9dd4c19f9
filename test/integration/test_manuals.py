"""man/: every program has a page, and the page is whole and well formed."""

import re
import shutil
import subprocess

import pytest

from support import BIN, TOP

PAGES = sorted((TOP / "man").glob("*.[1-9]"))
NAMES = {page.stem for page in PAGES}
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES"]

# mandoc looks other pages up in the system it runs on, which may have none;
# whether ours exist is tested here.
NOT_OURS = re.compile(r"referenced manual not found|mandoc\.db")


def programs_built():
    """The names in the `programs` dictionary of src/meson.build."""
    text = (TOP / "src" / "meson.build").read_text()
    table = re.search(r"^programs = \{(.*?)^\}", text, re.M | re.S).group(1)
    return re.findall(r"^\s*'([^']+)':", table, re.M)


def page_of(program):
    pages = [page for page in PAGES if page.stem == program]
    assert len(pages) == 1, f"{program} has {len(pages)} pages in man/"
    return pages[0].read_text()


def section(page, title):
    """The source lines of a section, without its heading."""
    found = re.search(rf'^\.Sh "?{title}"?\n(.*?)(?=^\.Sh |\Z)', page, re.M | re.S)
    return found.group(1) if found else ""


def letters_in(usage):
    """The option letters of a usage line: [-nNxX], [-a value], -u."""
    groups = re.findall(r"(?:^|[\s\[])-([A-Za-z0-9]+)", usage)
    return set("".join(groups))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_has_nothing_to_say(page):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    lint = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "style", page],
        capture_output=True,
        text=True,
    )
    said = (lint.stdout + lint.stderr).splitlines()
    assert [line for line in said if line and not NOT_OURS.search(line)] == []


@pytest.mark.parametrize("program", programs_built())
def test_program_has_a_whole_page(program):
    page = page_of(program)
    empty = [title for title in SECTIONS if not section(page, title).strip()]
    assert empty == []
    assert f".Nm {program}\n" in section(page, "NAME")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_is_installed(page):
    listed = re.findall(r"'([^']+)'", (TOP / "man" / "meson.build").read_text())
    assert page.name in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_refer_to_pages_that_exist(page):
    text = page.read_text()
    referred = re.findall(r"\bXr (\S+) ([1-9])", text)
    # Section 8 is ours but for these.
    others = {"init", "rc.d", "rc.local", "rcctl"}
    missing = {
        f"{name}({number})"
        for name, number in referred
        if (number == "8" or name == "holdfast") and name not in NAMES | others
    }
    assert missing == set()


@pytest.mark.parametrize("program", programs_built())
def test_page_explains_every_option_of_the_usage_line(program):
    """What the program says when it is given a wrong option."""
    source = (TOP / "src" / "cmd" / f"{program}.c").read_text()
    if not re.search(r"options_next(_long)?\(", source):
        pytest.skip("takes no options")
    wrong = subprocess.run([BIN / program, "-?"], capture_output=True, text=True)
    assert wrong.returncode == 100
    usage = wrong.stderr.splitlines()[-1]
    if program == "svc":  # "svc options: u up, d down, ..."
        letters = set(re.findall(r"[:,] (\w) ", usage))
    else:
        letters = letters_in(usage)
    assert letters, usage
    page = page_of(program)
    explained = re.findall(r"^\.It Fl (\w)\b", section(page, "DESCRIPTION"), re.M)
    assert letters <= set(explained)
    synopsis = section(page, "SYNOPSIS")
    flags = re.findall(r"\bFl (\w+(?: \| \w+)*)", synopsis)
    in_synopsis = set("".join(flags)) - set(" |")
    assert in_synopsis == set(explained)


def test_svc_explains_every_command_letter():
    table = (TOP / "src" / "service" / "control.c").read_text()
    letters = re.findall(r"\{'(\w)', CONTROL_", table)
    explained = re.findall(r"^\.It Fl (\w)$", page_of("svc"), re.M)
    assert len(letters) >= 14
    assert sorted(letters) == sorted(explained)
    supervise = section(page_of("supervise"), "DESCRIPTION")
    named = "".join(re.findall(r"^\.It Cm ((?:\w )*\w)$", supervise, re.M)).replace(" ", "")
    assert set(letters) <= set(named)


def test_supervise_explains_every_key_of_the_state_file():
    table = (TOP / "src" / "service" / "state.c").read_text()
    keys = re.findall(r"(?:NUMBER|FLAG|TEXT)\(\"([^\"]+)\"", table)
    page = page_of("supervise")
    explained = {
        key
        for items in re.findall(r"^\.It Cm (.*)$", page, re.M)
        for key in items.split(" , ")
    }
    assert len(keys) >= 10
    assert set(keys) - explained == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_are_shell_that_parses(page):
    """Each .Bd -literal block and .Dl line under EXAMPLES goes through sh -n."""
    examples = section(page.read_text(), "EXAMPLES")
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", examples, re.M | re.S)
    blocks += re.findall(r"^\.Dl (.*)$", examples, re.M)
    for block in blocks:
        block = block.replace(r"\(aq", "'").replace(r"\e", "\\").replace(r"\&", "")
        checked = subprocess.run(["sh", "-n"], input=block, text=True, capture_output=True)
        assert checked.returncode == 0, (block, checked.stderr)


def test_pages_as_html_lead_to_each_other(tmp_path):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    subprocess.run([TOP / "script" / "manual-html", tmp_path], check=True, timeout=60)
    names = {page.name for page in PAGES}
    index = (tmp_path / "index.html").read_text()
    for page in PAGES:
        assert f'href="{page.name}.html"' in index
        text = (tmp_path / f"{page.name}.html").read_text()
        assert text.rstrip().endswith("</html>")
        referred = re.findall(r'class="Xr" href="([^"]+)"', text)
        assert len(referred) > 1
        for target in referred:
            local = target.removesuffix(".html")
            assert local in names or target.startswith("https://"), target
            assert target.rpartition("/")[2] not in names, target


def test_holdfast_has_every_page():
    page = (TOP / "man" / "holdfast.7").read_text()
    listed = re.findall(r"^\.It (Xr .*)$", section(page, "DESCRIPTION"), re.M)
    named = set(re.findall(r"Xr (\S+) 8", " ".join(listed)))
    assert set(programs_built()) <= named
    others = {name.name for name in PAGES} - {"holdfast.7"}
    see_also = re.findall(r"^\.Xr (\S+) (\d)", section(page, "SEE ALSO"), re.M)
    assert {f"{name}.{number}" for name, number in see_also} == others
