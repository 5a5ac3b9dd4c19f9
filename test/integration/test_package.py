"""script/package: what it makes works where nothing of Holdfast was before.

The Debian packages are for a long test: a fresh system is made for them.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from support import TOP, Service, program_names, wait_until

PACKAGE = TOP / "script" / "package"
IS_LONG = "HOLDFAST_LONG" in os.environ

# Compiled twice: a service that counts, and its logger.
COUNTER = r"""
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void)
{
	const struct timespec pause = {.tv_nsec = 10000000};

#ifdef LOGGER
	execlp("multilog", "multilog", "./main", NULL);
	return 111;
#endif
	for (int count = 1;; count++) {
		printf("%d\n", count);
		fflush(stdout);
		nanosleep(&pause, NULL);
	}
}
"""


def made(kind, folder):
    done = subprocess.run(
        [PACKAGE, kind, folder], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [pathlib.Path(line) for line in done.stdout.splitlines()]


def test_versions_agree():
    changelog = (TOP / "dist/debian/changelog").read_text()
    project = (TOP / "meson.build").read_text()
    version = re.search(r"^  version: '(.*)',$", project, re.M).group(1)
    assert changelog.startswith(f"holdfast ({version}) ")
    port = (TOP / "dist/openbsd/Makefile").read_text()
    assert re.search(rf"^V =\s+{re.escape(version)}$", port, re.M)


def test_the_port_lists_what_is_installed():
    listed = (TOP / "dist/openbsd/pkg/PLIST").read_text().splitlines()
    programs = {line.split("/")[1] for line in listed if line.startswith("@bin bin/")}
    assert programs == program_names()
    pages = {line.rpartition("/")[2] for line in listed if line.startswith("@man ")}
    assert pages == {page.name for page in (TOP / "man").glob("*.[1-9]")}


def test_wrong_use_is_told():
    done = subprocess.run([PACKAGE, "rpm"], capture_output=True, text=True)
    assert done.returncode == 100
    assert done.stderr == "package: usage: package deb|tar [folder]\n"


# ---- the tarball ----


@pytest.fixture
def bare(tmp_path):
    """A root with the tarball, /dev/null, and nothing else."""
    if os.getuid() != 0:
        pytest.skip("only root may change its root")
    if not shutil.which("musl-gcc"):
        pytest.skip("there is no musl-gcc")
    root = tmp_path / "root"
    (root / "dev").mkdir(parents=True)
    try:
        os.mknod(root / "dev" / "null", 0o20666, os.makedev(1, 3))
        open(root / "dev" / "null").close()
    except OSError:
        pytest.skip("no devices can be made here")
    (archive,) = made("tar", tmp_path)
    place = root / "any" / "where"
    place.mkdir(parents=True)
    subprocess.run(["tar", "-xzf", archive, "-C", place], check=True)
    (unpacked,) = place.iterdir()
    service = Service(root / "service" / "counter", run=None)
    (service.path / "log").mkdir()
    (tmp_path / "counter.c").write_text(COUNTER)
    for option, name in ("-UX", "run"), ("-DLOGGER", "log/run"):
        argv = ["musl-gcc", "-static", option, "-o", service.path / name]
        subprocess.run([*argv, tmp_path / "counter.c"], check=True)
    return root, "/" + str(unpacked.relative_to(root)), service


def test_tarball_works_in_a_root_with_nothing_else(bare, programs):
    root, place, service = bare
    boot = programs.start(
        f"{place}/bin/svscanboot", "/service", preexec_fn=lambda: os.chroot(root)
    )
    log = service.path / "log" / "main" / "current"
    lines = lambda: log.read_text().splitlines() if log.exists() else []  # noqa: E731
    wait_until(lambda: len(lines()) > 10)
    pid = service.wait_up()

    # Clients, and svscan again after it was killed, are found there, too.
    client = {"preexec_fn": lambda: os.chroot(root), "cwd": "/"}
    shown = subprocess.run(
        [f"{place}/bin/svstat", "/service/counter"], capture_output=True, **client
    )
    assert re.match(rb"/service/counter: up \(pid \d+\) \d+ seconds\n", shown.stdout)
    subprocess.run([f"{place}/bin/svscanctl", "-u", "/service"], check=True, **client)
    count = len(lines())
    wait_until(lambda: len(lines()) > count + 10)
    assert service.wait_up() == pid
    boot.send_signal(signal.SIGTERM)
    assert boot.wait(60) == 0
    assert lines() == [str(number) for number in range(1, len(lines()) + 1)]


# ---- the Debian packages ----


@contextlib.contextmanager
def mounted(root, *folders):
    for folder in folders:
        subprocess.run(["mount", "--bind", f"/{folder}", root / folder], check=True)
    try:
        yield
    finally:
        for folder in reversed(folders):
            subprocess.run(["umount", "-l", root / folder], check=True)


class Debian:
    """A fresh Debian below `root`, and what is done in it."""

    def __init__(self, root, programs):
        self.root = root
        self.programs = programs

    def run(self, *argv):
        done = subprocess.run(
            ["chroot", self.root, "env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
             "DEBIAN_FRONTEND=noninteractive", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def processes(self):
        """(pid, program) of all that run with this root."""
        found = set()
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(process / "root") == str(self.root):
                    program = os.readlink(process / "exe").removeprefix(str(self.root))
                    found.add((int(process.name), program))
        return found

    def add_service(self, name):
        path = self.root / "etc" / "service" / name
        made = Service(path.with_name(f".{name}"))
        made.add_log("#!/bin/sh\nexec multilog t ./main\n")
        made.run("#!/bin/sh\nwhile :; do echo line; sleep 0.1; done\n")
        made.path.rename(path)
        made.path = path
        return made


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    if not IS_LONG:
        pytest.skip("for a long test: HOLDFAST_LONG=1")
    missing = [tool for tool in ("dh", "debootstrap", "lintian") if not shutil.which(tool)]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs root, and: {' '.join(missing)}")
    return made("deb", tmp_path_factory.mktemp("debs"))


def mirror():
    """(suite, place) from which apt gets Debian itself."""
    form = "$(SITE) $(CODENAME) $(COMPONENT) $(TARGET_OF)"
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", form], capture_output=True, text=True
    )
    for line in targets.stdout.splitlines():
        site, suite, component, target = line.split()
        if component == "main" and target == "deb" and re.fullmatch("[a-z]+", suite):
            return suite, site
    return None


def bootstrapped(root, debs, *options):
    """A fresh Debian below `root`, which has the packages in /root."""
    found = mirror()
    if not found:
        pytest.skip("apt has no Debian here")
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", *options, found[0], root, found[1]],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
    )
    if done.returncode != 0:
        pytest.skip("debootstrap is not possible: " + done.stdout.splitlines()[-1])
    for deb in debs:
        shutil.copy(deb, root / "root")
    shutil.copy(TOP / "script" / "demo", root / "root")


@pytest.fixture
def debian(tmp_path, programs, debs):
    root = tmp_path / "debian"
    bootstrapped(root, debs)
    with mounted(root, "proc", "dev"):
        yield Debian(root, programs)
        programs.end_all()


def debs_in(debian, *names):
    return [f"/root/{next((debian.root / 'root').glob(name + '_*')).name}" for name in names]


@pytest.mark.timeout(1800)
def test_packages_on_a_fresh_debian(debian):
    said = debian.run("dpkg", "-i", *debs_in(debian, "holdfast", "holdfast-daemontools"))
    assert debian.processes() == set(), said
    service = debian.add_service("web")
    boot = debian.programs.start("chroot", debian.root, "svscanboot", "/etc/service")
    pid = service.wait_up()
    (svscan,) = [p for p, name in debian.processes() if name.endswith("/svscan")]

    # An upgrade: dpkg replaces all files, svscan becomes the new program.
    debian.run("dpkg", "-i", *debs_in(debian, "holdfast", "holdfast-daemontools"))
    wait_until(lambda: (svscan, "/usr/lib/holdfast/bin/svscan") in debian.processes())
    assert service.wait_up() == pid

    # The demo, with the programs that are installed.
    said = debian.run(
        "env", "HOLDFAST_BIN=/usr/lib/holdfast/bin", "TMPDIR=/tmp", "sh", "/root/demo"
    )
    assert "nothing was restarted" in said

    # It goes; what runs stays, until it is told to stop, and so do its files.
    debian.run("dpkg", "--purge", "holdfast-daemontools", "holdfast")
    assert service.wait_up() == pid and boot.poll() is None
    boot.send_signal(signal.SIGTERM)
    debian.programs.wait_end(boot, 0)
    assert (service.path / "run").exists()
    assert not (debian.root / "usr/bin/svc").is_symlink()


def test_only_the_live_view_needs_libraries(debs):
    depends = {}
    for deb in debs:
        argv = ["dpkg-deb", "-f", deb, "Package", "Depends"]
        said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        fields = dict(line.split(": ", 1) for line in said.splitlines())
        depends[fields["Package"]] = fields.get("Depends", "")
    assert "libncursesw6" in depends.pop("holdfast-top")
    assert len(depends) == 3 and "lib" not in "".join(depends.values())


@pytest.mark.timeout(1800)
def test_packages_beside_others_and_in_their_place(debian):
    debian.run("apt-get", "update")
    debian.run("apt-get", "install", "-y", "daemontools-run")
    debian.run("apt-get", "install", "-y", "--no-install-recommends",
               *debs_in(debian, "holdfast"))
    assert debian.run("readlink", "-f", "/usr/bin/svc") == "/usr/bin/svc\n"
    assert "(Holdfast)" in debian.run("svlog", "--version")
    assert "(Holdfast)" in debian.run("/usr/lib/holdfast/bin/svc", "--version")

    # What depends on daemontools stays, and so does the unit that is its own.
    said = debian.run("apt-get", "install", "-y", *debs_in(debian, "holdfast-daemontools"))
    assert "(Holdfast)" in debian.run("svc", "--version"), said
    installed = debian.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
    assert "ii  daemontools-run\n" in installed and "ii  daemontools\n" not in installed
    debian.run("apt-get", "install", "-y", *debs_in(debian, "holdfast-runit"))
    assert "(Holdfast)" in debian.run("sv", "--version")
    # The live view brings the libraries that it needs.
    debian.run("apt-get", "install", "-y", *debs_in(debian, "holdfast-top"))
    assert "(Holdfast)" in debian.run("svtop", "--version")
    # And back.
    debian.run("apt-get", "install", "-y", "daemontools", "runit")
    installed = debian.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
    assert "ii  daemontools\n" in installed and "ii  runit\n" in installed
    assert "ii  holdfast\n" in installed


# ---- the unit, below a systemd ----

SYSTEMD = r"""
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --rbind /sys sys
mount -t tmpfs -o mode=755 none sys/fs
mkdir sys/fs/cgroup
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs none run
mount --rbind /dev dev
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	chroot "$1" /lib/systemd/systemd --show-status=no --unit=multi-user.target
"""


class Systemd(Debian):
    """A Debian that its own systemd has booted, in namespaces of its own."""

    def boot(self):
        group = cgroup2() / f"holdfast-{os.getpid()}"
        group.mkdir()
        self.group = group
        self.unshare = self.programs.start(
            "unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup",
            "--uts", "--ipc", "sh", "-c", SYSTEMD, "sh", self.root,
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        running = ["systemctl", "is-active", "multi-user.target"]
        wait_until(lambda: self.enter(*running) == "active\n", 60, "systemd's boot")

    def enter(self, *argv):
        (child,) = children_of(self.unshare.pid) or [None]
        if child is None:
            return ""
        return subprocess.run(
            ["nsenter", "-t", str(child), "-m", "-p", "-r", "-w", "-u", "-i", "-C", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        ).stdout

    def end(self):
        self.programs.end_all()
        for path in sorted(self.group.glob("**/"), key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                path.rmdir()


def children_of(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return path.read_text().split() if path.exists() else []


def cgroup2():
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    pytest.skip("there is no cgroup2 here")


@pytest.fixture
def systemd(tmp_path, programs, debs):
    cgroup2()
    root = tmp_path / "debian"
    bootstrapped(root, debs, "--include=systemd,systemd-sysv")
    made = Systemd(root, programs)
    made.run("dpkg", "-i", *debs_in(made, "holdfast", "holdfast-daemontools"))
    made.boot()
    yield made
    made.end()


@pytest.mark.timeout(1800)
def test_unit_is_restarted_reloaded_and_killed_without_a_restart(systemd):
    service = systemd.add_service("web")
    assert systemd.enter("systemctl", "is-enabled", "svscanboot") == "disabled\n"
    said = systemd.enter("systemctl", "enable", "--now", "svscanboot")
    # Type=notify: svscan has looked, and takes commands.
    assert systemd.enter("svscanctl", "-s", "/etc/service") == "", said

    def pid():
        shown = systemd.enter("svstat", "/etc/service/web")
        found = re.search(r": up \(pid (\d+)\) ", shown)
        return found and found[1]

    def main():
        return systemd.enter("systemctl", "show", "-p", "MainPID", "--value", "svscanboot")

    before = wait_until(pid), wait_until(lambda: main().strip())
    assert systemd.enter("systemctl", "restart", "svscanboot") == ""
    assert pid() == before[0] and main().strip() != before[1]
    assert systemd.enter("systemctl", "reload", "svscanboot") == ""
    wait_until(lambda: pid() == before[0])

    systemd.enter("kill", "-9", main().strip())
    active = ["systemctl", "is-active", "svscanboot"]
    wait_until(lambda: systemd.enter(*active) == "active\n")
    wait_until(lambda: pid() == before[0])
    assert systemd.enter("systemctl", "stop", "svscanboot") == ""
    assert "supervise not running" in systemd.enter("svstat", "/etc/service/web")
    lines = service.read("log/main/current").splitlines()
    assert lines and lines[-1].endswith(" line")
