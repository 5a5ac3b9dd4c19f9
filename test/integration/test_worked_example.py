"""The two services that administrators meet first: a web server and a DNS cache.

Apache httpd and dnscache, as Debian has them, run under svscan as an OpenBSD
guide to daemontools sets them up: linked into the scan directory while svscan
runs, scripts put in place by renaming, logs by multilog under an account of
their own. They are unpacked by script/peers, not installed, and only listen on
loopback addresses.
"""

import contextlib
import functools
import http.client
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import pytest

from support import BIN, TOP, is_alive, wait_until, write_script

NEEDED = "svscan svc svstat multilog setuidgid envdir envuidgid softlimit"
LIMIT_S = 60

pytestmark = pytest.mark.skipif(
    not all((BIN / name).exists() for name in NEEDED.split()),
    reason=f"not built: one of {NEEDED}",
)


@functools.lru_cache
def fetched(name):
    """Tried once a run, as it takes long to fail without a network."""
    return subprocess.run(
        [TOP / "script" / "peers", name], capture_output=True, text=True, timeout=300
    )


def package(name):
    """Where a Debian package is unpacked; skips when it can't be had."""
    done = fetched(name)
    if done.returncode != 0:
        pytest.skip(f"no package {name}: {done.stderr.strip()}")
    return pathlib.Path(done.stdout.strip())


class Machine:
    """A scan directory that svscan runs on, and where the services really are."""

    def __init__(self, folder, programs):
        self.folder = folder
        self.scan_dir = folder / "service"
        self.scan_dir.mkdir()
        path = f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"
        self.svscan = programs.start(
            BIN / "svscan",
            self.scan_dir,
            env={**os.environ, "PATH": path},
            stdout=subprocess.DEVNULL,
            stderr=(folder / "errors").open("wb"),
            start_new_session=True,
        )

    def link(self, directory):
        (self.scan_dir / directory.name).symlink_to(directory)

    def svc(self, option, name):
        subprocess.run([BIN / "svc", option, self.scan_dir / name], check=True)

    def svstat(self, name):
        """What svstat says after the name."""
        done = subprocess.run(
            [BIN / "svstat", self.scan_dir / name], capture_output=True, text=True
        )
        return done.stdout.partition(": ")[2].strip()

    def pid(self, name):
        found = re.match(r"up \(pid (\d+)\)", self.svstat(name))
        return int(found[1]) if found else None

    def wait_for_pid(self, name, other_than=None):
        return wait_until(
            lambda: self.pid(name) not in (None, other_than) and self.pid(name),
            limit_s=LIMIT_S,
            what=f"{name} up; errors: {(self.folder / 'errors').read_text()}",
        )

    def stop(self, name, option="-d"):
        pid = self.pid(name)
        self.svc(option, name)
        wait_until(lambda: self.svstat(name).startswith("down"), limit_s=LIMIT_S)
        assert not is_alive(pid)


@pytest.fixture
def folder():
    """One that other accounts may enter, which tmp_path isn't."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def machine(folder, programs):
    return Machine(folder, programs)


def log_account():
    return pwd.getpwnam("nobody")


def log_by_multilog(service, log_dir):
    """log/run the careful way, into a directory that root owns and the account's
    group may write to."""
    account = "setuidgid nobody " if os.getuid() == 0 else ""
    log_dir.mkdir()
    if os.getuid() == 0:
        os.chown(log_dir, 0, log_account().pw_gid)
    log_dir.chmod(0o775)
    install_run(service / "log", f"#!/bin/sh\nexec {account}multilog t {log_dir}\n")


def install_run(directory, text):
    """run, as an administrator replaces it: run.new, chmod 500, mv."""
    directory.mkdir(exist_ok=True)
    made = directory / "run.new"
    made.write_text(text)
    made.chmod(0o500)
    made.rename(directory / "run")


def logged(log_dir):
    current = log_dir / "current"
    with contextlib.suppress(FileNotFoundError):
        return current.read_text(errors="replace")
    return ""


# Apache httpd


def free_port():
    """Free now on the loopback address; nothing else is likely to take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Httpd:
    """The service directory of an Apache that serves one page."""

    name = "httpd.daemon"

    def __init__(self, folder):
        self.apache = package("apache2-bin")
        self.libraries = [
            str(path)
            for name in ("libapr1", "libaprutil1", "libpcre2-8-0", "libexpat1")
            for path in (package(name) / "usr/lib", package(name) / "lib")
        ]
        self.folder = folder / "httpd"
        self.directory = folder / self.name
        self.log_dir = folder / "httpd-log"
        self.port = free_port()
        for path in self.folder, self.directory, self.folder / "pages":
            path.mkdir()
        self.page("first")
        self.configuration = self.folder / "httpd.conf"
        self.configure()
        log_by_multilog(self.directory, self.log_dir)

    def page(self, text):
        (self.folder / "pages" / "index.html").write_text(text)

    def configure(self, more=""):
        modules = self.apache / "usr/lib/apache2/modules"
        user = "User nobody\nGroup nogroup\n" if os.getuid() == 0 else ""
        self.configuration.write_text(
            f"ServerRoot {self.folder}\n"
            "ServerName localhost\n"
            f"Listen 127.0.0.1:{self.port}\n"
            f"LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so\n"
            f"LoadModule authz_core_module {modules}/mod_authz_core.so\n"
            f"LoadModule alias_module {modules}/mod_alias.so\n"
            f"{user}"
            "StartServers 2\nMinSpareServers 1\nMaxSpareServers 2\n"
            "Mutex sem\n"
            f"PidFile {self.folder}/httpd.pid\n"
            "ErrorLog /dev/stderr\nLogLevel notice\n"
            f"DocumentRoot {self.folder}/pages\n" + more
        )

    def run_script(self, note=""):
        libraries = ":".join(
            path
            for base in self.libraries
            for path in [str(p) for p in pathlib.Path(base).glob("*-linux-gnu*")]
        )
        return (
            "#!/bin/sh\nexec 2>&1\n"
            f"rm -f {self.folder}/httpd.pid {self.folder}/accept.lock.*\n"
            f"{note}\n"
            f"exec env LD_LIBRARY_PATH={libraries} "
            f"{self.apache}/usr/sbin/apache2 -f {self.configuration} -DFOREGROUND\n"
        )

    def get(self, path="/index.html"):
        """The page; None while nobody serves it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == 200 else None
        except OSError:
            return None
        except http.client.HTTPException:
            return None
        finally:
            connection.close()

    def wait_for(self, text, path="/index.html"):
        wait_until(
            lambda: self.get(path) == text,
            limit_s=LIMIT_S,
            what=f"{path} to be {text!r}; log:\n{logged(self.log_dir)}",
        )


@pytest.fixture
def httpd(machine):
    """Linked while svscan runs, with `run` put in place after that."""
    made = Httpd(machine.folder)
    machine.link(made.directory)
    install_run(made.directory, made.run_script())
    made.wait_for("first")
    return made


def test_httpd_is_killed_and_comes_back(machine, httpd):
    pid = machine.wait_for_pid(httpd.name)
    os.kill(pid, signal.SIGKILL)
    assert machine.wait_for_pid(httpd.name, other_than=pid)
    # Its orphaned helpers hold the port for a while; that is Apache's affair.
    for line in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(httpd.configuration).encode() in line.read_bytes():
                other = int(line.parent.name)
                if os.getpgid(other) == pid:
                    os.kill(other, signal.SIGKILL)
    httpd.wait_for("first")


def test_httpd_runs_a_new_script_from_its_next_start_on(machine, httpd):
    note = "echo the script is new"
    pid = machine.wait_for_pid(httpd.name)
    install_run(httpd.directory, httpd.run_script(note))
    assert machine.pid(httpd.name) == pid  # a rename is not a restart
    machine.svc("-t", httpd.name)
    assert machine.wait_for_pid(httpd.name, other_than=pid)
    httpd.wait_for("first")
    wait_until(lambda: "the script is new" in logged(httpd.log_dir))


def test_httpd_is_logged_with_labels(machine, httpd):
    line = r"^@4[0-9a-f]{23} .*resuming normal operations"
    wait_until(
        lambda: re.search(line, logged(httpd.log_dir), re.M), limit_s=LIMIT_S
    )
    if os.getuid() == 0:
        current = (httpd.log_dir / "current").stat()
        assert current.st_uid == log_account().pw_uid


def test_httpd_stops_and_starts_on_command(machine, httpd):
    machine.stop(httpd.name)
    assert httpd.get() is None
    machine.svc("-u", httpd.name)
    # Not at once, if an orphaned helper of Apache still holds the port.
    machine.wait_for_pid(httpd.name)
    httpd.wait_for("first")


def test_httpd_reload_disturbs_nobody_else(machine, httpd):
    """A restart and the end of Apache signal its whole process group."""
    bystander = machine.folder / "bystander"
    bystander.mkdir()
    write_script(bystander / "run", "#!/bin/sh\nexec sleep 100000\n")
    machine.link(bystander)
    others = [
        machine.wait_for_pid("bystander"),
        machine.wait_for_pid(f"{httpd.name}/log"),
    ]
    pid = machine.wait_for_pid(httpd.name)

    httpd.configure(f"Alias /graceful {httpd.folder}/pages/index.html\n")
    os.kill(pid, signal.SIGUSR1)
    httpd.wait_for("first", "/graceful")
    wait_until(lambda: "raceful restart requested" in logged(httpd.log_dir))

    httpd.configure(f"Alias /restarted {httpd.folder}/pages/index.html\n")
    machine.svc("-h", httpd.name)
    httpd.wait_for("first", "/restarted")
    assert machine.pid(httpd.name) == pid

    machine.stop(httpd.name)
    assert machine.svscan.poll() is None
    assert [machine.pid("bystander"), machine.pid(f"{httpd.name}/log")] == others


def test_httpd_starts_soon_after_its_script_appears(machine):
    made = Httpd(machine.folder)
    machine.link(made.directory)
    # svscan has met the directory and has nothing to run in it.
    wait_until((made.directory / "supervise" / "status").exists, limit_s=LIMIT_S)
    install_run(made.directory, made.run_script())
    made.wait_for("first")


# dnscache


def free_address():
    """A loopback address of which port 53 is free; the port can't be chosen."""
    for last in range(2, 250):
        address = f"127.{os.getpid() // 250 % 250}.{os.getpid() % 250}.{last}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 53))
            except PermissionError:
                break
            except OSError:
                continue
            return address
    pytest.skip("no loopback address has port 53 free for us")


def ask(address, name):
    """The addresses that the cache gives for a name; [] while it doesn't answer."""
    labels = b"".join(
        bytes([len(part)]) + part.encode() for part in name.split(".")
    )
    query = struct.pack(">6H", 4711, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))  # root/ip/127.0.0.1 lets it ask
        client.settimeout(0.5)
        client.connect((address, 53))
        try:
            client.send(query)
            answer = client.recv(512)
        except OSError:
            return []
    count = struct.unpack(">H", answer[6:8])[0]
    at, found = len(query), []
    for _ in range(count):
        # A name that is a pointer (2 bytes), type, class, life, length.
        length = struct.unpack(">H", answer[at + 10 : at + 12])[0]
        found.append(socket.inet_ntoa(answer[at + 12 : at + 12 + length]))
        at += 12 + length
    return found


class Dnscache:
    """What dnscache-conf makes, with the place of the program put right."""

    name = "dnscache"

    def __init__(self, folder):
        if os.getuid() != 0:
            pytest.skip("dnscache drops root's rights")
        configure = package("djbdns-conf") / "usr/sbin/dnscache-conf"
        self.program = package("dnscache") / "usr/sbin/dnscache"
        self.address = free_address()
        self.directory = folder / self.name
        self.log_dir = folder / "dnscache-log"
        self.make(configure, folder / "etc")
        self.made_run = (self.directory / "run").read_text()
        (self.directory / "run").unlink()
        shutil.rmtree(self.directory / "log")

    def make(self, configure, etc):
        """dnscache-conf reads the root servers from /etc, so it sees ours."""
        etc.mkdir()
        for name in "passwd", "group", "nsswitch.conf":
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", etc)
        (etc / "dnsroots.global").write_text("127.0.0.1\n")
        command = (
            f"mount --bind {etc} /etc && "
            f"exec {configure} nobody nobody {self.directory} {self.address}"
        )
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", command],
            capture_output=True, text=True, timeout=60,
        )
        if not self.directory.exists():
            pytest.skip(f"dnscache-conf: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr

    def run_script(self):
        assert "envuidgid nobody softlimit" in self.made_run
        return self.made_run.replace("/usr/sbin/dnscache", str(self.program))

    def wait_for_answer(self):
        wait_until(
            lambda: ask(self.address, "localhost") == ["127.0.0.1"],
            limit_s=LIMIT_S,
            what=f"an answer; log:\n{logged(self.log_dir)}",
        )


@pytest.fixture
def dnscache(machine):
    made = Dnscache(machine.folder)
    log_by_multilog(made.directory, made.log_dir)
    install_run(made.directory, made.run_script())
    machine.link(made.directory)
    made.wait_for_answer()
    return made


def test_dnscache_answers_and_is_logged_by_an_account_of_its_own(machine, dnscache):
    pid = machine.wait_for_pid(dnscache.name)
    status = pathlib.Path("/proc", str(pid), "status").read_text()
    assert re.search(rf"^Uid:\t{log_account().pw_uid}\t", status, re.M)
    pattern = r"^@4[0-9a-f]{23} query \d+ 7f000001:\S+ 1 localhost\.$"
    wait_until(
        lambda: re.search(pattern, logged(dnscache.log_dir), re.M), limit_s=LIMIT_S
    )
    assert (dnscache.log_dir / "current").stat().st_uid == log_account().pw_uid
    assert dnscache.log_dir.stat().st_mode & 0o7777 == 0o775


def test_dnscache_is_killed_and_comes_back_with_its_log_going_on(machine, dnscache):
    pid = machine.wait_for_pid(dnscache.name)
    logger = machine.wait_for_pid(f"{dnscache.name}/log")
    os.kill(pid, signal.SIGKILL)
    assert machine.wait_for_pid(dnscache.name, other_than=pid)
    dnscache.wait_for_answer()
    wait_until(lambda: logged(dnscache.log_dir).count(" starting\n") >= 2)
    assert machine.pid(f"{dnscache.name}/log") == logger


def test_dnscache_logger_is_killed_and_no_line_is_lost(machine, dnscache):
    logger = machine.wait_for_pid(f"{dnscache.name}/log")
    pid = machine.wait_for_pid(dnscache.name)
    os.kill(logger, signal.SIGKILL)
    # Until it is dead it may take a line along that it was just woken for.
    wait_until(lambda: not is_alive(logger))
    asked = [f"1.2.3.{last}" for last in range(1, 30)]
    for name in asked:
        assert ask(dnscache.address, name) == [name]
    assert machine.wait_for_pid(f"{dnscache.name}/log", other_than=logger)

    def all_lines():
        try:
            text = "".join(
                path.read_text(errors="replace")
                for path in dnscache.log_dir.iterdir()
                if path.name == "current" or path.name[0] == "@"
            )
        except FileNotFoundError:  # renamed while the new logger recovers
            return False
        return all(f" 1 {name}.\n" in text for name in asked)

    wait_until(all_lines, limit_s=LIMIT_S)
    assert machine.pid(dnscache.name) == pid


def test_dnscache_stops_on_command(machine, dnscache):
    machine.stop(dnscache.name)
    assert ask(dnscache.address, "localhost") == []
    machine.svc("-u", dnscache.name)
    dnscache.wait_for_answer()
