"""Service directories that can't be written: what is said of them, and what runs all the same."""

import os
import re
import shutil
import subprocess

import pytest

from support import BIN, SLEEPER, wait_until, write_script

IS_ROOT = os.geteuid() == 0


def one(path):
    return f'mount --bind "{path}" "{path}" && mount -o remount,bind,ro "{path}" || exit 99'


def as_user(uid, gid=0):
    """Without capabilities, and without a way to get any."""
    return [
        "setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
        "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs",
    ]


def make_service(path):
    path.mkdir()
    path.chmod(0o755)
    write_script(path / "run", "#!/bin/sh\nexec sleep 1000\n")
    return path


ADVICE = (
    "mount a tmpfs at /run or /tmp, or set SUPERVISEDIR to a directory that can be"
    " written; see supervise(8)\n"
)
OTHER = as_user(12345)
# Services with what is kept in supervise/ for each.
TALKS = "#!/bin/sh\nexec 2>&1\npwd\nexec sleep 1000\n"
READY = "#!/bin/sh\necho >&5\nexec 5>&-\nexec sleep 1000\n"


class Room:
    """A mount namespace: nothing in /service can be written, /run is empty."""

    def __init__(self, tmp_path, programs):
        self.tmp_path = tmp_path
        self.programs = programs
        self.scan = tmp_path / "service"
        self.scan.mkdir()
        self.logs = tmp_path / "logs"
        self.logs.mkdir()
        for path in (self.scan, self.logs):
            path.chmod(0o777 if path == self.logs else 0o755)
        for folder in tmp_path.parents:
            if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 1:
                folder.chmod(folder.stat().st_mode | 0o011)
        tmp_path.chmod(0o755)
        self.said = tmp_path / "said"
        self.before = []
        self.keeper = self.svscan = None
        self.environment = {"PATH": f"{BIN}:{os.environ['PATH']}"}

    def make(self, name="web", text=SLEEPER, **files):
        path = make_service(self.scan / name)
        write_script(path / "run", text)
        for file, words in files.items():
            target = path / file.replace("_", "-")
            target.write_text(words)
            target.chmod(0o755 if words.startswith("#!") else 0o644)
        return path

    def add_log(self, path):
        (path / "log").mkdir()
        (path / "log").chmod(0o755)
        write_script(path / "log" / "run", f"#!/bin/sh\nexec multilog {self.logs}/{path.name}\n")

    def enter(self, *words, run_mode="755", sealed=True):
        seal = one(self.scan) if sealed else ":"
        script = f"{seal}; mount -t tmpfs -o mode={run_mode} none /run || exit 99; echo; exec sleep 100000"
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
            pytest.skip("no mount namespaces here")
        self.keeper = self.programs.start(
            "unshare", "--mount", "sh", "-c", script, stdout=subprocess.PIPE
        )
        assert self.keeper.stdout.readline() == b"\n"
        self.keeper.stdout.close()
        self.before = list(words)

    def words(self, *argv, before=None):
        inside = ["nsenter", "--mount", f"--target={self.keeper.pid}", f"--wd={self.tmp_path}"]
        return [*inside, *(self.before if before is None else before), *map(str, argv)]

    def start(self):
        with open(self.said, "ab") as said:
            self.svscan = self.programs.start(
                *self.words("svscan", self.scan), stdout=said, stderr=said, env=self.environment
            )
        return self.svscan

    def run(self, *argv, before=None):
        done = subprocess.run(
            self.words(*argv, before=before), capture_output=True, text=True, timeout=120,
            env=self.environment | {"SVDIR": str(self.scan)},
        )
        return done.returncode, done.stdout + done.stderr

    def wait(self, *argv, code=0, before=None):
        wait_until(lambda: self.run(*argv, before=before)[0] == code, what=argv)

    def seal(self, path):
        assert self.run("sh", "-c", one(path), before=[]) == (0, "")

    def pid_of(self, name):
        found = re.fullmatch(r".*: up \(pid (\d+)\) .*\n", self.run("svstat", self.scan / name)[1])
        return int(found[1]) if found else None

    def wait_pid(self, name, besides=None):
        wait_until(lambda: self.pid_of(name) not in (None, besides), what=name)
        return self.pid_of(name)

    def places(self, base="/run/holdfast"):
        """What is there, without what all names have in common."""
        listed = self.run("ls", base, before=[])[1].split()
        return {name.replace(str(self.tmp_path)[1:].replace("/", ":") + ":", "") for name in listed}

    def logged(self, name):
        path = self.logs / name / "current"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def room(tmp_path, programs):
    if not IS_ROOT:
        pytest.skip("takes root, to mount")
    return Room(tmp_path, programs)


WHO = pytest.mark.parametrize(
    "who, mode, base",
    [([], "755", "/run/holdfast"), (OTHER, "777", "/run/holdfast-12345")],
    ids=["root", "any user without capabilities"],
)


@WHO
def test_all_runs_where_nothing_can_be_written(room, who, mode, base):
    room.add_log(room.make("logged", TALKS))
    room.make("inline", TALKS, log=f"#!/bin/sh\nexec multilog {room.logs}/inline\n")
    room.make("ready", READY, notification_fd="5\n", lock_fd="7\n")
    room.make("off", down="")
    room.enter(*who, run_mode=mode)
    room.start()
    room.wait("svwait", "-U", *(room.scan / name for name in ("logged", "inline", "ready")))
    for name in ("logged", "inline"):
        wait_until(lambda: room.logged(name) == [str(room.scan / name)])
    assert room.run("svok", room.scan / "off") == (0, "")
    assert room.run("svup", room.scan / "logged") == (0, "")
    assert room.run("svstat", room.scan / "off")[1].startswith(f"{room.scan}/off: down ")
    assert room.run("sv", "check", "--all") == (0, "all well: 4 services\n")
    assert room.run("sv", "check", "--all", "--live")[0] == 0
    assert room.run("sv", "lint") == (0, "")
    before = room.pid_of("ready")
    assert room.run("svc", "-t", room.scan / "ready") == (0, "")
    room.wait_pid("ready", besides=before)
    room.wait("svwait", "-U", room.scan / "ready")
    assert "killed by TERM" in room.run("sv", "deaths", "ready")[1]
    assert room.run("sv", "start", "off")[1].startswith("ok: run: off: ")
    assert room.run("svlog", "logged") == (0, f"{room.scan}/logged\n")
    assert room.places(base) == {
        "service", *(f"service:{name}" for name in ("logged", "logged:log", "inline", "ready", "off")),
    }
    assert room.run("svscanctl", "-t", room.scan) == (0, "")
    assert room.svscan.wait(120) == 0
    assert room.run("svok", room.scan / "ready")[0] == 100
    assert room.said.read_text() == ""
    assert not any((room.scan / name / "supervise").exists() for name in ("logged", "off"))


@WHO
def test_what_runs_is_taken_over_there(room, who, mode, base):
    room.add_log(room.make("logged", TALKS))
    room.make("inline", TALKS, log=f"#!/bin/sh\nexec multilog {room.logs}/inline\n")
    room.enter(*who, run_mode=mode)
    room.start()
    names = ["logged", "logged/log", "inline"]
    before = [room.wait_pid(name) for name in names]
    for _ in range(2):
        room.svscan.kill()
        room.svscan.wait(120)
        room.start()
        room.wait("svok", room.scan / "inline")
        room.wait("svok", room.scan / "logged" / "log")
        assert [room.wait_pid(name) for name in names] == before
    room.svscan.terminate()
    assert room.svscan.wait(120) == 0
    assert room.said.read_text() == ""
    assert base in ("/run/holdfast", "/run/holdfast-12345")


def test_a_second_svscan_is_refused_there_too(room):
    room.make()
    room.enter()
    room.start()
    room.wait_pid("web")
    assert room.run("svscan", room.scan) == (
        111, "svscan: fatal: unable to acquire .svscan/lock: temporary failure\n",
    )


def test_one_service_alone_needs_no_more(room):
    path = room.make(text="#!/bin/sh\nexit 1\n", restart="never\n", on_giving_up="shutdown 7\n")
    room.enter()
    assert room.run("supervise", path)[0] == 7
    assert room.places() == {"service:web"}


def test_supervisedir_names_another_place_and_clients_need_not_know(room):
    """What can be linked is linked; else there is a link in the usual place."""
    room.make()
    room.enter()
    other = room.tmp_path / "new" / "place"
    room.environment["SUPERVISEDIR"] = str(other)
    room.start()
    room.wait_pid("web")
    assert other.exists() and other.parent.stat().st_mode & 0o777 == 0o755
    del room.environment["SUPERVISEDIR"]
    room.wait("svwait", "-u", room.scan / "web")
    assert room.run("sv", "check", "--all", "--live")[0] == 0
    assert len(list(other.iterdir())) == 2
    assert room.run("svscanctl", "-t", room.scan) == (0, "")
    assert room.svscan.wait(120) == 0


def test_supervisedir_makes_links_where_that_can_be(room):
    path = room.make()
    room.enter(sealed=False)
    other = room.tmp_path / "new" / "place"
    room.environment["SUPERVISEDIR"] = str(other)
    room.start()
    room.wait_pid("web")
    name = str(path)[1:].replace("/", ":")
    assert os.readlink(path / "supervise") == f"{other}/{name}"
    assert (other / name / "status").exists()
    assert (room.scan / ".svscan" / "control").is_fifo() and (room.scan / ".svscan").is_symlink()
    # As after a boot: links lead to what isn't there.
    room.svscan.terminate()
    assert room.svscan.wait(120) == 0
    shutil.rmtree(room.tmp_path / "new")
    del room.environment["SUPERVISEDIR"]
    room.start()
    room.wait_pid("web")
    assert (other / name / "status").exists()
    assert room.run("svscanctl", "-t", room.scan) == (0, "")
    assert room.said.read_text() == ""


def test_what_another_user_left_is_no_place(room):
    room.make()
    room.enter(*OTHER, run_mode="777")
    room.run("mkdir", "/run/holdfast-12345", before=[])
    room.seal("/tmp")
    room.start()
    line = (
        "svscan: warning: unable to make web/supervise: read-only file system;"
        " SUPERVISEDIR can name another place"
    )
    wait_until(lambda: line in room.said.read_text().splitlines())
    assert room.run("svstat", room.scan / "web")[1].endswith(
        "unable to open supervise/ok: file does not exist\n"
    )
    problem = f"{room.scan}/web/supervise: a supervisor can't make it: read-only file system; {ADVICE}"
    assert room.run("sv", "lint") == (1, problem)


def test_what_may_be_in_use_elsewhere_is_left_alone(room):
    """The files of another user's supervisor: its services would run twice."""
    path = room.make()
    room.enter(*OTHER, run_mode="777", sealed=False)
    (path / "supervise").mkdir(mode=0o700)
    room.start()
    line = (
        "svscan: warning: unable to acquire web/supervise/lock: access denied;"
        " SUPERVISEDIR can name another place"
    )
    wait_until(lambda: line in room.said.read_text().splitlines())
    assert room.places("/run/holdfast-12345") == {"service"}


def test_who_supervises_by_another_mount_is_respected(room):
    path = room.make()
    first = room.programs.start(BIN / "supervise", path)
    wait_until(lambda: subprocess.run([BIN / "svok", path]).returncode == 0)
    room.enter()
    room.start()
    line = "svscan: warning: unable to acquire web/supervise/lock: read-only file system"
    wait_until(lambda: line in room.said.read_text())
    assert first.poll() is None
    assert room.places() == {"service"}


def test_other_users_are_told_that_it_is_not_for_them(room):
    room.make()
    room.enter()
    room.start()
    room.wait("svwait", "-U", room.scan / "web")
    said = f"{room.scan}/web: unable to open supervise/ok: access denied\n"
    assert room.run("svstat", room.scan / "web", before=OTHER) == (0, said)
    assert room.run("sv", "allow", "--status", "web")[0] == 0
    room.wait("svok", room.scan / "web", before=OTHER)
    assert room.run("sv", "check", "--all", before=OTHER)[0] == 0


def test_lint_tells_of_a_directory_that_no_place_can_stand_for(room):
    path = room.make()
    lint = ["sv", "lint", f"{path}/"]
    room.enter(*OTHER, run_mode="755")
    room.seal("/tmp")
    problem = f"{path}//supervise: a supervisor can't make it: read-only file system; {ADVICE}"
    assert room.run(*lint) == (1, problem)
    assert room.run(*lint, before=[]) == (0, "")


def test_lint_has_nothing_against_a_link_to_where_there_is_room(room):
    path = room.make()
    (path / "supervise").symlink_to(room.logs / "web")
    room.enter(*OTHER)
    room.seal("/tmp")
    assert room.run("sv", "lint", f"{path}/") == (0, "")
