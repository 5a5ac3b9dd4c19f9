"""sv deaths: when a service died, and how; and why it has given up."""

import re
import subprocess

from support import BIN, Service, wait_until, write_script

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
# Dies in one way after another, and then stays; tells of it before.
MORTAL = """#!/bin/sh
echo >>lives
case $(wc -l <lives) in
1) exit 3 ;;
2) kill -SEGV $$ ;;
*) exec sleep 1000 ;;
esac
"""


def sv(scan, *argv):
    argv = [BIN / "sv", "-d", scan.path, "deaths", *argv]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def lines(scan, *argv):
    code, out, said = sv(scan, *argv)
    assert (code, said) == (0, "")
    return out.splitlines()


def test_deaths_are_told_with_time_and_reason_the_last_one_last(scan):
    service = scan.make("web", run=MORTAL)
    scan.start()
    pid = service.wait_program()
    service.svc("-k")
    service.wait_program(besides=pid)
    head, *deaths = lines(scan, "web")
    assert head == "web:"
    moments = [re.fullmatch(rf"({STAMP}\.\d{{6}})  (.*)", line) for line in deaths]
    assert [found[2] for found in moments] == ["exit 3", "killed by SEGV", "killed by KILL"]
    assert sorted(found[1] for found in moments) == [found[1] for found in moments]
    assert lines(scan, "-n", "1", f"{service.path}/") == [f"{service.path}/:", deaths[-1]]


def test_one_that_has_given_up_says_why(scan):
    service = scan.make("api", run='#!/bin/sh\nseq 30\necho "no port" >&2\nexit 4\n')
    write_script(service.path / "run", "#!/bin/sh\nexec 2>&1\nseq 30\necho no port\nexit 4\n")
    (service.path / "restart").write_text("never\n")
    service.add_log(f"#!/bin/sh\nexec {BIN}/multilog t ./main\n")
    scan.start()
    wait_until(lambda: service.state().get("failed") == "1")
    main = service.path / "log" / "main" / "current"
    wait_until(lambda: main.exists() and "no port" in main.read_text())
    head, death, heading, *said = lines(scan, "api")
    assert re.fullmatch(r"api: failed for good \d+s ago: exit 4:", head)
    assert re.fullmatch(rf"{STAMP}\.\d+  exit 4", death)
    assert heading == "the last lines of its log:"
    words = [re.fullmatch(rf"  {STAMP} (.*)", line)[1] for line in said]
    assert words == [str(number) for number in range(12, 31)] + ["no port"]
    # When somebody asks for it, that is over.
    write_script(service.path / "run", "#!/bin/sh\nexec sleep 1000\n")
    service.svc("-u")
    service.wait_program()
    assert lines(scan, "api") == ["api:", death]


def test_without_a_log_it_is_said_where_messages_went(scan):
    service = scan.make("api", run="#!/bin/sh\nexit 4\n")
    (service.path / "restart").write_text("never\n")
    scan.start()
    wait_until(lambda: service.state().get("failed") == "1")
    assert lines(scan, "api")[-1] == (
        "  none: what it wrote went where svscan's messages go"
    )


def test_what_never_died_and_what_is_not_there(scan):
    Service(scan.path / "quiet")
    code, out, said = sv(scan, "quiet", "nowhere")
    assert (code, out) == (1, "quiet: no deaths on record\n")
    assert said == "sv: warning: unable to find nowhere: file does not exist\n"


def test_wrong_use(scan):
    for argv in (), ("-n", "many", "web"), ("-x", "web"):
        code, out, said = sv(scan, *argv)
        assert (code, out) == (100, "")
        assert said.endswith("usage: sv [-d dir] deaths [-n count] service ...\n")
