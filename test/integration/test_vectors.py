"""Runs what was recorded from 0.76 (test/vectors) against the programs.

HOLDFAST_VECTORS=recorded compares with the records alone, defects included:
for running the original's own programs (HOLDFAST_BIN) to check this runner.
"""

import base64
import collections
import hashlib
import json
import os
import pathlib
import re
import stat
import subprocess
import tempfile

import pytest

import support

VECTORS = support.TOP / "test" / "vectors"
RECORDED_ONLY = os.environ.get("HOLDFAST_VECTORS") == "recorded"
LIMIT_S = 20
NOBODY = 65534
LABEL = re.compile(rb"@[0-9a-f]{24}")
NEW_NAME = re.compile(r"@[0-9a-f]{24}(.*)", re.DOTALL)

Outcome = collections.namedtuple("Outcome", "stdout stderr code files")


# What differs from the records on purpose. A value replaces fields of the case;
# where it is a list, the case may go as recorded or as in any of the list.
# "stdin" stands for the input, "once" for half of what was recorded twice.

UNCHANGED = {"stdout": "stdin", "code": 0}
LIMIT_USAGE = (
    b"softlimit: usage: softlimit [-a allbytes] [-c corebytes] [-d databytes] "
    b"[-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] "
    b"[-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child\n"
)
WANTED = {
    # Whatever is no label is copied; 0.76 crashed on it.
    "tai64nlocal/bare-at": UNCHANGED,
    "tai64nlocal/at-word": UNCHANGED,
    "tai64nlocal/uppercase-hex": UNCHANGED,
    "tai64nlocal/short-label": UNCHANGED,
    "tai64nlocal/tai64na-label": UNCHANGED,
    "tai64nlocal/at-newline": UNCHANGED,
    # A label at the end of the input is one all the same; 0.76 dropped it.
    "tai64nlocal/eof-inside-label": {
        "stdout": b"pre\n2001-07-09 23:09:44.848605500"
    },
    # A bare "!" is no processor, so ./b keeps what 0.76 threw away.
    "multilog/bare-bang-discards-data": {"kept_whole": "b"},
    # A limit that wrapped round would be quite another than the one asked for.
    "softlimit/wraps-modulo-2-64": {
        "stdout": b"",
        "stderr": b"softlimit: number too large for -c: 18446744073709551617\n"
        + LIMIT_USAGE,
        "code": 100,
    },
    # An unreadable input is an error, whatever the log holds by then.
    "multilog/stdin-is-directory": [
        {
            "stderr": re.compile(rb"multilog: fatal: .*: is a directory\n"),
            "code": 111,
        }
    ],
    # 0.76 restarted before it read the commands that had come meanwhile.
    "supervise/run-once-and-exit": [{"stdout": "once"}],
    "supervise/cwd-and-args": [{"stdout": "once"}],
    "supervise/x-after-exit-no-restart": [{"stdout": "once"}],
}

# Cases where the buffering of multilog may show.
SPLITS_MAY_DIFFER = re.compile(
    r"multilog/(rotate-|size-|default-size|processor-|options-apply-|bare-bang)"
)
# The other programs that the cases of a program call.
ALSO_NEEDED = {"supervise": ["svc"], "svscan": ["supervise"]}


def load_cases():
    for path in sorted(VECTORS.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            yield path.stem, json.loads(line)


CASES = list(load_cases())


# Before: the work directory, and who runs the program


def make_object(work, spec):
    path = work / spec["path"]
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if spec["type"] == "symlink":
        path.symlink_to(spec["target"])
        return
    if spec["type"] == "dir":
        path.mkdir()
    elif spec["type"] == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(base64.b64decode(spec["content_b64"]))
    path.chmod(int(spec["mode"], 8))


def identity(program, case, work):
    """Options for subprocess that make it run as `requires` says."""
    wanted = case.get("requires")
    if wanted == "root" and os.geteuid() != 0:
        pytest.skip("needs root")
    if wanted != "nonroot" or os.geteuid() != 0:
        return {}
    work.chmod(0o777)
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    test = ["/usr/bin/test", "-x", support.BIN / program]
    if subprocess.run(test, cwd="/", **who).returncode != 0:
        pytest.skip("the programs are out of reach for other users")
    return who


def open_stdin(case):
    if "stdin_path" in case:
        return os.open(case["stdin_path"], os.O_RDONLY)
    if "stdin_b64" not in case:
        return os.open(os.devnull, os.O_RDONLY)
    with tempfile.TemporaryFile() as made:
        made.write(base64.b64decode(case["stdin_b64"]))
        made.flush()
        made.seek(0)
        return os.dup(made.fileno())


def open_stdout(case):
    if "stdout_path" in case:
        return os.open(case["stdout_path"], os.O_WRONLY)
    return None


# The run


def run(program, case, work):
    env = {
        name: value.replace("{BIN}", str(support.BIN))
        for name, value in case["env"].items()
        if value is not None
    }
    stdin_fd, stdout_fd = open_stdin(case), open_stdout(case)
    try:
        process = subprocess.Popen(
            case["argv"],
            executable=support.BIN / program,
            cwd=work,
            env=env,
            umask=0o022,
            stdin=stdin_fd,
            stdout=subprocess.PIPE if stdout_fd is None else stdout_fd,
            stderr=subprocess.PIPE,
            **identity(program, case, work),
        )
    finally:
        for fd in (stdin_fd, stdout_fd):
            if fd is not None:
                os.close(fd)
    with process:
        try:
            stdout, stderr = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"still running after {LIMIT_S} s")
    return stdout, stderr, process.returncode


# After: what is there, in the terms of expect_files


def mask(case, content):
    if case.get("mask_labels"):
        return LABEL.sub(b"@" + b"x" * 24, content)
    return content


def roots(expected):
    """The paths below which expect_files lists everything."""
    paths = [entry["path"] for entry in expected]
    return [
        path
        for path in paths
        if not any(path.startswith(other + "/") for other in paths)
    ]


def numbered(parent, names, before):
    """Each real name, and what the records call it."""
    new_count = 0
    for name in sorted(names):
        match = NEW_NAME.fullmatch(name)
        if match and str(parent / name) not in before:
            new_count += 1
            yield name, f"@NEW{new_count}{match[1]}"
        else:
            yield name, name


def list_tree(work, shown, real, before, found):
    """Adds what is at work/real to `found`, under the path `shown`."""
    path = work / real
    try:
        info = path.lstat()
    except FileNotFoundError:
        return
    entry = {"mode": format(stat.S_IMODE(info.st_mode), "o")}
    found[str(shown)] = entry
    if stat.S_ISDIR(info.st_mode):
        entry["type"] = "dir"
        for name, known_as in numbered(real, os.listdir(path), before):
            list_tree(work, shown / known_as, real / name, before, found)
    elif stat.S_ISREG(info.st_mode):
        entry["type"] = "file"
        entry["content"] = path.read_bytes()
    elif stat.S_ISFIFO(info.st_mode):
        entry["type"] = "fifo"
    else:
        entry["type"] = "symlink"


def list_files(case, work):
    before = {spec["path"] for spec in case.get("setup", [])}
    found = {}
    for root in roots(case.get("expect_files", [])):
        path = pathlib.PurePath(root)
        list_tree(work, path, path, before, found)
    return found


# What should be there


def is_runtime_addition(path, expected):
    """Whether it is a file that a supervise directory may hold besides."""
    parent = path.rpartition("/")[0]
    return (parent + "/status") in expected and (parent + "/ok") in expected


def check_content(case, path, wanted, content):
    content = mask(case, content)
    if "content_b64" in wanted:
        assert content == mask(case, base64.b64decode(wanted["content_b64"]))
    elif "sha256" in wanted:
        assert hashlib.sha256(content).hexdigest() == wanted["sha256"]
    elif path.endswith("/status"):
        # Readers take what they know of; more may follow.
        assert len(content) >= wanted["size"]
        return
    assert len(content) == wanted["size"], path


def check_files(case, found):
    expected = {entry["path"]: entry for entry in case.get("expect_files", [])}
    for path, wanted in expected.items():
        if wanted.get("absent"):
            assert path not in found, path
            continue
        assert path in found
        assert found[path]["type"] == wanted["type"], path
        assert found[path]["mode"] == wanted["mode"], path
        if wanted["type"] == "file":
            check_content(case, path, wanted, found[path]["content"])
    more = {
        path
        for path in found
        if path not in expected and not is_runtime_addition(path, expected)
    }
    assert not more


# What holds of a log directory wherever it was cut


def log_options(argv, directory):
    """The size limit and number of files that hold for `directory`."""
    size, count, is_raw = 99999, 10, True
    for action in argv[1:]:
        digits = re.match(r"\d*", action[1:])[0]
        if action.startswith("s"):
            size = min(max(int(digits or 0), 4096), 16777215)
        elif action.startswith("n"):
            count = max(int(digits or 0), 2)
        elif action.startswith("!"):
            is_raw = action == "!"
        elif os.path.normpath(action) == directory:
            break
    return size, count, is_raw


def contents(files, directory):
    """The old files in order, then the current one."""
    old = sorted(path for path in files if path.startswith(directory + "/@"))
    return [files[path]["content"] for path in old], files[
        directory + "/current"
    ]["content"]


def expected_whole(case, directory):
    """All that the records hold of a directory; None where only sums do."""
    entries = {entry["path"]: entry for entry in case["expect_files"]}
    names = sorted(p for p in entries if p.startswith(directory + "/@"))
    parts = []
    for name in names + [directory + "/current"]:
        if "content_b64" not in entries[name]:
            return None
        parts.append(base64.b64decode(entries[name]["content_b64"]))
    return b"".join(parts)


def given_to(case, directory):
    """All that a log directory without a processor was given to keep."""
    given = base64.b64decode(case["stdin_b64"])
    for spec in case.get("setup", []):
        if spec["path"] == directory + "/current":
            given = base64.b64decode(spec["content_b64"]) + given
    return given if given.endswith(b"\n") else given + b"\n"


def check_log(case, files, directory):
    size, count, is_raw = log_options(case["argv"], directory)
    old, current = contents(files, directory)
    assert len(old) < count
    for content in old:
        assert len(content) <= size
        if b"\n" in content[-2000:]:
            assert content.endswith(b"\n")
    assert len(current) <= size
    whole = b"".join(old) + current
    if is_raw:
        given = given_to(case, directory)
        assert given.endswith(whole)
        assert len(old) == count - 1 or whole == given
    else:
        assert whole == expected_whole(case, directory)


def check_logs(case, outcome):
    """The invariants, for a run whose files were cut in other places."""
    expected = {entry["path"]: entry for entry in case["expect_files"]}
    for path, wanted in expected.items():
        if "@NEW" not in path:
            assert outcome.files[path]["type"] == wanted["type"]
            assert outcome.files[path]["mode"] == wanted["mode"]
        if path.endswith("/current"):
            check_log(case, outcome.files, path.rpartition("/")[0])
    check_exit(case, outcome)
    wanted_err = base64.b64decode(case["expect_stderr_b64"])
    assert set(outcome.stderr.splitlines()) == set(wanted_err.splitlines())


# One case


def check_exit(case, outcome):
    if "expect_signal" in case:
        assert outcome.code == -case["expect_signal"]
    else:
        assert outcome.code == case["expect_exit"]


def check_outputs(case, outcome):
    if "expect_stderr_like" in case:
        assert case["expect_stderr_like"].fullmatch(outcome.stderr)
    else:
        stderr = base64.b64decode(case["expect_stderr_b64"])
        assert mask(case, outcome.stderr) == mask(case, stderr)
    if "stdout_path" in case:
        return
    stdout = mask(case, outcome.stdout)
    wanted = mask(case, base64.b64decode(case["expect_stdout_b64"]))
    if case.get("sort_stdout") == "lines":
        stdout, wanted = sorted(stdout.split(b"\n")), sorted(wanted.split(b"\n"))
    assert stdout == wanted


def check_all(case, outcome):
    check_outputs(case, outcome)
    check_exit(case, outcome)
    check_files(case, outcome.files)


def changed(case, wanted):
    """The case with fields replaced as a row of WANTED says."""
    case = dict(case)
    for field in ("stdout", "stderr"):
        value = wanted.get(field)
        if value == "stdin":
            case[f"expect_{field}_b64"] = case["stdin_b64"]
        elif value == "once":
            twice = base64.b64decode(case[f"expect_{field}_b64"])
            assert twice[: len(twice) // 2] * 2 == twice
            half = base64.b64encode(twice[: len(twice) // 2])
            case[f"expect_{field}_b64"] = half.decode()
        elif isinstance(value, re.Pattern):
            case[f"expect_{field}_like"] = value
        elif value is not None:
            case[f"expect_{field}_b64"] = base64.b64encode(value).decode()
    if "code" in wanted:
        case.pop("expect_signal", None)
        case["expect_exit"] = wanted["code"]
    return case


def fits(check, *args):
    try:
        check(*args)
        return True
    except (AssertionError, KeyError):
        return False


def check(name, case, outcome):
    wanted = None if RECORDED_ONLY else WANTED.get(name)
    if isinstance(wanted, list):
        if not any(fits(check_all, changed(case, w), outcome) for w in wanted):
            check_all(case, outcome)
    elif wanted and "kept_whole" in wanted:
        check_logs(case, outcome)
        assert any(p.startswith(wanted["kept_whole"] + "/@") for p in outcome.files)
    elif wanted:
        check_all(changed(case, wanted), outcome)
    elif SPLITS_MAY_DIFFER.match(name) and not RECORDED_ONLY:
        if not fits(check_all, case, outcome):
            check_logs(case, outcome)
    else:
        check_all(case, outcome)


@pytest.fixture(scope="module", autouse=True)
def no_process_is_left():
    started = support.Programs()
    yield
    started.end_all()


@pytest.mark.parametrize(
    "program, case", [pytest.param(*c, id=f"{c[0]}/{c[1]['name']}") for c in CASES]
)
def test_does_as_recorded(program, case, tmp_path):
    for needed in [program] + ALSO_NEEDED.get(program, []):
        if not (support.BIN / needed).exists():
            pytest.skip(f"{needed} isn't built")
    for spec in case.get("setup", []):
        make_object(tmp_path, spec)
    stdout, stderr, code = run(program, case, tmp_path)
    files = list_files(case, tmp_path)
    name = f"{program}/{case['name']}"
    check(name, case, Outcome(stdout, stderr, code, files))


def test_every_exception_is_a_case():
    names = {f"{program}/{case['name']}" for program, case in CASES}
    assert set(WANTED) <= names


def test_every_defect_has_a_wanted_result():
    for program, case in CASES:
        if case["compat"] == "bug":
            assert f"{program}/{case['name']}" in WANTED
