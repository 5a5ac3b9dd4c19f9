"""
clang-tidy, which costs minutes: what it found good is not checked again, and by
default it checks only what was touched lately.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import time

from runner.kinds import EachFile
from runner.leg import TOP, Outcome

LATELY = 20  # commits
FORGOTTEN_S = 90 * 24 * 3600


class ClangTidy(EachFile):
    """Checks `files`, as the build in `folder` compiles them."""

    known_good = TOP / ".cache" / "clang-tidy"

    def __init__(self, folder, files):
        argv = ["clang-tidy", "-p", self.known_good, "--quiet"]
        super().__init__("clang-tidy", argv, files, (folder.replace("-", " "),))
        self.folder = TOP / folder

    def run(self, log):
        self.known_good.mkdir(parents=True, exist_ok=True)
        forget_old(self.known_good)
        sources = Sources(self.folder)
        sources.write_commands(self.known_good / "compile_commands.json")
        files = self.files_to_check()
        wanted = set(files if self.chosen else self.wanted(sources))
        outcome = Outcome()
        for path in files:
            outcome += self.outcome_of_file(path, path in wanted, sources, log)
        if outcome.skipped:
            log.write(
                f"{outcome.skipped} files were not touched in {LATELY} commits,"
                " and not checked: script/test --long does that\n"
            )
        return outcome

    def wanted(self, sources):
        touched = None if "HOLDFAST_LONG" in os.environ else touched_lately()
        return self.files if touched is None else chosen(touched, sources.included)

    def outcome_of_file(self, path, is_wanted, sources, log):
        known = self.known_good / sources.key(path)
        if known.exists():
            known.touch()
            return Outcome(passed=1)
        if not is_wanted:
            return Outcome(skipped=1)
        if not self.is_good([path], log):
            return Outcome(failures=[path])
        known.touch()
        return Outcome(passed=1)


class Sources:
    """What a build knows: how files are compiled, and what they include."""

    def __init__(self, folder):
        self.commands = {}
        by_output = {}
        for entry in json.loads((folder / "compile_commands.json").read_text()):
            path = relative(folder / entry["file"])
            by_output[entry["output"]] = path
            # Some are compiled for several programs; once is enough here.
            self.commands.setdefault(path, entry)
        self.included = included(folder, by_output)
        self.digests = {}
        version = ["clang-tidy", "--version"]
        self.common = subprocess.run(version, stdout=subprocess.PIPE).stdout
        self.common += (TOP / ".clang-tidy").read_bytes()

    def write_commands(self, path):
        path.write_text(json.dumps(list(self.commands.values()), indent=1))

    def key(self, path):
        """Two files that clang-tidy could tell apart have two keys."""
        command = self.commands.get(path, {}).get("command", "")
        key = hashlib.sha256(self.common + command.encode())
        # Where nothing is known of a file, it may include all headers.
        headers = map(relative, TOP.glob("src/**/*.h"))
        for name in sorted(self.included.get(path) or {path, *headers}):
            key.update(f"\0{name}\0{self.digest(name)}".encode())
        return key.hexdigest()

    def digest(self, name):
        if name not in self.digests:
            content = (TOP / name).read_bytes()
            self.digests[name] = hashlib.sha256(content).hexdigest()
        return self.digests[name]


def relative(path):
    """To the top folder, if it is below that."""
    path = pathlib.Path(os.path.normpath(path))
    return str(path.relative_to(TOP) if path.is_relative_to(TOP) else path)


def included(folder, by_output):
    """{source: the files that it is made of, itself too}, from ninja's notes."""
    argv = ["ninja", "-C", folder, "-t", "deps"]
    said = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
    found, current = {}, set()
    for line in said.splitlines():
        if line.startswith(" "):
            current.add(relative(folder / line.strip()))
        elif line.partition(": ")[0] in by_output:
            path = by_output[line.partition(": ")[0]]
            current = found.setdefault(path, {path})
        else:
            current = set()
    return found


def touched_lately():
    """What differs from LATELY commits ago; None if that can't be said."""
    found = []
    for argv in (
        ["diff", "--name-only", "-z", f"HEAD~{LATELY}"],
        ["ls-files", "--others", "--exclude-standard", "-z"],
    ):
        try:
            said = subprocess.run(["git", *argv], cwd=TOP, capture_output=True)
        except FileNotFoundError:
            return None
        if said.returncode != 0:  # a tarball, or a clone without its history
            return None
        found += os.fsdecode(said.stdout).split("\0")
    return set(found)


def chosen(touched, included):
    """The sources that were touched; for each header, one that includes it."""
    found = {path for path in touched if path.endswith(".c")}
    for header in (path for path in touched if path.endswith(".h")):
        users = [path for path, files in included.items() if header in files]
        own = str(pathlib.PurePath(header).with_suffix(".c"))
        found.update([own] if own in users else sorted(users)[:1])
    return found


def forget_old(folder):
    for path in folder.iterdir():
        if path.stat().st_mtime < time.time() - FORGOTTEN_S:
            path.unlink()
