"""install-service-root(8): what boots svscanboot, in roots of the test's own."""

import os
import shutil
import stat
import subprocess

import pytest

from support import BIN, wait_until, write_script

SCRIPT = BIN.parent / "share" / "holdfast" / "install-service-root"
SVSCANBOOT = "/command/svscanboot"

pytestmark = pytest.mark.skipif(
    not SCRIPT.exists(), reason="install-service-root is not staged"
)

SYSV_INITTAB = """\
# /etc/inittab
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
1:2345:respawn:/sbin/getty 38400 tty1
"""
BUSYBOX_INITTAB = """\
::sysinit:/etc/init.d/rcS
::askfirst:-/bin/sh
"""
OPENBSD_RC_LOCAL = """\
# site-specific startup actions, daemons
echo -n 'starting local daemons:'
"""
DEBIAN_RC_LOCAL = """\
#!/bin/sh -e
/usr/local/sbin/set-up-the-network || exit 1

exit 0
# nothing below is run
"""
STANZA = f"""\
if [ -x {SVSCANBOOT} ]; then
	echo -n ' svscanboot'
	{SVSCANBOOT} /service </dev/null >/dev/null 2>&1 &
	echo '.'
fi
"""


class Root:
    """A machine's file system, below a folder."""

    def __init__(self, folder):
        self.folder = folder
        for name in "command", "etc":
            (folder / name).mkdir(parents=True)
        shutil.copy("/bin/true", folder / "command" / "svscanboot")

    def path(self, name):
        return self.folder / name.lstrip("/")

    def write(self, name, text, mode=0o644):
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)
        self.path(name).chmod(mode)

    def read(self, name):
        return self.path(name).read_text()

    def run(self, *arguments, code=0, **options):
        """Runs the script; returns what it says, after checking its code."""
        # No folder of this machine's own programs but the usual ones.
        environment = {"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": str(self.folder)}
        done = subprocess.run(
            [SCRIPT, f"--svscanboot={SVSCANBOOT}", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            text=True,
            **options,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def tree(self):
        """Every name with its kind, mode, owner and content."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            kind = path.lstat()
            content = None
            if path.is_symlink():
                content = os.readlink(path)
            elif path.is_file():
                content = path.read_bytes()
            found[str(path)] = (kind.st_mode, kind.st_uid, kind.st_gid, content)
        return found


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path / "root")


def machine(root, kind):
    """Gives the root what makes a machine of that kind."""
    if kind == "systemd":
        root.write("/lib/systemd/systemd", "", 0o755)
        root.path("/etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    elif kind == "openrc":
        root.write("/sbin/openrc-run", "", 0o755)
        root.write("/etc/inittab", BUSYBOX_INITTAB)  # as Alpine has
        for folder in "/etc/init.d", "/etc/runlevels/default":
            root.path(folder).mkdir(parents=True)
    elif kind == "inittab":
        root.write("/etc/inittab", SYSV_INITTAB)
    elif kind == "busybox":
        root.write("/etc/inittab", BUSYBOX_INITTAB)
    elif kind == "openbsd":
        root.write("/etc/rc.d/rc.subr", "")
        root.write("/etc/rc.local", OPENBSD_RC_LOCAL)
    elif kind == "debian":
        root.write("/etc/rc.local", DEBIAN_RC_LOCAL, 0o755)
    elif kind == "rc.d":
        root.write("/etc/rc.d/rc.subr", "")
    else:
        assert kind == "nothing"


HOOKS = {
    "systemd": "/etc/systemd/system/svscanboot.service",
    "openrc": "/etc/init.d/svscanboot",
    "inittab": "/etc/inittab",
    "busybox": "/etc/inittab",
    "openbsd": "/etc/rc.local",
    "debian": "/etc/rc.local",
    "nothing": "/etc/rc.local",
    "rc.d": "/etc/rc.d/svscanboot",
}
MACHINES = sorted(HOOKS)


def arguments_for(kind):
    return ["--init=rc.d"] if kind == "rc.d" else []


@pytest.mark.parametrize("kind", MACHINES)
def test_machine_is_recognised_and_hooked(root, kind):
    machine(root, kind)
    before = set(root.tree())
    root.run(*arguments_for(kind))
    assert SVSCANBOOT in root.read(HOOKS[kind])
    assert root.path("/service").is_dir()
    made = {name[len(str(root.folder)):] for name in set(root.tree()) - before}
    links = {
        "/etc/systemd/system/multi-user.target.wants/svscanboot.service",
        "/etc/runlevels/default/svscanboot",
    }
    mark = "/service/.made-by-install-service-root"
    assert made <= {HOOKS[kind], "/service", mark} | links


@pytest.mark.parametrize("kind", MACHINES)
def test_second_run_changes_nothing(root, kind):
    machine(root, kind)
    root.run(*arguments_for(kind))
    once = root.tree()
    root.run(*arguments_for(kind))
    assert root.tree() == once


@pytest.mark.parametrize("kind", MACHINES)
def test_undo_leaves_all_as_it_was(root, kind):
    machine(root, kind)
    before = root.tree()
    root.run(*arguments_for(kind))
    root.run("--undo")
    assert root.tree() == before
    root.run("--undo")
    assert root.tree() == before


@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize("undo", [False, True])
def test_dry_run_tells_and_changes_nothing(root, kind, undo):
    machine(root, kind)
    if undo:
        root.run(*arguments_for(kind))
    before = root.tree()
    said = root.run(
        "--dry-run", *(["--undo"] if undo else []), *arguments_for(kind)
    )
    assert root.tree() == before
    assert "would" in said and HOOKS[kind] in said


def test_inittab_gets_the_classic_line(root):
    machine(root, "inittab")
    root.run()
    lines = root.read("/etc/inittab").splitlines()
    assert lines[:4] == SYSV_INITTAB.splitlines()
    assert f"SV:123456:respawn:{SVSCANBOOT}" in lines


def test_inittab_of_busybox_has_no_name_and_no_levels(root):
    machine(root, "busybox")
    root.run()
    assert f"::respawn:{SVSCANBOOT}" in root.read("/etc/inittab").splitlines()


def test_rc_local_of_openbsd_gets_the_stanza_and_no_first_line(root):
    machine(root, "openbsd")
    root.run()
    text = root.read("/etc/rc.local")
    assert text.startswith(OPENBSD_RC_LOCAL) and STANZA in text


def test_rc_local_that_ends_with_exit_is_hooked_before_it(root):
    machine(root, "debian")
    root.run()
    text = root.read("/etc/rc.local")
    assert text.index(STANZA) < text.index("\nexit 0\n")
    assert text.index("|| exit 1") < text.index(STANZA)


def test_rc_local_stanza_starts_svscanboot_and_does_not_wait(root, tmp_path):
    """Run by sh, with a svscanboot that ends when the test has seen it."""
    machine(root, "nothing")
    boot = tmp_path / "svscanboot"
    os.mkfifo(tmp_path / "end")
    boot.write_text(
        f'#!/bin/sh\necho "$@" >{tmp_path}/ran.new\n'
        f"mv {tmp_path}/ran.new {tmp_path}/ran\nread x <{tmp_path}/end\n"
    )
    boot.chmod(0o755)
    root.run(f"--svscanboot={boot}")
    done = subprocess.run(
        [root.path("/etc/rc.local")], capture_output=True, timeout=120
    )
    assert done.stdout == b" svscanboot.\n" and done.stderr == b""
    wait_until((tmp_path / "ran").exists)
    assert (tmp_path / "ran").read_text() == "/service\n"
    (tmp_path / "end").write_text("\n")


def test_new_rc_local_can_be_run(root):
    machine(root, "nothing")
    root.run()
    assert os.access(root.path("/etc/rc.local"), os.X_OK)
    assert root.read("/etc/rc.local").startswith("#!/bin/sh\n")


def test_rc_local_that_is_not_executable_is_warned_of(root):
    root.write("/etc/rc.local", "#!/bin/sh\n", 0o644)
    assert "/etc/rc.local is not executable" in root.run()


def test_other_scan_directory_and_place_are_used_throughout(root):
    machine(root, "systemd")
    root.run("/var/my-services")
    assert f"ExecStart={SVSCANBOOT} /var/my-services\n" in root.read(HOOKS["systemd"])
    for kind in "openrc", "rc.d", "rc.local":
        root.run(f"--init={kind}", "--svscanboot=/opt/x/bin/svscanboot", "/var/s")
    assert 'command="/opt/x/bin/svscanboot"\ncommand_args="/var/s"\n' in root.read(
        HOOKS["openrc"]
    )
    assert 'daemon="/opt/x/bin/svscanboot"\ndaemon_flags="/var/s"\n' in root.read(
        HOOKS["rc.d"]
    )
    stanza = STANZA.replace(SVSCANBOOT, "/opt/x/bin/svscanboot")
    assert stanza.replace("/service", "/var/s") in root.read("/etc/rc.local")
    root.write("/etc/inittab", SYSV_INITTAB)
    root.run("--init=inittab", "/var/s")
    assert f"SV:123456:respawn:{SVSCANBOOT} /var/s\n" in root.read("/etc/inittab")


def test_another_place_replaces_the_lines_where_they_stand(root):
    machine(root, "inittab")
    root.run()
    root.write("/etc/inittab", root.read("/etc/inittab") + "x:2:once:/x\n")
    root.run("--svscanboot=/new/svscanboot")
    lines = root.read("/etc/inittab").splitlines()
    assert lines[-1] == "x:2:once:/x"
    assert [line for line in lines if "respawn:/" in line and "getty" not in line] == [
        "SV:123456:respawn:/new/svscanboot"
    ]


@pytest.mark.parametrize("name,text", [
    ("/etc/inittab", "SV:123456:respawn:/usr/bin/svscanboot\n"),
    ("/etc/rc.local", "#!/bin/sh\ncsh -cf '/command/svscanboot &'\n"),
])
def test_start_that_someone_else_put_there_is_left_alone(root, name, text):
    root.write(name, text, 0o755)
    assert "mentions svscanboot already" in root.run()
    assert root.read(name) == text


# Undo


@pytest.mark.parametrize("text", ["", "x", "x\n", "\n", "x\n\n\n", "a\nb", "exit 0"])
@pytest.mark.parametrize("name", ["rc.local", "inittab"])
def test_undo_restores_every_byte(root, name, text):
    root.write(f"/etc/{name}", text, 0o755)
    root.run(f"--init={name}")
    assert SVSCANBOOT in root.read(f"/etc/{name}")
    root.run("--undo")
    assert root.read(f"/etc/{name}") == text


def test_undo_keeps_later_edits(root):
    machine(root, "inittab")
    root.run()
    text = root.read("/etc/inittab")
    root.write("/etc/inittab", "# first\n" + text + "# last\n")
    root.run("--undo")
    assert root.read("/etc/inittab") == "# first\n" + SYSV_INITTAB + "# last\n"


def test_undo_keeps_an_rc_local_that_others_have_added_to(root):
    root.run("--init=rc.local")
    root.write("/etc/rc.local", root.read("/etc/rc.local") + "more\n", 0o755)
    root.run("--undo")
    assert root.read("/etc/rc.local") == "#!/bin/sh\nmore\n"


@pytest.mark.parametrize("undo", [False, True])
def test_unit_that_was_edited_is_left_alone(root, undo):
    machine(root, "systemd")
    root.run()
    unit = HOOKS["systemd"]
    root.write(unit, root.read(unit).replace("[Service]", "[Service]\nNice=5"))
    edited = root.read(unit)
    said = root.run(*(["--undo"] if undo else ["--svscanboot=/other/svscanboot"]))
    assert "has been edited" in said
    assert root.read(unit) == edited


def test_undo_leaves_an_rc_d_script_of_someone_else(root):
    root.write(HOOKS["rc.d"], "#!/bin/ksh\ndaemon=/usr/local/bin/svscanboot\n", 0o555)
    before = root.tree()
    root.run("--undo")
    assert root.tree() == before


def test_undo_keeps_a_scan_directory_in_use_or_not_made_here(root):
    machine(root, "inittab")
    root.run()
    root.path("/service/httpd").mkdir()
    root.run("--undo")
    assert root.path("/service/httpd").is_dir()
    root.path("/service/httpd").rmdir()
    root.run()
    root.run("--undo")
    assert root.path("/service").is_dir()  # it was there before this last run


# Safety


@pytest.mark.parametrize("kind", ["inittab", "debian"])
def test_mode_and_owner_stay(root, kind):
    machine(root, kind)
    path = root.path(HOOKS[kind])
    path.chmod(0o640)
    if os.getuid() == 0:
        os.chown(path, 12, 34)
    before = path.stat()
    root.run()
    root.run("--undo")
    root.run()
    after = path.stat()
    assert SVSCANBOOT in path.read_text()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_edit_is_by_rename(root):
    """A reader, or a crash, meets the old file or the new one, whole."""
    machine(root, "inittab")
    with open(root.path("/etc/inittab"), encoding="ascii") as old:
        root.run()
        assert old.read() == SYSV_INITTAB
    assert [p.name for p in root.path("/etc").iterdir()] == ["inittab"]


def test_edit_waits_for_the_lock(root, programs):
    machine(root, "inittab")
    held = programs.start(
        "flock", root.path("/etc/inittab"), "sh", "-c", "echo held; read x",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    assert held.stdout.readline() == b"held\n"
    runner = programs.start(
        SCRIPT, f"--svscanboot={SVSCANBOOT}", stdout=subprocess.DEVNULL,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": str(root.folder)},
    )
    inode = root.path("/etc/inittab").stat().st_ino

    def waits_for_lock():
        with open("/proc/locks", encoding="ascii") as locks:
            return any("->" in ln and f":{inode} " in ln for ln in locks)

    wait_until(waits_for_lock)
    assert root.read("/etc/inittab") == SYSV_INITTAB
    held.stdin.write(b"\n")
    held.stdin.flush()
    assert runner.wait(timeout=120) == 0
    assert SVSCANBOOT in root.read("/etc/inittab")


def test_many_at_once_add_one_hook(root, programs):
    machine(root, "inittab")
    runners = [
        programs.start(
            SCRIPT, f"--svscanboot={SVSCANBOOT}", stdout=subprocess.DEVNULL,
            env={"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": str(root.folder)},
        )
        for _ in range(8)
    ]
    assert [runner.wait(timeout=120) for runner in runners] == [0] * 8
    assert root.read("/etc/inittab").count("respawn:/command") == 1
    assert root.read("/etc/inittab").startswith(SYSV_INITTAB)


def test_link_out_of_the_root_is_not_followed(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "inittab").write_text(SYSV_INITTAB)
    root.path("/etc").rmdir()
    root.path("/etc").symlink_to(outside)
    said = root.run(code=111)
    assert "a link leads out of" in said
    assert (outside / "inittab").read_text() == SYSV_INITTAB


def test_file_that_is_a_link_is_not_replaced(root):
    root.write("/etc/real", SYSV_INITTAB)
    root.path("/etc/inittab").symlink_to("real")
    assert "a symbolic link" in root.run(code=111)
    assert root.path("/etc/inittab").is_symlink()
    assert root.read("/etc/real") == SYSV_INITTAB


@pytest.mark.parametrize("wrong", [
    ["--init=launchd"], ["--nonsense"], ["/a", "/b"], ["--init=systemd openrc"],
])
def test_wrong_use_is_told(root, wrong):
    before = root.tree()
    assert "usage: install-service-root" in root.run(*wrong, code=100)
    assert root.tree() == before


@pytest.mark.parametrize("wrong", ["relative", "/with space", "/a'b", "/$(id)", "/a|b"])
def test_path_that_would_need_quoting_is_refused(root, wrong):
    before = root.tree()
    root.run(wrong, code=111)
    root.run(f"--svscanboot={wrong}", code=111)
    assert root.tree() == before


def test_starting_is_refused_for_another_root(root):
    before = root.tree()
    assert "--start is for" in root.run("--start", code=111)
    assert root.tree() == before


# The machine that runs, played by a namespace whose process 1 is the test's


def namespace_of(tmp_path, commands):
    """Runs shell commands as process 1, /etc being a folder of the test's."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "inittab").write_text(SYSV_INITTAB)
    if os.path.isdir("/etc/alternatives"):  # awk may be a link through here
        shutil.copytree("/etc/alternatives", etc / "alternatives", symlinks=True)
    user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *user, "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c",
         f"mount --bind {etc} /etc && touch /etc/here || exit 77\n" + commands],
        capture_output=True, text=True, timeout=60,
    )
    if not (etc / "here").exists():
        pytest.skip("no mount and pid namespaces here: " + done.stderr)
    return done


@pytest.mark.parametrize("option,hears_of_it", [("", False), ("--start", True)])
def test_process_1_hears_of_inittab_only_when_asked_to_start(
    tmp_path, option, hears_of_it
):
    done = namespace_of(tmp_path, f"""
        trap 'echo HUP' HUP
        PATH={BIN}:$PATH {SCRIPT} --init=inittab {option} \
            --svscanboot=/bin/true {tmp_path}/service
        echo code $?
    """)
    assert "code 0" in done.stdout, done.stderr
    assert ("HUP" in done.stdout.splitlines()) == hears_of_it
    text = (tmp_path / "etc" / "inittab").read_text()
    assert f"SV:123456:respawn:/bin/true {tmp_path}/service\n" in text


# The files themselves


@pytest.mark.parametrize("name", ["systemd"])
def test_unit_is_accepted_by_systemd(root, name, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    machine(root, name)
    # It looks whether the programs that the unit names are there.
    for program in "svscanboot", "svscanctl":
        write_script(tmp_path / "programs" / program, "#!/bin/sh\n")
    root.run(f"--svscanboot={tmp_path}/programs/svscanboot")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", root.path(HOOKS[name])],
        capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == 0 and "svscanboot" not in done.stderr, done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash", "mksh", "ksh", "busybox"])
def test_script_speaks_every_shell_at_hand(root, shell):
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    machine(root, "debian")
    command = [shutil.which(shell), *(["sh"] if shell == "busybox" else [])]
    for arguments in ["--init=rc.local"], ["--undo"]:
        subprocess.run(
            [*command, SCRIPT, f"--svscanboot={SVSCANBOOT}", *arguments],
            env={"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": str(root.folder)},
            check=True, capture_output=True, timeout=60,
        )
    assert root.read("/etc/rc.local") == DEBIAN_RC_LOCAL


def test_scripts_pass_shellcheck():
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck here")
    subprocess.run(["shellcheck", SCRIPT], check=True, timeout=60)


def test_a_relative_root_is_a_root(root):
    machine(root, "inittab")
    subprocess.run(
        [SCRIPT, f"--svscanboot={SVSCANBOOT}"],
        env={"PATH": f"{BIN}:/usr/bin:/bin", "DESTDIR": root.folder.name},
        cwd=root.folder.parent, check=True, capture_output=True, timeout=60,
    )
    assert SVSCANBOOT in root.read("/etc/inittab")
