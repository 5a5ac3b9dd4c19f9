"""A terminal for programs under test: what they write, and what is seen."""

import fcntl
import os
import pty
import select
import struct
import termios
import time

import pyte


class Terminal:
    """A pseudo terminal, and the screen that a user would have before him."""

    def __init__(self, columns=80, lines=24):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self.process = None
        self.fd, self.inner_fd = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(self.inner_fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        if self.inner_fd != -1:
            os.close(self.inner_fd)

    def start(self, programs, *argv, **options):
        """Starts a program that has this as its controlling terminal."""

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = programs.start(
            *argv,
            stdin=self.inner_fd,
            stdout=self.inner_fd,
            stderr=self.inner_fd,
            preexec_fn=take_terminal,
            **options,
        )
        return self.process

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def read(self, wait_s=0):
        """Takes in what was written; False: there was nothing."""
        if not select.select([self.fd], [], [], wait_s)[0]:
            return False
        more = os.read(self.fd, 65536)
        self.bytes += more
        self.stream.feed(more)
        return True

    def text(self):
        """The lines of the screen, without what is blank at the ends."""
        while self.read():
            pass
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def wait_text(self, condition, limit_s=120):
        """Waits until condition(lines) holds; returns the lines."""
        deadline = time.monotonic() + limit_s
        while True:
            lines = self.text()
            if condition(lines):
                return lines
            if time.monotonic() > deadline:
                raise AssertionError("not on the screen:\n" + "\n".join(lines))
            self.read(0.02)

    def wait(self, limit_s=120):
        """Reads until the program has ended; returns its exit code."""
        deadline = time.monotonic() + limit_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "\n".join(self.text())
            self.read(0.02)
        self.text()
        return self.process.returncode

    def takes_keys(self):
        """Whether each key is read at once: a program has the whole screen."""
        return not termios.tcgetattr(self.inner_fd)[3] & termios.ICANON

    def is_as_before(self):
        """Whether the modes of the terminal are those of the beginning."""
        return termios.tcgetattr(self.inner_fd) == self.before
