"""Older kernels, as far as a program can tell: options that they don't have are
refused, by a filter that stays with the program and all that it starts."""

import ctypes
import errno
import platform
import struct

SETSOCKOPT = {"x86_64": 54, "aarch64": 208}.get(platform.machine())
SO_PASSPIDFD, SO_PASSRIGHTS = 76, 83

# What a kernel lacks, by the version that has it.
LACKS = {
    "6.16": [],
    "6.5": [SO_PASSRIGHTS],
    "6.1": [SO_PASSRIGHTS, SO_PASSPIDFD],
}

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
LOAD, IS, END = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOPROTOOPT


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def can_be(version):
    return SETSOCKOPT is not None or not LACKS[version]


def become(version):
    """To be called in the child that becomes the program."""
    options = LACKS[version]
    if not options:
        return
    count = len(options)
    steps = [(LOAD, 0, 0, 0), (IS, 0, count + 1, SETSOCKOPT), (LOAD, 0, 0, 32)]
    for number, option in enumerate(options):
        steps.append((IS, count - number, 0, option))
    steps += [(END, 0, 0, ALLOW), (END, 0, 0, REFUSE)]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no filter")
