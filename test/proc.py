"""Processes as /proc shows them: who belongs to whom, and who lives."""

import ctypes
import os
import pathlib

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """Orphans of what is started come to this process, which ends them."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), "unable to become a subreaper")


def process_fields(pid):
    """/proc/PID/stat from field 3, the state, on; None if there is none."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def state_of(pid):
    """'S', 'T', 'Z' ... as the kernel calls it; None when it is gone."""
    fields = process_fields(pid)
    return fields and fields[0]


def parent_of(pid):
    fields = process_fields(pid)
    return fields and int(fields[1])


def is_alive(pid):
    return state_of(pid) not in (None, "Z", "X")


def children_of(pid):
    """Of a process that may end meanwhile; zombies too."""
    found = []
    try:
        # Each thread has children of its own, and svscan has threads.
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except OSError:
        pass
    return found


def descendants(pid=None):
    """The pids of all living processes below pid (default: this process)."""
    children, ended = {}, set()
    for entry in os.listdir("/proc"):
        fields = process_fields(entry) if entry.isdigit() else None
        if fields is None:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry))
        if fields[0] == "Z":  # its threads may have children yet
            ended.add(int(entry))
    found, todo = [], [pid or os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += set(below) - ended
        todo += below
    return found
