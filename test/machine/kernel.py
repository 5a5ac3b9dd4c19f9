"""Debian's kernel for machines in a cloud: small, and with all that is tested here."""

import functools
import pathlib
import re
import subprocess

import support

PACKAGE = "linux-image-cloud-amd64"


class Missing(Exception):
    """What a machine needs, and can't be had here."""


class Kernel:
    """An unpacked package of a kernel."""

    def __init__(self, tree):
        self.image = next(iter(tree.glob("boot/vmlinuz-*")), None)
        if not self.image:
            raise Missing(f"no kernel is in {tree}")
        self.paths = {
            module_name(path.name): path for path in tree.glob("lib/modules/**/*.ko*")
        }

    def load_order(self, names):
        """Files of these modules and of those they need, which come first. What
        isn't a module of its own is in the kernel, and needs nothing."""
        order = {}

        def want(name):
            path = self.paths.get(module_name(name))
            if path and path not in order:
                for other in needs_of_module(path.read_bytes()):
                    want(other)
                order[path] = None

        for name in names:
            want(name)
        return list(order)


def module_name(file_name):
    return file_name.partition(".ko")[0].replace("-", "_")


def needs_of_module(data):
    """By its own description, of which package managers make modules.dep."""
    found = []
    for name, text in re.findall(rb"\0(depends|softdep)=([^\0]*)", data):
        text = text.decode().partition("post:")[0].removeprefix("pre:")
        found += text.split("," if name == b"depends" else None)
    return [name for name in found if name]


@functools.cache
def the_kernel():
    """The one at hand, or the newest there is."""
    at_hand = sorted(support.TOP.glob(".cache/peers/linux-image-*-cloud-amd64"))
    return Kernel(at_hand[-1] if at_hand else fetch(newest_package()))


def newest_package():
    """The name of what the package PACKAGE, which is empty, stands for."""
    said = say(["apt-cache", "depends", PACKAGE])
    found = re.search(r"Depends: (linux-image-\S+)", said)
    if not found:
        raise Missing(f"no package needs to be installed for {PACKAGE}")
    return found[1]


def fetch(package):
    return pathlib.Path(say([support.TOP / "script" / "peers", package]).strip())


def say(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError as error:
        raise Missing(f"there is no {error.filename} here") from None
    except subprocess.CalledProcessError as error:
        raise Missing(error.stderr.strip()) from None
