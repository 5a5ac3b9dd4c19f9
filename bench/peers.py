"""The suites that are compared, and how each is told what to do.

A suite that is added here is measured like the others. It inherits the methods
of a suite with the same clients; what it cannot do is in `cannot`, with the
reason, which is shown in place of a number. `notes` says what was used to ask
it, wherever that is not what the other suites have.

Names of services are relative to the scan directory, where clients are run.
"""

import os
import pathlib
import resource
import signal
import subprocess

TOP = pathlib.Path(__file__).resolve().parent.parent
TOOLS = TOP / "build-release" / "bench"
NO_ADOPTION = "nothing of it adopts a running service"


class Suite:
    """What does not differ."""

    name = None  # on the command line and in results
    label = None  # in tables
    capacity = None  # how many services it takes; None: no limit of its own
    descriptors = 0  # how many its process needs for each service
    client_waits = False  # its clients return when it is done, not just told
    period_s = 0  # how often it looks for new directories; 0: it is told
    cannot = {}  # {measure: why}
    notes = {}  # {measure: what was used}

    def __init__(self, bin_dir, libraries=()):
        self.bin_dir = pathlib.Path(bin_dir)
        self.environment = {"PATH": f"{self.bin_dir}:/usr/bin:/bin"}
        if libraries:
            self.environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))

    def most(self):
        """(how many services it takes here, what sets that limit)"""
        if self.capacity is not None:
            return self.capacity, f"takes {self.capacity} services only"
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if self.descriptors and allowed != resource.RLIM_INFINITY:
            return (allowed - 100) // self.descriptors, (
                f"needs {self.descriptors} descriptors for each service,"
                f" of {allowed} that are allowed"
            )
        return 1 << 30, ""

    def prepare(self, session):
        """What it needs beyond the scan directory."""

    def command(self, scan):
        """What supervises the directory `scan`."""
        raise NotImplementedError

    def stop(self, session):
        """Has it stop everything; need not wait for that."""
        os.kill(session.top_pid, signal.SIGTERM)

    def link(self, session, path):
        """Adds the service folder `path` while it runs."""
        os.symlink(path, session.scan / path.name)


class Floor(Suite):
    """No supervisor at all: the same services, started and started again."""

    name = "floor"
    label = "floor"
    cannot = dict.fromkeys(
        ("status", "control", "link", "adopt"), "the floor has no such thing"
    )
    notes = {
        "restart": "sigwaitinfo, waitid, vfork and exec",
        "killall": "sigwaitinfo, waitid, vfork and exec",
        "stop": "kill and waitid for each",
        "chain": "the exec of the program alone",
    }

    def __init__(self):
        super().__init__(TOOLS)

    def command(self, scan):
        return [self.bin_dir / "floor", scan]

    def chain(self, user, folder, program):
        return [program]


class Daemontools(Suite):
    """Debian's daemontools 0.76, and the clients of all that follow it."""

    name = "daemontools"
    label = "daemontools"
    capacity = 1000  # the table of svscan
    period_s = 5
    cannot = {"adopt": NO_ADOPTION}
    notes = {
        "control": "svc -d or -u, then supervise/status is watched",
        "stop": "svscan is killed, then svc -dx with all names",
    }

    def __init__(self, bin_dir=None):
        super().__init__(bin_dir or unpacked("daemontools") / "usr" / "bin")

    def command(self, scan):
        return [self.bin_dir / "svscan", scan]

    def down_command(self, name):
        return [self.bin_dir / "svc", "-d", name]

    def up_command(self, name):
        return [self.bin_dir / "svc", "-u", name]

    def status_command(self, names):
        return [self.bin_dir / "svstat", *names]

    def says_up(self, line):
        """Whether this line of the status command shows a running service."""
        return ": up (pid " in line

    def status_pid(self, folder):
        """The pid in supervise/status, which is replaced by a rename."""
        status = (folder / "supervise" / "status").read_bytes()
        return int.from_bytes(status[12:16], "little")

    def stop(self, session):
        os.kill(session.top_pid, signal.SIGTERM)
        session.client([self.bin_dir / "svc", "-dx", *session.names.values()])

    def chain(self, user, folder, program):
        """The loaders by which the issue's chain reaches `program`."""
        loaders = ["envuidgid", user, "envdir", folder, "setuidgid", user]
        loaders[0] = self.bin_dir / loaders[0]
        return [*loaders, "softlimit", "-d", "100000000", program]


class Holdfast(Daemontools):
    name = "holdfast"
    label = "Holdfast"
    capacity = None
    period_s = 0
    cannot = {}
    notes = {
        "control": "svc -d or -u, then supervise/status is watched",
        "link": "nobody tells it",
        "stop": "TERM to svscan",
        "adopt": "svscan is killed and started again at once",
    }

    def __init__(self):
        super().__init__(os.environ.get("HOLDFAST_BIN", TOP / "out" / "bin"))

    def stop(self, session):
        Suite.stop(self, session)


class Runit(Daemontools):
    name = "runit"
    label = "runit"
    capacity = 1000  # the table of runsvdir
    notes = {
        "control": "sv down or up, then supervise/status is watched",
        "status": "sv status with all names",
        "stop": "HUP to runsvdir",
        "chain": "chpst, which does it all in one exec",
    }

    def __init__(self):
        Suite.__init__(self, unpacked("runit") / "usr" / "bin")

    def command(self, scan):
        return [self.bin_dir / "runsvdir", scan]

    def down_command(self, name):
        return [self.bin_dir / "sv", "down", f"./{name}"]

    def up_command(self, name):
        return [self.bin_dir / "sv", "up", f"./{name}"]

    def status_command(self, names):
        return [self.bin_dir / "sv", "status", *(f"./{name}" for name in names)]

    def says_up(self, line):
        return line.startswith("run: ")

    def stop(self, session):
        os.kill(session.top_pid, signal.SIGHUP)

    def chain(self, user, folder, program):
        options = ["-u", user, "-e", folder, "-d", "100000000"]
        return [self.bin_dir / "chpst", *options, program]


class Busybox(Runit):
    """Its applets are runit's, linked statically, and without runit's limit."""

    name = "busybox"
    label = "busybox"
    capacity = None
    notes = Runit.notes | {"chain": "the applets, each an exec of busybox"}

    def __init__(self):
        Suite.__init__(self, unpacked("busybox-static") / "applets")

    def chain(self, user, folder, program):
        return Daemontools.chain(self, user, folder, program)


class S6(Suite):
    name = "s6"
    label = "s6"
    client_waits = True
    cannot = {"adopt": NO_ADOPTION}
    notes = {
        "status": "s6-svstat takes one directory: xargs -n 1",
        "control": "s6-svc -wd -d and s6-svc -wu -u, which wait",
        "link": "told by s6-svscanctl -a",
        "stop": "TERM to s6-svscan",
        "chain": "s6-envuidgid, s6-envdir, s6-applyuidgid -U, s6-softlimit",
    }
    MOST = 10000 + 100  # its table, which it makes as large as it is told

    def __init__(self):
        names = ("libs6-2.11", "libskarnet2.13", "libexecline2.9")
        libraries = [
            folder for name in names for folder in unpacked(name).glob("usr/lib/*")
        ]
        super().__init__(unpacked("s6") / "usr" / "bin", libraries)
        for folder, name in zip(libraries, ("libs6", "libskarnet")):
            if not (self.bin_dir / name).exists():  # script/peers says why
                found = next(folder.glob(f"{name}.so.?.??"))
                (self.bin_dir / name).symlink_to(found)

    def prepare(self, session):
        # Where its programs look for each other, see script/peers.
        (session.work / "bin").symlink_to(self.bin_dir)
        names = "".join(f"{name}\n" for name in sorted(session.names.values()))
        (session.work / "names").write_text(names)

    def command(self, scan):
        return [self.bin_dir / "s6-svscan", "-c", str(self.MOST), scan]

    def down_command(self, name):
        return [self.bin_dir / "s6-svc", "-wd", "-d", name]

    def up_command(self, name):
        return [self.bin_dir / "s6-svc", "-wu", "-u", name]

    def status_command(self, names):
        svstat = self.bin_dir / "s6-svstat"
        return ["/usr/bin/xargs", "-a", "../names", "-n", "1", svstat]

    def says_up(self, line):
        return line.startswith("up (pid ")

    def link(self, session, path):
        super().link(session, path)
        session.client([self.bin_dir / "s6-svscanctl", "-a", "."])

    def chain(self, user, folder, program):
        loaders = [self.bin_dir / "s6-envuidgid", user, "s6-envdir", folder]
        loaders += ["s6-applyuidgid", "-U", "s6-softlimit", "-d", "100000000"]
        return [*loaders, program]


class Supervisor(Suite):
    """A section of a file for each service, not a directory."""

    name = "supervisor"
    label = "supervisor"
    client_waits = True
    descriptors = 4
    cannot = {
        "adopt": NO_ADOPTION,
        "chain": "settings in its file, not programs",
    }
    notes = {
        "control": "supervisorctl stop and start, which wait",
        "status": "supervisorctl status",
        "link": "a file in its include folder, then supervisorctl update",
        "stop": "TERM to supervisord",
    }
    HEAD = """\
[supervisord]
nodaemon=true
loglevel=warn
logfile=/dev/null
logfile_maxbytes=0
pidfile={work}/supervisord.pid
childlogdir={work}
minfds={descriptors}
[unix_http_server]
file={work}/control
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{work}/control
[include]
files={work}/conf/*.conf
"""
    PROGRAM = """\
[program:{name}]
command={path}/run
directory={path}
autorestart=true
startsecs=0
stdout_logfile=NONE
stderr_logfile=NONE
"""

    def __init__(self):
        folder = unpacked("supervisor")
        super().__init__(folder / "usr" / "bin")
        packages = folder / "usr" / "lib" / "python3" / "dist-packages"
        self.environment["PYTHONPATH"] = str(packages)
        # What else it needs comes with the interpreter of the system.
        if not os.access("/usr/bin/python3", os.X_OK):
            raise FileNotFoundError("no /usr/bin/python3 for supervisor")

    def program(self, name, *arguments):
        return ["/usr/bin/python3", self.bin_dir / name, *arguments]

    def prepare(self, session):
        work = session.work
        (work / "conf").mkdir()
        # Each start closes that many descriptors, so there are no more of them.
        descriptors = max(1024, self.descriptors * session.count + 100)
        head = self.HEAD.format(work=work, descriptors=descriptors)
        programs = (self.section(session.scan / n) for n in session.names.values())
        (work / "supervisord.conf").write_text(head + "".join(programs))

    def section(self, path):
        return self.PROGRAM.format(name=path.name, path=path)

    def command(self, scan):
        return self.program("supervisord", "-c", scan.parent / "supervisord.conf")

    def client(self, *words):
        return self.program("supervisorctl", "-c", "../supervisord.conf", *words)

    def down_command(self, name):
        return self.client("stop", name)

    def up_command(self, name):
        return self.client("start", name)

    def status_command(self, names):
        return self.client("status")

    def says_up(self, line):
        return " RUNNING " in line

    def link(self, session, path):
        section = self.section(path)
        (session.work / "conf" / f"{path.name}.conf").write_text(section)
        session.client(self.client("update"))


class Dinit(Suite):
    """Debian 12 has no package of it; where there is one, it waits for
    somebody who writes its services."""

    name = "dinit"
    label = "dinit"

    def __init__(self):
        unpacked("dinit")
        raise FileNotFoundError("no way here to describe services to dinit")


SUITES = {
    suite.name: suite
    for suite in (
        Floor,
        Holdfast,
        Daemontools,
        Runit,
        Busybox,
        S6,
        Supervisor,
        Dinit,
    )
}


def unpacked(package):
    """The folder that holds Debian's package, fetched if need be."""
    got = subprocess.run(
        [TOP / "script" / "peers", package],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if got.returncode:
        last = got.stderr.strip().rpartition("\n")[2]
        raise FileNotFoundError(f"no {package} to compare with ({last})")
    return pathlib.Path(got.stdout.strip())
