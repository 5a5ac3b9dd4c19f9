"""
A machine of a test's own: Debian's kernel, in qemu, with our programs.

    def test_it(machine):
        ran = machine.run("echo hello; svok /service/none || echo no")
        assert ran.said == ["hello", "no"]

A machine starts from nothing but what the test hands to it, runs one script, and
ends; that takes about five seconds of one processor. What the script prints is
what the test gets. In the machine there are

    /command    the programs under test, which are first on PATH
    /bin        busybox, and what `programs` names
    /dev/vda    the first of `disks`, /dev/vdb the next, and so on
    /machine    what the machine itself needs; `words` has what a script can say:
                until_true COMMAND   waits (ten minutes at most) until it succeeds
                not COMMAND          succeeds if it fails
                give FILE            hands the file over, as ran.files["FILE"]
                ticks                says "tick 1", "tick 2" and so on, 20 in a second

and proc, sysfs, devtmpfs and cgroup2 are mounted, the loopback interface is up.

Time in the machine is counted in instructions, a thousand million of which take
eight seconds, so how busy the real machine is makes no difference in there. While
nobody has anything to do, time leaps to the next moment for which somebody waits:
`sleep 3600` takes no time at all. A disk takes its time, though; with disks, there
are no leaps unless the test asks for them.

qemu emulates all of it (TCG): it needs no rights, and no /dev/kvm.
"""

import base64
import collections
import os
import pathlib
import re
import subprocess
import threading
import time

import pytest

import archive
import support
from debian import image
from kernel import Missing, the_kernel

HERE = pathlib.Path(__file__).parent
# With nokaslr, and one clock, two boots are as much the same as can be; without
# mitigations and the tests of ciphers, they take half the time.
APPEND = (
    "console=ttyS0 loglevel=4 panic=-1 nokaslr audit=0 no_timer_check tsc=reliable"
    " random.trust_cpu=on mitigations=off cryptomgr.notests init_on_alloc=0"
)
PASSWD = "root::0:0::/root:/bin/sh\nnobody::65534:65534::/:/bin/false\n"
FOR_DISKS = ("virtio_pci", "virtio_blk")
FOR_DEBIAN = ("squashfs", "overlay", "lz4", "lz4_decompress")
NEEDED = ("qemu-system-x86_64", "busybox", "mke2fs")

IS_LONG = os.environ.get("HOLDFAST_LONG") == "1"
# For cases beyond what is tried by default.
of_a_long_test = pytest.mark.skipif(not IS_LONG, reason="part of a long test")

# said: the lines of the script; code: with which it ended, None if it didn't;
# end: "poweroff", "reboot", "panic" or "killed"; files: name -> bytes;
# console: what the kernel, and others, wrote to /dev/console.
Ran = collections.namedtuple("Ran", "said code end files console")


def needed_program(name):
    """Where this machine has it; a path is its own."""
    found = archive.find_program(name)
    if not found:
        raise Missing(f"there is no {name} here")
    return found


class Machine:
    """Runs scripts in machines; keeps what belongs to them in a folder."""

    def __init__(self, place):
        self.place = place
        self.tools = {name: needed_program(name) for name in NEEDED}
        if archive.libraries(self.tools["busybox"]):
            raise Missing("busybox is not linked statically")
        self.kernel = the_kernel()
        self.count = 0

    def disk(self, name, megabytes=32, options=()):
        """A new disk with ext4 on it, made with options of mke2fs; without a file
        system if `options` is None. It is a file: copies of it are disks, too."""
        path = self.place / f"{name}.disk"
        with open(path, "wb") as made:
            made.truncate(megabytes << 20)
        if options is not None:
            argv = [self.tools["mke2fs"], "-q", "-t", "ext4", *options, path]
            subprocess.run(argv, check=True)
        return path

    def run(
        self,
        script,
        *,
        first=None,
        files=(),
        programs=(),
        modules=(),
        disks=(),
        append="",
        memory_mb=256,
        smp=1,
        leap=None,
        date="2026-01-01T00:00:00",
        debian=None,
        kill_at=None,
        kill_after_s=0.0,
        end="poweroff",
        limit_s=900,
    ):
        """
        Boots a machine that runs `script`, in busybox's sh; returns a Ran, once
        it has ended. The test fails unless it ends as `end` says: by "poweroff",
        which comes after the script, whose code has to be 0; "poweroff by init",
        which may end the script before that has told its code; "reboot"; "panic".

        first     a command that process 1 becomes. The script runs beside it.
        files     name -> text or bytes, put in place before; scripts can be run
        programs  commands of this machine's to have in there, with libraries;
                  or paths
        modules   of the kernel, to be loaded, in that order; what they need is
        disks     paths, see disk(); what is written to them stays
        append    more words for the kernel's command line
        leap      whether time leaps when the machine is idle: not with disks
        date      the hardware's clock at the start (UTC)
        debian    names of packages: the machine runs Debian with these, below
                  which are /command, /machine, busybox and the files; needs
                  512 MB. It is made at the first time, and kept in .cache/
        kill_at   a line: once it is said, power is cut, after kill_after_s of
                  real time. (`end` is "killed", then; as it is after limit_s.)
        """
        self.count += 1
        room = self.place / f"machine-{self.count}"
        room.mkdir()
        made = archive.Archive()
        self.add_system(made)
        for name in programs:
            path = needed_program(str(name))
            made.add_program(f"bin/{pathlib.Path(path).name}", path)
        if debian is not None:
            disks = [*disks, image(debian)]
            modules = [*FOR_DEBIAN, *modules]
            memory_mb = max(memory_mb, 512)
        self.add_modules(made, [*FOR_DISKS, *modules] if disks else modules)
        made.add_file("machine/script", script)
        if first:
            made.add_file("machine/first", f"#!/bin/sh\nexec {first}\n")
        for name, data in dict(files).items():
            made.add_file(name, data)
        if debian is not None:
            made.add_file("machine/debian", f"/dev/vd{chr(96 + len(disks))}\n")
            taken = {name.strip("/").partition("/")[0] for name in dict(files)}
            names = {"command", "machine", "bin/busybox"} | taken
            made.add_list("machine/files", sorted(names))
        made.write(room / "initramfs")
        leap = not disks if leap is None else leap
        argv = [
            *(self.tools["qemu-system-x86_64"], "-accel", "tcg", "-M", "pc"),
            *("-cpu", "max", "-smp", str(smp), "-m", str(memory_mb)),
            *("-icount", f"shift=3,sleep={'off' if leap else 'on'}"),
            *("-rtc", f"base={date},clock=vm"),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-kernel", self.kernel.image, "-initrd", room / "initramfs"),
            *("-append", f"{APPEND} {append}"),
            *("-serial", f"file:{room / 'console'}"),
            *("-chardev", "stdio,id=said,signal=off", "-serial", "chardev:said"),
        ]
        for path in disks:
            is_kept = support.TOP in path.parents  # Debian is nobody's to write to
            drive = f"file={path},format=raw,if=virtio"
            argv += ["-drive", f"{drive},readonly=on" if is_kept else drive]
        lines, is_late = watch(argv, room / "errors", kill_at, kill_after_s, limit_s)
        ran = read_outcome(lines, room)
        wanted = "killed" if kill_at else end
        is_good = ran.end == wanted and (ran.code == 0 or wanted != "poweroff")
        is_good |= ran.end == "poweroff" and wanted == "poweroff by init"
        if is_late or not is_good:
            raise AssertionError(explain(ran, wanted, limit_s if is_late else None))
        return ran

    def add_system(self, made):
        """What every machine has."""
        made.add_device("dev/console", 5, 1)
        for name in ("proc", "sys", "tmp", "root", "mnt", "service", "run"):
            made.add_folder(name)
        made.add_link("var/run", "/run")
        made.add_file("etc/passwd", PASSWD)
        made.add_file("etc/group", "root::0:\nnogroup::65534:\n")
        made.add_program("bin/busybox", self.tools["busybox"])
        for program in support.BIN.iterdir():
            made.add_program(f"command/{program.name}", program)
        made.add_file("init", (HERE / "init").read_text())
        for name in ("enter", "run", "words"):
            made.add_file(f"machine/{name}", (HERE / name).read_text())

    def add_modules(self, made, names):
        order = self.kernel.load_order(names)
        lines = "".join(f"{module.name}\n" for module in order)
        made.add_file("machine/modules/order", lines)
        for module in order:
            made.add_file(f"machine/modules/{module.name}", module.read_bytes())


def watch(argv, errors_path, kill_at, kill_after_s, limit_s):
    """Runs qemu; returns the lines, and whether it had to be ended as too slow."""
    lines = []
    late = threading.Event()
    with open(errors_path, "wb") as errors:
        process = subprocess.Popen(
            [str(arg) for arg in argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )

    def end():
        late.set()
        process.kill()

    timer = threading.Timer(limit_s, end)
    timer.start()
    try:
        for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip("\r\n"))
            print(lines[-1])  # to be seen with pytest -s, and where a test fails
            if kill_at is not None and lines[-1] == kill_at:
                time.sleep(kill_after_s)
                process.kill()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    return lines, late.is_set()


def read_outcome(lines, room):
    """A Ran of what came out."""
    said, files, code = [], {}, None
    rest = iter(lines)
    for line in rest:
        if found := re.fullmatch(r"machine: code (\d+)", line):
            code = int(found[1])
        elif found := re.fullmatch(r"machine: file (.*)", line):
            text = "".join(iter(lambda: next(rest, "machine: end of file"),
                                "machine: end of file"))
            files[found[1]] = base64.b64decode(text + "=" * (-len(text) % 4))
        else:
            said.append(line)
    console = (room / "console").read_text(errors="replace")
    console += (room / "errors").read_text(errors="replace")
    return Ran(said, code, how_it_ended(console), files, console)


def how_it_ended(console):
    """By the last words of the kernel."""
    if "Kernel panic" in console:
        return "panic"
    if "reboot: Power down" in console or "reboot: System halted" in console:
        return "poweroff"
    if "reboot: Restarting system" in console or "sysrq: Resetting" in console:
        return "reboot"
    return "killed"


def explain(ran, wanted, limit_s):
    late = f", after {limit_s} s" if limit_s else ""
    return "\n".join(
        [
            f"the machine ended by {ran.end}{late}, code {ran.code}; not by {wanted}",
            "--- on its console",
            *ran.console.splitlines()[-60:],
        ]
    )
