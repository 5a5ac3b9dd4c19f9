"""svup(8): daemontools-encore's question, whether a service is up."""

import os
import subprocess


from support import BIN, wait_until, write_script


def svup(*argv):
    done = subprocess.run([BIN / "svup", *argv], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_up_and_not_up(scan):
    up, down = scan.make("up"), scan.make("down", down=True)
    log = up.add_log(down=True)
    assert svup(up.path) == (100, "")
    scan.start()
    up.wait_program()
    down.wait_phase("down")
    log.wait_phase("down")
    wait_until(lambda: up.svok() == down.svok() == log.svok() == 0)
    assert svup(up.path) == svup("-l", up.path) == (0, "")
    assert svup(down.path) == (100, "")
    assert svup("-L", up.path) == (100, "")
    log.svc("-u")
    log.wait_program("cat")
    assert svup("-L", up.path) == (0, "")
    assert svup("-L", down.path) == (100, "")  # it has none
    scan.kill()
    assert svup(up.path) == (100, "")  # it runs, but nobody cares for it


def test_an_inline_log_counts(scan):
    service = scan.make()
    write_script(service.path / "log", "#!/bin/sh\necho $$ >log-pid\nexec cat >/dev/null\n")
    scan.start()
    service.wait_program()
    wait_until(lambda: svup(service.path)[0] == 0, what="both are up")
    service.svc("-Ld")
    wait_until(lambda: svup("-L", service.path)[0] == 100)
    assert svup(service.path)[0] == 100
    assert svup("-l", service.path)[0] == 0


def test_trouble_and_wrong_use(scan):
    assert svup("nowhere")[0] == 111
    for wrong in ((), ("a", "b"), ("-x", "a")):
        code, said = svup(*wrong)
        assert code == 100
        assert said.splitlines()[-1] == "svup: usage: svup [ -L | -l ] dir"
    if os.geteuid() == 0:
        return
    service = scan.make()
    scan.start()
    service.wait_program()
    (service.path / "supervise").chmod(0)
    assert svup(service.path)[0] == 111
