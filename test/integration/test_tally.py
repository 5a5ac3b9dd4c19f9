"""supervise/death_tally: the last deaths, for whoever asks how it went."""

import signal
import time

from directories import call

from support import kill_and_start, wait_until

DIES = "#!/bin/sh\necho >>lives\nexec sleep 1000\n"


def deaths(service):
    """[(when, exit code, signal)], the oldest first."""
    lines = call("deaths", service.path)
    return [tuple(map(int, line.split())) for line in lines]


def ends(service):
    return [death[1:] for death in deaths(service)]


def test_each_death_is_counted_with_its_reason(scan):
    service = scan.make(run="#!/bin/sh\n[ -e again ] && exec sleep 1000\n"
                            ": >again\nexit 3\n")  # fmt: skip
    before = int(time.time())
    scan.start()
    pid = service.wait_program()
    assert ends(service) == [(3, 0)]
    service.svc("-k")
    pid = service.wait_program(besides=pid)
    service.svc("-d")
    wait_until(lambda: len(deaths(service)) == 3)
    assert ends(service) == [(3, 0), (0, signal.SIGKILL), (0, signal.SIGTERM)]
    assert all(before <= when <= time.time() for when, *_ in deaths(service))


def test_the_tally_outlives_the_supervisor(scan):
    service = scan.make(run=DIES)
    scan.start()
    pid = service.wait_program()
    service.svc("-k")
    pid = service.wait_program(besides=pid)
    kill_and_start(scan)
    wait_until(lambda: service.svok() == 0)
    assert ends(service) == [(0, signal.SIGKILL)]
    service.svc("-t")
    service.wait_program(besides=pid)
    # Not every kernel tells how somebody else's child ended.
    is_known = service.state()["last-end"] == "signal"
    assert ends(service)[1:] == [(0, signal.SIGTERM)] * is_known


def test_finish_sees_the_death_that_it_is_about(scan):
    """s6-permafailon is run there; the size tells how many deaths there are."""
    service = scan.make(run=DIES)
    finish = service.path / "finish"
    finish.write_text("#!/bin/sh\nwc -c <supervise/death_tally >>sizes\n")
    finish.chmod(0o755)
    scan.start()
    pid = service.wait_program("sleep")
    for _ in range(2):
        service.svc("-k")
        pid = service.wait_program("sleep", besides=pid)
    assert list(map(int, service.lines("sizes"))) == [14, 28]


def test_no_more_deaths_are_kept_than_the_directory_says(scan):
    service, none = scan.make(run=DIES), scan.make("none", run=DIES)
    (service.path / "max-death-tally").write_text("1\n")
    (none.path / "max-death-tally").write_text("0\n")
    scan.start()
    for each in service, none:
        pid = each.wait_program()
        for flag in "-k", "-t":
            each.svc(flag)
            pid = each.wait_program(besides=pid)
    assert ends(service) == [(0, signal.SIGTERM)]
    assert not (none.path / "supervise" / "death_tally").exists()
