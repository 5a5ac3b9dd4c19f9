"""A file system that stops answering when it is told to, as a dead server's does.

Shows another directory, by FUSE. Which requests it leaves unanswered is said by
rules; the others are answered all the same, and so are those that come before and
after. Run as a program it is the file system itself, which speaks the kernel's
protocol (linux/fuse.h): StallFs, the tests' end, starts it.
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import select
import stat
import struct
import subprocess
import sys

OPERATIONS = {
    1: "lookup", 2: "forget", 3: "getattr", 4: "setattr", 5: "readlink", 6: "symlink",
    8: "mknod", 9: "mkdir", 10: "unlink", 11: "rmdir", 12: "rename", 13: "link",
    14: "open", 15: "read", 16: "write", 17: "statfs", 18: "release", 20: "fsync",
    25: "flush", 26: "init", 27: "opendir", 28: "readdir", 29: "releasedir",
    34: "access", 35: "create", 36: "interrupt", 38: "destroy", 42: "batch_forget",
    45: "rename2",
}  # fmt: skip
# Nobody waits for an answer to these.
SILENT = {"forget", "interrupt", "batch_forget"}
HEADER = struct.Struct("=IIQQIIIHH")
ROOT = 1


# ---- the file system ----


class Refused(Exception):
    """The answer is this error number."""


class Server:
    def __init__(self, device_fd, backing):
        self.device_fd = device_fd
        self.paths = {ROOT: backing}  # by node
        self.rules = []
        self.waiting = []  # requests that are yet to be answered
        self.listings = {}

    def answer(self, unique, body=b"", error=0):
        reply = struct.pack("=IiQ", 16 + len(body), -error, unique) + body
        # It may have been interrupted meanwhile.
        with contextlib.suppress(OSError):
            os.write(self.device_fd, reply)

    def on_request(self):
        request = os.read(self.device_fd, 1 << 18)
        _, opcode, unique, node, *_ = HEADER.unpack_from(request)
        name = OPERATIONS.get(opcode, str(opcode))
        if name in SILENT:
            return
        about = self.describe(name, node, request[HEADER.size :])
        for operation, part in self.rules:
            if operation in (name, "any") and part in about:
                self.waiting.append(request)
                print("stalled", name, about, flush=True)
                return
        self.serve(request)

    def describe(self, name, node, body):
        path = self.paths.get(node, "?")
        at = {"lookup": 0, "unlink": 0, "rmdir": 0, "mknod": 16, "mkdir": 8,
              "create": 16, "rename": 8, "rename2": 16, "link": 8, "symlink": 0}.get(name)  # fmt: skip
        if at is None:
            return path
        return f"{path}/{os.fsdecode(body[at:].split(bytes(1))[0])}"

    def serve(self, request):
        _, opcode, unique, node, *_ = HEADER.unpack_from(request)
        method = getattr(self, OPERATIONS.get(opcode, "unknown"), None)
        if not method:
            self.answer(unique, error=errno.ENOSYS)
            return
        try:
            self.answer(unique, method(node, request[HEADER.size :]) or b"")
        except Refused as refusal:
            self.answer(unique, error=refusal.args[0])
        except OSError as error:
            self.answer(unique, error=error.errno)

    def go(self):
        self.rules = []
        waiting, self.waiting = self.waiting, []
        for request in waiting:
            self.serve(request)

    # What follows is named for the operations: (node, body) -> answer.

    def path(self, node):
        if node not in self.paths:
            raise Refused(errno.ESTALE)
        return self.paths[node]

    def below(self, node, name):
        return f"{self.path(node)}/{os.fsdecode(name)}"

    def attributes(self, path):
        s = os.lstat(path)
        node = ROOT if path == self.paths[ROOT] else s.st_ino
        times = [divmod(ns, 10**9) for ns in (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)]
        return struct.pack(
            "=6Q10I", node, s.st_size, s.st_blocks, *(t[0] for t in times),
            *(t[1] for t in times), s.st_mode, s.st_nlink, s.st_uid, s.st_gid,
            s.st_rdev, s.st_blksize, 0,
        )  # fmt: skip

    def entry(self, path):
        node = os.lstat(path).st_ino
        self.paths[node] = path
        return struct.pack("=4Q2I", node, 0, 0, 0, 0, 0) + self.attributes(path)

    def init(self, node, body):
        major, _, readahead, _ = struct.unpack_from("=4I", body)
        return struct.pack("=4I2H2I2HI", major, 31, readahead, 0, 16, 12, 65536, 1, 16, 0, 0).ljust(64, b"\0")  # fmt: skip

    def destroy(self, node, body):
        pass

    def lookup(self, node, body):
        return self.entry(self.below(node, body.rstrip(b"\0")))

    def getattr(self, node, body):
        return struct.pack("=QII", 0, 0, 0) + self.attributes(self.path(node))

    def setattr(self, node, body):
        valid, _, _, size = struct.unpack_from("=IIQQ", body)
        mode, _, uid, gid = struct.unpack_from("=4I", body, 68)
        path = self.path(node)
        if valid & 1:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & 6:
            os.chown(path, uid if valid & 2 else -1, gid if valid & 4 else -1)
        if valid & 8:
            os.truncate(path, size)
        return self.getattr(node, body)

    def readlink(self, node, body):
        return os.fsencode(os.readlink(self.path(node)))

    def symlink(self, node, body):
        name, target = body.split(b"\0")[:2]
        os.symlink(target, os.fsencode(self.below(node, name)))
        return self.entry(self.below(node, name))

    def mknod(self, node, body):
        mode, device = struct.unpack_from("=II", body)
        path = self.below(node, body[16:].rstrip(b"\0"))
        os.mknod(path, mode, device)
        return self.entry(path)

    def mkdir(self, node, body):
        (mode,) = struct.unpack_from("=I", body)
        path = self.below(node, body[8:].rstrip(b"\0"))
        os.mkdir(path, mode & 0o7777)
        return self.entry(path)

    def unlink(self, node, body):
        os.unlink(self.below(node, body.rstrip(b"\0")))

    def rmdir(self, node, body):
        os.rmdir(self.below(node, body.rstrip(b"\0")))

    def move(self, old, new):
        os.rename(old, new)
        for node, path in self.paths.items():
            if path == old or path.startswith(old + "/"):
                self.paths[node] = new + path[len(old) :]

    def rename(self, node, body, skip=8):
        (new_node,) = struct.unpack_from("=Q", body)
        old, new = body[skip:].split(b"\0")[:2]
        self.move(self.below(node, old), self.below(new_node, new))

    def rename2(self, node, body):
        self.rename(node, body, 16)

    def link(self, node, body):
        (old_node,) = struct.unpack_from("=Q", body)
        path = self.below(node, body[8:].rstrip(b"\0"))
        os.link(self.path(old_node), path)
        return self.entry(path)

    def opened(self, fd):
        return struct.pack("=QII", fd, 0, 0)

    def open(self, node, body):
        (flags,) = struct.unpack_from("=I", body)
        kept = flags & (os.O_ACCMODE | os.O_TRUNC)
        return self.opened(os.open(self.path(node), kept | os.O_NONBLOCK))

    def create(self, node, body):
        flags, mode = struct.unpack_from("=II", body)
        path = self.below(node, body[16:].rstrip(b"\0"))
        kept = flags & (os.O_ACCMODE | os.O_TRUNC | os.O_EXCL)
        fd = os.open(path, kept | os.O_CREAT, mode & 0o7777)
        return self.entry(path) + self.opened(fd)

    def read(self, node, body):
        fd, offset, size = struct.unpack_from("=QQI", body)
        return os.pread(fd, size, offset)

    def write(self, node, body):
        fd, offset, size = struct.unpack_from("=QQI", body)
        return struct.pack("=II", os.pwrite(fd, body[40 : 40 + size], offset), 0)

    def release(self, node, body):
        os.close(struct.unpack_from("=Q", body)[0])

    def flush(self, node, body):
        pass

    fsync = access = releasedir = flush

    def opendir(self, node, body):
        entries = b""
        names = [".", ".."] + os.listdir(self.path(node))
        for offset, name in enumerate(names, 1):
            path = self.below(node, os.fsencode(name))
            kind = stat.S_IFMT(os.lstat(path).st_mode) >> 12
            raw = os.fsencode(name)
            entry = struct.pack("=QQII", 1 + offset, offset, len(raw), kind) + raw
            entries += entry.ljust((len(entry) + 7) // 8 * 8, b"\0")
        handle = max(self.listings, default=0) + 1
        self.listings[handle] = entries
        return self.opened(handle)

    def readdir(self, node, body):
        handle, offset, size = struct.unpack_from("=QQI", body)
        entries, answer = self.listings[handle], b""
        for _ in range(offset):
            (name_len,) = struct.unpack_from("=I", entries, 16)
            entries = entries[(24 + name_len + 7) // 8 * 8 :]
        while entries:
            (name_len,) = struct.unpack_from("=I", entries, 16)
            entry_len = (24 + name_len + 7) // 8 * 8
            if len(answer) + entry_len > size:
                break
            answer, entries = answer + entries[:entry_len], entries[entry_len:]
        return answer

    def statfs(self, node, body):
        return struct.pack("=5Q4I", 1, 1, 1, 1, 1, 4096, 255, 4096, 0).ljust(80, b"\0")


def mount(backing, place):
    libc = ctypes.CDLL(None, use_errno=True)
    device_fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device_fd},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"stallfs", os.fsencode(place), b"fuse.stallfs", 0, options.encode()):
        raise OSError(ctypes.get_errno(), "mount", place)
    return Server(device_fd, backing)


def main():
    server = mount(*sys.argv[1:])
    print("mounted", flush=True)
    commands = sys.stdin
    while True:
        ready = select.select([server.device_fd, commands], [], [])[0]
        if server.device_fd in ready:
            try:
                server.on_request()
            except OSError:  # it was unmounted
                return
        if commands in ready:
            words = commands.readline().split()
            if not words:
                return
            if words[0] == "stall":
                server.rules.append((words[1], words[2] if len(words) > 2 else ""))
            elif words[0] == "go":
                server.go()
            print("done", flush=True)


# ---- the tests' end ----


class StallFs:
    """`place`, where it is mounted, shows what is in `backing`."""

    def __init__(self, folder):
        self.backing = pathlib.Path(folder, "backing")
        self.place = pathlib.Path(folder, "remote")
        self.stalled = []
        self.backing.mkdir()
        self.place.mkdir()
        argv = [sys.executable, __file__, str(self.backing), str(self.place)]
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if self.process.stdout.readline() != "mounted\n":
            self.process.wait()
            raise OSError("no FUSE file system can be mounted")

    def command(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        while (said := self.process.stdout.readline()) and said != "done\n":
            self.take(said)

    def take(self, line):
        assert line, "the file system has ended"
        self.stalled.append(tuple(line.split()[1:]))

    def stall(self, operation, part=""):
        """From now on, requests of that kind, or "any", about paths that have
        `part` in them, aren't answered."""
        self.stalled = []
        self.command(f"stall {operation} {part}")

    def wait_stalled(self):
        """Until one isn't: (operation, path)."""
        if not self.stalled:
            self.take(self.process.stdout.readline())
        return self.stalled[0]

    def has_stalled(self):
        """Whether one isn't, by now."""
        self.command("look")
        return bool(self.stalled)

    def go(self):
        """All are answered, late."""
        self.command("go")

    def end(self):
        # Whoever still waits gets an error.
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        libc = ctypes.CDLL(None, use_errno=True)
        libc.umount2(os.fsencode(self.place), 2)  # MNT_DETACH


if __name__ == "__main__":
    main()
