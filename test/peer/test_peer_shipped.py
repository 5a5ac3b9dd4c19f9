"""Service directories that Debian ships run under svscan, unmodified.

Each service that can run here does, in a root of its own: the machine's, below
the files of the packages, with all that is written kept in memory; and in a
network of its own, which has nothing but a loopback. Programs come from Debian,
but svscan, sv, chpst and svlogd are ours. What the package or the administrator
would do when it is installed (accounts, an empty data base) is in the table, and
so is why each of the others cannot run here.
"""

import collections
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import peer_programs
from test_peer_directories import PACKAGES, shipped

from proc import state_of
from support import BIN, Host, Service, is_alive, program_of, wait_until

# `packages`: what has the programs, besides the one that has the directory.
# `listens`: ports on the loopback, as in /proc/net; without any, being up is all
# that can be asked for. `setup` is for sh, in the new root.
Run = collections.namedtuple("Run", "package program packages listens setup logs")


def run(package, program, *packages, listens=(), setup="", logs=True):
    return Run(package, program, packages, listens, setup, logs)


# dh-runit's configuration is used as an environment.
CONF = "ln -s conf /etc/sv/{name}/env\n"
RUNS = {
    "tinydns": run(
        "tinydns", "tinydns", listens=["udp 53"],
        setup=CONF + "cd /etc/sv/{name}/root && echo =www.test:127.0.0.9 >data && tinydns-data",
    ),
    "dnscache": run("dnscache", "dnscache", listens=["udp 53", "tcp 53"], setup=CONF),
    "walldns": run(
        "walldns", "walldns", listens=["udp 53"], setup=CONF + "mkdir /etc/sv/{name}/root"
    ),
    "rbldns": run(
        "rbldns", "rbldns", listens=["udp 53"],
        setup=CONF + "cd /etc/sv/{name}/root && rbldns-data",
    ),
    "axfrdns": run(
        "axfrdns", "tcpserver", "ucspi-tcp", "tinydns", listens=["tcp 53"],
        setup=CONF + "cd /etc/sv/{name} && tcprules tcp.cdb tcp.tmp <tcp",
    ),
    "mini-httpd": run(
        "mini-httpd-run", "mini_httpd", "mini-httpd", listens=["tcp 80"],
        setup="mkdir -p /var/www/html /run/runit/supervise",
    ),
    "socklog-unix": run("socklog-run", "socklog", "socklog"),
    "socklog-inet": run("socklog-run", "socklog", "socklog", listens=["udp 514"]),
    "socklog-ucspi-tcp": run(
        "socklog-run", "tcpsvd", "socklog", "ipsvd", listens=["tcp 10116"]
    ),
    "git-daemon": run(
        "git-daemon-run", "git-daemon", listens=["tcp 9418"],
        setup="mkdir -p /var/lib/git /var/log/git-daemon",
    ),
    "ssh": run(
        "openssh-server", "sshd", "libwrap0", listens=["tcp 22"],
        setup="rm -rf /run/sshd; cp /usr/share/openssh/sshd_config /etc/ssh/; ssh-keygen -A",
    ),
    "tor": run("tor", "tor", listens=["tcp 9050"], setup="mkdir -p /var/lib/tor\n"
               "chown debian-tor /var/lib/tor"),
    "cron": run(
        "runit-services", "cron", "cron", logs=False,
        setup="mkdir -p /var/spool/cron/crontabs; chgrp crontab /var/spool/cron/crontabs",
    ),
    "atd": run(
        "runit-services", "atd", "at", logs=False,
        setup="mkdir -p /var/spool/cron/atjobs /var/spool/cron/atspool\n"
        "chown -R daemon /var/spool/cron/at*",
    ),
}  # fmt: skip

CLOCK = "would set the machine's clock"
SCREEN = "needs a screen, or a terminal"
DEVICES = "needs hardware, or changes how the machine drives it"
BUS = "needs a message bus, and dozens of libraries"
ONCE = "ends when its work is done"
LIBRARIES = "needs libraries that are not there, by the dozen"
NETWORK = "needs, or changes, a network that is more than a loopback"
MAIL = "needs a configuration that an installation asks for"
CANNOT_RUN = {
    "acpid": DEVICES, "acpi-fakekey": DEVICES, "irqbalance": DEVICES, "lircd": DEVICES,
    "mdadm": DEVICES, "haveged": DEVICES,
    "anacron": ONCE, "dbus.dep-fixer": ONCE,
    "bcron-sched": LIBRARIES, "bcron-spool": LIBRARIES, "bcron-update": LIBRARIES,
    "mariadb": LIBRARIES, "opendnssec-enforcer": LIBRARIES, "rsyslog": LIBRARIES,
    "proftpd": LIBRARIES, "apache2": LIBRARIES, "gdomap": LIBRARIES, "dnsmasq": LIBRARIES,
    "chrony": CLOCK, "openntpd": CLOCK,
    "cups": BUS, "dbus": BUS, "elogind": BUS, "wicd": BUS,
    "dhclient": NETWORK, "isc-dhcp-server": NETWORK,
    "exim4": MAIL, "postfix": MAIL, "socklog-notify": MAIL,
    "lightdm": SCREEN, "sddm": SCREEN, "slim": SCREEN, "xdm": SCREEN,
    "getty-hvc0": SCREEN, "getty-tty1": SCREEN, "getty-tty2": SCREEN,
    "getty-tty3": SCREEN, "getty-tty4": SCREEN, "getty-tty5": SCREEN,
    "getty-tty6": SCREEN, "getty-ttyS0": SCREEN, "getty-ttyv0": SCREEN,
    "preload": DEVICES,
    "socklog-klog": "takes the kernel's messages away from who reads them",
}  # fmt: skip

NEW_ROOT = ["unshare", "--mount", "--net", "--propagation", "private"]
# Packages have a place for some of their files that links to another today.
MERGED = ("bin", "sbin", "lib")
OURS = ("sv", "chpst", "svlogd", "svscan")

# $1: what lies above the machine's root; $2: an empty directory. Without a
# /usr/sbin/policy-rc.d, which containers have so that nothing is started in them.
ENTER = r"""
set -eu
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
cp -a "$1" "$2/layer" # layers must not lie in each other
mount -t overlay overlay -o "lowerdir=$2/layer:/,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
rm -f usr/sbin/policy-rc.d
# Where the machine has such packages, they have made of theirs what is made here.
rm -rf etc/sv
cp -a "$2/layer/etc/sv" etc/
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for name in null zero urandom random tty; do
	: >dev/$name
	mount --bind /dev/$name dev/$name
done
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
ip link set lo up
unset SVDIR
export PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin
chroot . sh -euc "$3" >&2
exec chroot . svscan /etc/service
"""


def test_the_tables_have_every_directory_that_is_read():
    names = {path.name for package in PACKAGES for path in shipped(package)} - {"log"}
    assert names == set(RUNS) | set(CANNOT_RUN)
    assert not set(RUNS) & set(CANNOT_RUN)


def lay(layer, package):
    """Puts the files of a package where they would be installed."""
    tree = peer_programs(package).parent.parent
    for top in tree.iterdir():
        target = layer / "usr" / top.name if top.name in MERGED else layer / top.name
        shutil.copytree(top, target, symlinks=True, dirs_exist_ok=True)


def add_accounts(layer, names):
    """Everybody that the scripts want to be; the machine has none of them."""
    have = pathlib.Path("/etc/passwd").read_text()
    groups = pathlib.Path("/etc/group").read_text()
    for number, name in enumerate(names, 64000):
        if f"\n{name}:" not in have:
            have += f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
        if f"\n{name}:" not in groups:
            groups += f"{name}:x:{number}:\n"
    (layer / "etc/passwd").write_text(have)
    (layer / "etc/group").write_text(groups)


class Inside(Service):
    """A service directory in another root; supervise/ may be an absolute link."""

    def __init__(self, root, place):
        self.root = root
        self.path = root / place

    def supervise(self):
        path = self.path / "supervise"
        if path.is_symlink():
            return self.root / os.readlink(path).lstrip("/")
        return path

    def status(self):
        path = self.supervise() / "status"
        return path.read_bytes() if path.exists() else bytes(20)


class Jail(Host):
    """svscan, in a root and a network of its own, on one shipped directory."""

    def __init__(self, tmp_path, programs, name):
        super().__init__(tmp_path, programs)
        self.name = name
        self.made = RUNS[name]
        self.layer = tmp_path / "layer"
        self.room = tmp_path / "room"
        self.room.mkdir()
        for package in (self.made.package, *self.made.packages, "runit"):
            lay(self.layer, package)
        service = self.layer / "etc/sv" / name
        if not service.exists():
            shutil.copytree(self.layer / "usr/share/runit/sv" / name, service)
        (self.layer / "etc/service").unlink()  # a link to another link
        (self.layer / "etc/service").mkdir()
        (self.layer / "etc/service" / name).symlink_to(f"/etc/sv/{name}")
        (self.layer / "var/log/runit" / name).mkdir(parents=True, exist_ok=True)
        for program in OURS:
            shutil.copy(BIN / program, self.layer / "usr/bin" / program)
        # As where runit is process 1: init.d's scripts leave services alone.
        (self.layer / "usr/sbin").mkdir(exist_ok=True)
        (self.layer / "usr/sbin/start-stop-daemon").symlink_to(
            "/lib/runit/start-stop-daemon.runit"
        )
        add_accounts(self.layer, ACCOUNTS)

    def start(self):
        setup = self.made.setup.format(name=self.name)
        argv = ["sh", "-c", ENTER, "sh", self.layer, self.room, setup]
        self.start_program(*NEW_ROOT, *argv)
        wait_until(self.has_begun, what=f"svscan: {self.said()}")
        self.service = Inside(self.root, f"etc/sv/{self.name}")
        return self.service

    @property
    def root(self):
        return pathlib.Path(f"/proc/{self.pid}/root")

    def has_begun(self):
        assert self.process.poll() is None, self.said()
        return program_of(self.pid) == "svscan"

    def listens(self, kind, port):
        """Whether somebody in there does, be it for either kind of address."""
        for name in (kind, f"{kind}6"):
            path = pathlib.Path(f"/proc/{self.pid}/net/{name}")
            lines = path.read_text().splitlines()[1:] if path.exists() else []
            if any(int(line.split()[1].split(":")[1], 16) == port for line in lines):
                return True
        return False

    def wait_service(self, besides=0):
        pid = self.service.wait_program(self.made.program, besides=besides)
        for place in self.made.listens:
            kind, port = place.split()
            wait_until(lambda k=kind, p=int(port): self.listens(k, p), what=place)
        # It stays; and socklog misses a signal that comes just before it waits.
        wait_until(lambda: state_of(pid) in ("S", None))
        assert is_alive(pid) and self.service.pid() == pid
        return pid

    def call(self, *argv):
        """As somebody in there does."""
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--root", "--wd=/"]
        done = subprocess.run([*enter, *argv], capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done


ACCOUNTS = """
    _runit-log tinydns dnscache axfrdns walldns rbldns debian-tor gitdaemon gitlog
    _socklog-unix _socklog-inet _socklog-ucspi-tcp sshd daemon crontab
""".split()


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """Skips where there can be no roots of one's own."""
    if os.geteuid() != 0:
        pytest.skip("only root may be the accounts that the scripts want to be")
    if not shutil.which("ip"):
        pytest.skip("there is no ip here")
    folder = tmp_path_factory.mktemp("probe")
    done = subprocess.run(
        [*NEW_ROOT, "sh", "-euc", "mount -t tmpfs tmpfs $0; mkdir $0/a $0/b $0/c;"
         " mount -t overlay overlay -o lowerdir=/,upperdir=$0/a,workdir=$0/b $0/c", folder],
        stderr=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip("no roots of one's own here: " + done.stderr.strip())


@pytest.mark.parametrize("name", RUNS)
def test_what_debian_ships_runs(roots, tmp_path, programs, name):
    jail = Jail(tmp_path, programs, name)
    service = jail.start()
    first = jail.wait_service()
    assert (service.path / "run").read_bytes() == (
        jail.layer / "etc/sv" / name / "run"
    ).read_bytes()
    jail.call("sv", "-w", "60", "restart", name)
    second = jail.wait_service(besides=first)
    assert not is_alive(first)
    if jail.made.logs:
        log = Inside(jail.root, f"etc/sv/{name}/log")
        assert is_alive(log.wait_program("svlogd"))
    jail.stop()
    assert not is_alive(second)
    assert not [line for line in jail.said() if line.startswith("svscan")]
