"""What logging costs: bytes a second, CPU time, system calls, latency, memory.

Not part of a session: a logger needs no supervisor. bench/logs runs it.
Loggers read from a pipe, which a writer keeps full; filters, which people
use on files, from a file, and write to /dev/null.
"""

import dataclasses
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time

import peers
import processes
from measures import Metric

BLOCK_BYTES = 32 << 20  # what is made; written as often as it takes
SAMPLE_BYTES = 4 << 20  # of it, to count system calls
LATENCY_LINES = 500


@dataclasses.dataclass(frozen=True)
class Case:
    """One task on one kind of input."""

    key: str
    title: str
    task: str
    make: object  # of a random generator: an endless series of lines
    by_line: bool = False  # each line a write of its own
    is_filter: bool = False


TEXT = "the quick brown fox jumps over the lazy dog 0123456789 /var/lib: " * 12


def mixed(generator):
    while True:
        length, start = generator.randrange(39, 300), generator.randrange(300)
        yield TEXT[start : start + length].encode() + b"\n"


def short(generator):
    while True:
        yield b"%019d\n" % generator.randrange(10**18)


def some_errors(generator):
    for line in mixed(generator):
        yield (b"ERROR: " if generator.random() < 0.02 else b"info: ") + line


def labelled(generator):
    """Lines a millisecond apart."""
    at_ms = 1_780_000_000_000
    for line in mixed(generator):
        at_ms += 1
        second, ms = divmod(at_ms, 1000)
        yield b"@%016x%08x " % (2**62 + 10 + second, ms * 1_000_000) + line


CASES = [
    Case("stamped", "stamped lines of 40-300 bytes", "stamped", mixed),
    Case("short", "stamped lines of 20 bytes", "stamped", short),
    Case("selected", "2 % of the lines selected", "selected", some_errors),
    Case("plain", "no stamps", "plain", mixed),
    Case("by_line", "stamped, a write for each line", "stamped", mixed, by_line=True),
    Case("tai64n", "tai64n", "tai64n", mixed, is_filter=True),
    Case("tai64nlocal", "tai64nlocal", "tai64nlocal", labelled, is_filter=True),
]
METRICS = [
    metric
    for case in CASES
    for metric in (
        Metric(f"{case.key}_mb_s", f"{case.title}: speed", "MB/s", 0),
        Metric(f"{case.key}_cpu", f"{case.title}: CPU time", "s/GB", 2),
        Metric(f"{case.key}_calls", f"{case.title}: system calls", "per MB", 0),
    )
] + [
    Metric("latency_us", "one line, write until visible: median", "us", 1),
    Metric("idle_kib", "memory of an idle logger, private", "KiB", 0),
    Metric("rested_kib", "the same, after 64 MB", "KiB", 0),
]


class Inputs:
    """The files to be logged, in a folder on a tmpfs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def path(self, case):
        path = self.folder / case.make.__name__
        if not path.exists():
            lines, size = [], 0
            for line in case.make(random.Random(1)):
                lines.append(line)
                size += len(line)
                if size >= BLOCK_BYTES:
                    break
            path.write_bytes(b"".join(lines))
        return path

    def sample(self, case):
        """The beginning of it, for a tracer: that takes its time for each call."""
        path = self.folder / f"{case.make.__name__}.sample"
        if not path.exists():
            with open(self.path(case), "rb") as file:
                path.write_bytes(file.read(SAMPLE_BYTES).rpartition(b"\n")[0] + b"\n")
        return path


class Run:
    """A logger at work in a folder of its own, the pipe to it, and its end."""

    def __init__(self, logger, task, inputs, tracer=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=inputs.folder))
        logger.prepare(self.folder, task)
        read_fd, self.write_fd = os.pipe()
        self.process = subprocess.Popen(
            [*tracer, *logger.command(task)],
            cwd=self.folder,
            env=logger.environment(),
            stdin=read_fd,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_fd)
        self.current = self.folder / "log" / "current"
        deadline = time.monotonic() + 20
        while not self.current.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{logger.name} does not begin")
            time.sleep(0.001)

    def pour(self, path, times, by_line=False):
        argv = [str(peers.TOOLS / "pour"), *(["-l"] if by_line else []), str(path)]
        return subprocess.Popen([*argv, str(times)], stdout=self.write_fd)

    def end(self):
        """Ends the input; returns what the logger used, as wait4(2) has it."""
        if self.write_fd is not None:
            os.close(self.write_fd)
            self.write_fd = None
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args} failed")
        return usage

    def line_count(self):
        names = (p for p in (self.folder / "log").iterdir() if p.name[0] in "@_c")
        return sum(p.read_bytes().count(b"\n") for p in names if p.name != "config")

    def close(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        if self.write_fd is not None:
            os.close(self.write_fd)
        shutil.rmtree(self.folder)


def speed(logger, case, inputs, mb, checks):
    """{key: number} of one run of a case; `checks`: that no line is missing."""
    path = inputs.path(case)
    size = path.stat().st_size
    times = max(1, (mb << 20) // size)
    if case.is_filter:
        took, usage = filter_file(logger, case, path, times)
    else:
        run = Run(logger, case.task, inputs)
        try:
            start = time.monotonic()
            writer = run.pour(path, times, case.by_line)
            writer.wait()
            usage = run.end()
            took = time.monotonic() - start
            if checks and case.task != "selected":
                expected = times * path.read_bytes().count(b"\n")
                if run.line_count() != expected:
                    raise RuntimeError(f"{logger.name}, {case.key}: lines are missing")
        finally:
            run.close()
    cpu = usage.ru_utime + usage.ru_stime
    return {
        f"{case.key}_mb_s": times * size / took / 1e6,
        f"{case.key}_cpu": cpu / (times * size / 1e9),
    }


def filter_file(logger, case, path, times):
    """The time and usage of a filter, from the file to nowhere."""
    took, usage = 0.0, None
    for _ in range(times):
        with open(path, "rb") as stdin:
            start = time.monotonic()
            process = subprocess.Popen(
                logger.command(case.task),
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                env=logger.environment(),
            )
            _, status, used = os.wait4(process.pid, 0)
        took += time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{logger.name} {case.key} failed")
        if usage is None:
            usage = used
        else:  # struct_rusage can't be added up
            sums = list(usage)
            sums[0] += used.ru_utime
            sums[1] += used.ru_stime
            usage = type(usage)(sums)
    return took, usage


def system_calls(logger, case, inputs):
    """Calls per MB, less those of a run on nothing."""
    if not shutil.which("strace"):
        return {}
    counts = [count_calls(logger, case, inputs, times) for times in (0, 1)]
    mb = inputs.sample(case).stat().st_size / 1e6
    return {f"{case.key}_calls": (counts[1] - counts[0]) / mb}


def count_calls(logger, case, inputs, times):
    trace = inputs.folder / "trace"
    tracer = ["strace", "-qq", "-c", "-f", "-o", str(trace)]
    if case.is_filter:
        stdin = open(inputs.sample(case) if times else os.devnull, "rb")
        with stdin:
            subprocess.run(
                [*tracer, *logger.command(case.task)],
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                env=logger.environment(),
                check=True,
            )
    else:
        run = Run(logger, case.task, inputs, tracer)
        try:
            run.pour(inputs.sample(case), times, case.by_line).wait()
            run.end()
        finally:
            run.close()
    found = re.search(r"^\s*[\d.]+\s+[\d.]+\s+\d*\s+(\d+).* total$", trace.read_text(), re.M)
    return int(found[1])


def latency(logger, inputs):
    """A line at a time, a millisecond apart; looking is a loop without sleep."""
    run = Run(logger, "stamped", inputs)
    took = []
    try:
        with open(run.current, "rb") as current:
            size = 0
            for _ in range(LATENCY_LINES):
                time.sleep(0.001)
                start = time.perf_counter_ns()
                os.write(run.write_fd, b"a line\n")
                while (now := os.fstat(current.fileno()).st_size) == size:
                    pass
                took.append((time.perf_counter_ns() - start) / 1000)
                size = now
        run.end()
    finally:
        run.close()
    return {"latency_us": statistics.median(took)}


def memory(logger, inputs, case=CASES[0]):
    """Before there was anything to log, and when a lot of it is over. Another
    runs beside it, so that the program itself is shared, as on any machine
    with more than one log."""
    run, other = (Run(logger, "stamped", inputs) for _ in range(2))
    try:
        time.sleep(0.1)
        found = {"idle_kib": processes.private_kib(run.process.pid)}
        run.pour(inputs.path(case), 2).wait()
        time.sleep(2)
        found["rested_kib"] = processes.private_kib(run.process.pid)
        run.end()
    finally:
        run.close()
        other.close()
    return found
