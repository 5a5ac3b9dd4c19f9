"""dependencies.d, wants.d, after.d and contents.d: svscan starts and stops in
order, and takes what changes while it runs."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from support import (
    BIN,
    SLEEPER,
    Scan,
    Service,
    is_alive,
    process_fields,
    wait_until,
    write_script,
)

# Says on ../order what happens to it, and is ready at once.
ORDERLY = """#!/bin/sh
name=$(basename "$PWD")
trap 'echo "$name stops" >>../../order; kill $!; exit 0' TERM
sleep 1000 &
echo "$name starts" >>../../order
echo >&3
wait
"""


class Town(Scan):
    """A scan directory of services that need one another."""

    def order(self):
        try:
            return (self.path.parent / "order").read_text().splitlines()
        except FileNotFoundError:
            return []

    def add(self, name, run=ORDERLY, needs=(), wants=(), after=(), **options):
        made = Service(self.outside / name, run, **options)
        if run is ORDERLY:
            (made.path / "notification-fd").write_text("3\n")
        for kind, names in (
            ("dependencies.d", needs),
            ("wants.d", wants),
            ("after.d", after),
        ):
            for other in names:
                self.link(made, kind, other)
        return self.move_in(made)

    def link(self, service, kind, *others):
        (service.path / kind).mkdir(exist_ok=True)
        for other in others:
            (service.path / kind / other).touch()
        self.notice()

    def unlink(self, service, kind, other):
        (service.path / kind / other).unlink()
        self.notice()

    def bundle(self, name, *members):
        made = Service(self.outside / name, run=None)
        self.link(made, "contents.d", *members)
        return self.move_in(made)

    def wait_order(self, *lines, limit_s=120):
        """Waits for as many lines; they are to be these, in this order."""
        wait_until(lambda: len(self.order()) >= len(lines), limit_s, lines)
        assert self.order() == list(lines)

    def wait_ready(self, *services):
        for service in services:
            wait_until(
                lambda: service.state().get("ready") == "1",
                what=f"{service.path} ready",
            )


@pytest.fixture
def town(tmp_path, programs):
    return Town(tmp_path, programs)


def said_with(town, text):
    return [line for line in town.said() if text in line]


# ---- starting ----


def test_a_service_starts_when_what_it_needs_is_ready(town):
    town.add("web", needs=["db"])
    town.add("db", needs=["disk"])
    town.add("disk")
    town.start()
    town.wait_order("disk starts", "db starts", "web starts")


def test_a_service_waits_as_long_as_what_it_needs_is_not_ready(town, tmp_path):
    gate = tmp_path / "gate"
    slow = f"#!/bin/sh\nuntil [ -e {gate} ]; do sleep 0.01; done\n" + ORDERLY[10:]
    db = town.add("db", run=slow)
    (db.path / "notification-fd").write_text("3\n")
    web = town.add("web", needs=["db"])
    town.start()
    db.wait_up()
    web.wait_phase("waiting")
    assert web.pid() == 0
    gate.touch()
    web.wait_up()


def test_the_state_names_what_is_waited_for(town, tmp_path):
    gates = {name: tmp_path / name for name in ("db", "cache")}
    needed = []
    for name, gate in gates.items():
        slow = f"#!/bin/sh\nuntil [ -e {gate} ]; do sleep 0.01; done\n" + ORDERLY[10:]
        needed.append(town.add(name, run=slow))
        (needed[-1].path / "notification-fd").write_text("3\n")
    web = town.add("web", needs=gates)
    town.start()
    web.wait_phase("waiting")
    first = wait_until(lambda: web.state()["waits-for"])
    for service in needed:
        service.wait_up()
    (other,) = set(gates) - {first}
    argv = [BIN / "sv", "status", web.path]
    said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert said.startswith("down: ")
    assert said.endswith(f", normally up, want up, waiting for {first}\n")
    argv = [BIN / "sv", "graph", town.path]
    graph = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert re.search("^web: waiting for (db|cache)$", graph, re.M)
    assert f"  needs {first}: starting\n" in graph  # in the words of the table
    assert "ready after" not in graph
    gates[first].touch()
    wait_until(lambda: web.state()["waits-for"] == other)
    gates[other].touch()
    web.wait_up()
    assert web.state()["waits-for"] == ""


def test_the_state_names_what_is_missing_or_goes_round(town):
    web = town.add("web", needs=["nowhere"])
    chicken = town.add("chicken", needs=["egg"])
    egg = town.add("egg", needs=["chicken"])
    town.start()
    for service, other in (web, "nowhere"), (chicken, "egg"), (egg, "chicken"):
        wait_until(lambda s=service, o=other: s.state().get("waits-for") == o)


def test_what_cannot_say_that_it_is_ready_is_so_after_a_second(town):
    town.add("web", needs=["db"])
    db = town.add("db", run=SLEEPER)
    town.start()
    town.wait_order("web starts")
    state = db.state()
    assert state["ready"] == "1"
    assert moment_s(state["ready-since"]) - moment_s(state["since"]) > 0.9


def test_a_one_shot_is_ready_when_its_start_has_succeeded(town):
    town.add("web", needs=["prepare"])
    prepare = Service(town.outside / "prepare", run=None)
    write_script(
        prepare.path / "start", "#!/bin/sh\necho prepare starts >>../../order\n"
    )
    town.move_in(prepare)
    town.start()
    town.wait_order("prepare starts", "web starts", limit_s=60)


def test_services_without_dependencies_wait_for_nobody(town):
    town.add("web", needs=["never"])
    alone = town.add("alone")
    town.start()
    alone.wait_up()


def test_a_soft_dependency_is_started_too_and_not_waited_for_if_it_fails(town):
    extra = town.add("extra", run="#!/bin/sh\nexit 1\n", down=True)
    web = town.add("web", wants=["extra", "missing"])
    town.start()
    web.wait_up()
    wait_until(lambda: extra.value("deaths") >= 1, what="extra failed")
    assert not said_with(town, "missing")


def test_after_orders_but_starts_nothing(town):
    first = town.add("first", down=True)
    second = town.add("second", after=["first"])
    town.start()
    town.wait_ready(second)
    assert first.pid() == 0
    second.svc("-d")
    second.wait_down()
    first.svc("-u")
    second.svc("-u")
    town.wait_order(
        "second starts", "second stops", "first starts", "second starts"
    )


def test_what_is_down_is_started_along(town):
    town.add("db", down=True)
    web = town.add("web", needs=["db"], down=True)
    town.start()
    web.wait_phase("down")
    assert town.order() == []
    web.svc("-u")
    town.wait_order("db starts", "web starts")


def test_a_bundle_stands_for_what_it_contains(town):
    town.bundle("base", "a", "more")
    town.bundle("more", "b")
    town.add("top", needs=["base"])
    town.add("a")
    town.add("b", needs=["a"])
    town.start()
    town.wait_order("a starts", "b starts", "top starts")


def test_a_supervisor_of_one_service_waits_for_nobody(tmp_path, programs):
    alone = Service(tmp_path / "alone")
    (alone.path / "dependencies.d").mkdir()
    (alone.path / "dependencies.d" / "other").touch()
    for program in "supervise", "runsv":
        host = programs.start(BIN / program, alone.path)
        alone.wait_up()
        host.terminate()
        assert host.wait(120) == 0


# Takes half a second to be ready.
SLOW = "#!/bin/sh\nsleep 0.5\necho >&3\nexec sleep 1000\n"
TAI_OFFSET = (1 << 62) + 10


def moment_s(label):
    """Of a TAI64N label."""
    return int(label[1:17], 16) - TAI_OFFSET + int(label[17:], 16) / 1e9


def test_layers_start_in_order_and_ten_times_faster_than_one_by_one(town):
    layers, width = 5, 20
    services = {}
    for layer in range(layers):
        for i in range(width):
            needs = [f"s{layer - 1}-{(i + j) % width}" for j in range(3)]
            made = town.add(f"s{layer}-{i}", run=SLOW, needs=needs if layer else ())
            (made.path / "notification-fd").write_text("3\n")
            services[f"s{layer}-{i}"] = made, needs if layer else []
    town.start()
    town.wait_ready(*(made for made, _ in services.values()))
    state = {name: made.state() for name, (made, _) in services.items()}
    began_s = {name: moment_s(of["since"]) for name, of in state.items()}
    ready_s = {name: moment_s(of["ready-since"]) for name, of in state.items()}
    for name, (_, needs) in services.items():
        for other in needs:
            assert began_s[name] >= ready_s[other]
    one_by_one = sum(ready_s[name] - began_s[name] for name in services)
    together = max(ready_s.values()) - min(began_s.values())
    assert together * 10 < one_by_one


# ---- what is wrong ----


def test_a_cycle_is_named_and_what_is_outside_of_it_runs(town):
    inside = [
        town.add("a", needs=["b"]),
        town.add("b", after=["c"]),
        town.add("c", needs=["a"]),
    ]
    outside = town.add("outside")
    town.start()
    outside.wait_up()
    message = (
        "svscan: warning: unable to start services that wait for one another: "
        "a -> b -> c -> a"
    )
    town.wait_said(message)
    for service in inside:
        service.wait_phase("waiting")
    # Undone, all run.
    town.unlink(inside[2], "dependencies.d", "a")
    for service in inside:
        service.wait_up()
    assert town.times_said(message) == 1


def test_a_missing_name_is_told_with_who_needs_it(town):
    web = town.add("web", needs=["database"])
    other = town.add("other")
    town.start()
    other.wait_up()
    message = (
        "svscan: warning: unable to start web: it needs database, "
        "and there is no such service"
    )
    town.wait_said(message)
    web.wait_phase("waiting")
    town.add("database")
    web.wait_up()
    assert town.times_said(message) == 1


# ---- changes ----


def test_a_dependency_that_goes_lets_the_service_start(town):
    web = town.add("web", needs=["never"])
    town.start()
    web.wait_phase("waiting")
    town.unlink(web, "dependencies.d", "never")
    web.wait_up()


def test_a_dependency_that_comes_restarts_nothing(town):
    web, db = town.add("web"), town.add("db")
    town.start()
    wait_until(lambda: len(town.order()) == 2, what="both")
    town.wait_ready(web, db)
    pid = web.pid()
    # The one that doesn't exist is told of when both have been taken in.
    town.link(web, "dependencies.d", "db", "none")
    town.wait_said(
        "svscan: warning: unable to start web: it needs none, "
        "and there is no such service"
    )
    assert web.pid() == pid and is_alive(pid)
    db.svc("-d")
    db.wait_down()
    assert town.order()[2:] == ["web stops", "db stops"]
    assert web.value("starts") == 1


def test_a_new_service_may_need_one_that_runs(town):
    db = town.add("db")
    town.start()
    pid = db.wait_up()
    town.add("web", needs=["db"])
    town.wait_order("db starts", "web starts")
    assert db.pid() == pid


# ---- stopping ----


def test_what_is_needed_ends_after_those_that_need_it(town):
    db = town.add("db")
    web = town.add("web", needs=["db"])
    shop = town.add("shop", needs=["web"])
    alone = town.add("alone")
    town.start()
    pid = alone.wait_up()
    wait_until(lambda: len(town.order()) == 4, what="all of them")
    town.wait_ready(db, web, shop)
    db.svc("-d")
    db.wait_down()
    assert [line for line in town.order() if line.endswith("stops")] == [
        "shop stops",
        "web stops",
        "db stops",
    ]
    # They are still wanted, and come back with it.
    assert web.state()["want"] == shop.state()["want"] == "up"
    db.svc("-u")
    web.wait_up()
    shop.wait_up()
    assert alone.pid() == pid


STUBBORN = """#!/bin/sh
trap '' TERM
echo >&3
while :; do sleep 0.05; done
"""


def stubborn_pair(town):
    db = town.add("db")
    web = town.add("web", run=STUBBORN, needs=["db"])
    (web.path / "notification-fd").write_text("3\n")
    town.start()
    web.wait_up()
    town.wait_ready(web, db)
    return db, web


def test_told_twice_a_service_waits_for_nobody(town):
    db, web = stubborn_pair(town)
    pid = web.pid()
    db.svc("-d")
    wait_until(lambda: web.state()["ending"] == "1", what="web was told")
    assert db.state()["want"] == "down" and db.pid() != 0
    db.svc("-d")
    db.wait_down()
    assert web.pid() == pid
    web.svc("-k")


def test_what_is_in_the_way_is_bounded_by_its_own_limit(town):
    db = town.add("db")
    web = town.add("web", run=STUBBORN, needs=["db"])
    (web.path / "notification-fd").write_text("3\n")
    (web.path / "timeout-kill").write_text("200\n")
    town.start()
    web.wait_up()
    town.wait_ready(web, db)
    db.svc("-d")
    db.wait_down()
    assert web.state()["last-end"] == "signal"


def test_taking_back_the_command_leaves_all_as_it_was(town):
    db, web = stubborn_pair(town)
    pid = db.pid()
    db.svc("-d")
    wait_until(lambda: web.state()["ending"] == "1", what="web was told")
    db.svc("-u")
    before = web.pid()
    web.svc("-k")
    web.wait_up(besides=before)
    assert db.pid() == pid


def test_an_orderly_stop_ends_services_in_reverse(town):
    services = [
        town.add("a"),
        town.add("b", needs=["a"]),
        town.add("c", after=["b"]),
        town.add("d", wants=["c"]),
    ]
    town.start()
    wait_until(lambda: len(town.order()) == 4, what="all of them")
    town.wait_ready(*services)
    town.stop()
    assert [line for line in town.order() if line.endswith("stops")] == [
        "d stops",
        "c stops",
        "b stops",
        "a stops",
    ]


def test_services_that_need_each_other_can_be_stopped(town):
    a, b = town.add("a"), town.add("b")
    town.start()
    a.wait_up()
    b.wait_up()
    town.link(a, "dependencies.d", "b")
    town.link(b, "dependencies.d", "a")
    town.wait_said(
        "svscan: warning: unable to start services that wait for one another: "
        "a -> b -> a"
    )
    town.stop()


# ---- a supervisor that is killed ----


def test_a_later_supervisor_goes_on_with_a_stop_in_order(town):
    db, web = stubborn_pair(town)
    db.svc("-d")
    wait_until(lambda: web.state()["ending"] == "1", what="web was told")
    town.kill()
    town.start()
    web.svc("-k") if wait_until(lambda: web.svok() == 0) else None
    town.wait_until(lambda: db.pid() == 0, what="db down")
    town.wait_until(lambda: web.state()["phase"] == "waiting", what="web waits")
    assert web.state()["want"] == "up"


def test_one_that_another_supervises_waits_when_it_is_taken_over(town, programs):
    """Who needs it is there before it is, so its name has a place already."""
    web = town.add("web", needs=["db"])
    shop = town.add("shop", needs=["web"])
    other = programs.start(BIN / "supervise", web.path)
    web.wait_up()
    town.start()
    town.wait_said(
        "svscan: warning: unable to acquire web/supervise/lock: temporary failure"
    )
    other.terminate()
    other.wait(120)
    web.wait_phase("waiting")
    assert web.state()["waits-for"] == "db" and shop.pid() == 0
    town.add("db")
    web.wait_up()
    shop.wait_up()


def test_what_waited_to_end_ends_when_nobody_is_left_to_wait_for(town, programs):
    db, web = stubborn_pair(town)
    db.svc("-d")
    wait_until(lambda: web.state()["ending"] == "1", what="web was told")
    town.kill()
    assert is_alive(db.pid())
    programs.start(BIN / "supervise", db.path)
    town.wait_until(lambda: db.pid() == 0, what="db down")


@pytest.mark.parametrize("is_named", [True, False])
def test_what_was_held_ends_after_a_kill_if_nobody_holds_it(town, is_named):
    """Whoever it was held for has ended, or isn't there, when it is adopted."""
    db, web = stubborn_pair(town)
    db.svc("-d")
    wait_until(lambda: web.state()["ending"] == "1", what="web was told")
    town.kill()
    os.kill(web.pid(), signal.SIGKILL)
    if not is_named:
        shutil.rmtree(web.path / "dependencies.d")
    town.start()
    town.wait_until(lambda: db.pid() == 0, what="db down")


def test_what_had_ended_to_let_another_go_down_is_not_started_by_the_next(town):
    """It is a waiting service, all that it needs is ready, and yet it may not start:
    what it needs is in the way itself of the one that is to end. Which of them the
    next supervisor looks at first depends on their names, so there are a few."""
    chains = [
        (
            town.add(f"db{i}"),
            town.add(f"web{i}", needs=[f"db{i}"]),
            town.add(f"shop{i}", run=STUBBORN, needs=[f"web{i}"]),
        )
        for i in range(8)
    ]
    for _, _, shop in chains:
        (shop.path / "notification-fd").write_text("3\n")
    town.start()
    town.wait_ready(*(service for chain in chains for service in chain))
    time.sleep(1)  # a start that comes by mistake would come at once
    for db, _, shop in chains:
        db.svc("-d")
        wait_until(lambda: shop.state()["ending"] == "1", what="shop was told")
    town.kill()
    for _, _, shop in chains:
        pid = shop.pid()
        os.kill(pid, signal.SIGKILL)
        town.wait_until(lambda: not process_fields(pid))
    town.start()
    for db, _, _ in chains:
        town.wait_until(lambda: db.state()["phase"] == "down", what="db down")
    assert [shop.value("starts") for _, _, shop in chains] == [1] * len(chains)


def test_kills_during_a_start_keep_the_order_and_start_nothing_twice(town):
    layers, width = 5, 4
    names = [f"s{i}-{j}" for i in range(layers) for j in range(width)]
    run = ORDERLY.replace("echo >&3", "sleep 0.05\necho >&3")
    needs = {name: [] for name in names}
    services = []
    for i, name in enumerate(names):
        if i >= width:
            first = (i // width - 1) * width
            needs[name] = [names[first + i % width], names[first + (i + 1) % width]]
        made = town.add(name, run=run, needs=needs[name])
        (made.path / "notification-fd").write_text("3\n")
        services.append(made)
    for count in range(2, len(names), 3):  # dies when so many have started
        town.start()
        town.wait_until(lambda: len(town.order()) >= count, what=f"{count} starts")
        town.kill()
    town.start()
    for service in services:
        town.wait_until(
            lambda: service.state().get("ready") == "1", what=f"{service.path} ready"
        )
    lines = town.order()
    assert sorted(lines) == sorted(f"{name} starts" for name in names)
    for name in names:
        for other in needs[name]:
            assert lines.index(f"{other} starts") < lines.index(f"{name} starts")
    assert [service.value("starts") for service in services] == [1] * len(names)


def test_what_was_ready_is_so_for_the_next_supervisor(town):
    db = town.add("db", after=["other"])  # it has a directory of its own, too
    web = town.add("web", needs=["db"])
    town.start()
    town.wait_ready(db, web)
    pid = db.pid()
    web.svc("-d")
    web.wait_down()
    town.kill()
    town.start()
    town.wait_until(lambda: web.svok() == 0 and db.svok() == 0, what="svscan")
    web.svc("-u")
    web.wait_up()
    assert db.pid() == pid


def test_a_renamed_service_is_found_under_its_new_name(town):
    web = town.add("web", needs=["db"])
    other = town.add("other")
    town.start()
    other.wait_up()
    web.wait_phase("waiting")
    other.path.rename(town.path / "db")
    town.notice()
    web.wait_up()


def test_what_was_told_to_be_down_stays_down_after_a_crash(town):
    db = town.add("db")
    web = town.add("web", needs=["db"])
    town.start()
    town.wait_ready(db, web)
    db.svc("-d")
    db.wait_down()
    town.kill()
    town.start()
    wait_until(lambda: web.svok() == 0 and db.svok() == 0, what="svscan")
    other = town.add("other", needs=["web"])
    town.wait_until(lambda: other.state().get("phase") == "waiting", what="other")
    assert db.pid() == 0 and web.pid() == 0


# ---- sv graph ----


def graph(town, *options):
    done = subprocess.run(
        [BIN / "sv", "graph", *options, town.path], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return re.sub(r"\d+\.\d{3} s", "N s", done.stdout)


def test_graph_shows_who_waits_and_what_took_how_long(town):
    town.bundle("base", "db")
    db = town.add("db")
    shop = town.add("shop", needs=["base"], wants=["missing"])
    town.add("late", needs=["never"], after=["shop"])
    town.start()
    town.wait_ready(db, shop)
    wait_until(lambda: "waiting for never" in graph(town), what="late waits")
    assert graph(town).splitlines() == [
        "late: waiting for never",
        "  needs never: there is none",
        "  after shop: ready after N s",
        "    needs base: bundle",
        "      db: ready after N s",
        "    wants missing: there is none",
        "",
        "critical path of the last start: N s",
        "  at N s db: ready after N s",
        "  at N s shop: ready after N s",
    ]


def test_graph_goes_round_a_circle_once(town):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        town.add(name, needs=[other])
    text = graph(town)
    assert text.splitlines() == [
        "a: not supervised",
        "  needs b: not supervised",
        "    needs c: not supervised",
        "      needs a: not supervised (as above)",
    ]


def test_graph_for_graphviz_quotes_names(town):
    town.add('say "hi"')
    shop = town.add("shop", needs=['say "hi"'])
    town.start()
    town.wait_ready(shop)
    lines = graph(town, "--dot").splitlines()
    assert lines[0] == "digraph services {" and lines[-1] == "}"
    assert '\t"shop" [label="shop\\nready after N s"];' in lines
    assert '\t"shop" -> "say \\"hi\\"" [style=solid, color=red];' in lines


def test_graph_is_refused_what_is_no_directory(tmp_path):
    done = subprocess.run(
        [BIN / "sv", "graph", tmp_path / "none"], capture_output=True, text=True
    )
    assert done.returncode == 111
    assert done.stderr == (
        f"sv: fatal: unable to show {tmp_path}/none: file does not exist\n"
    )
    assert subprocess.run([BIN / "sv", "graph", "a", "b"], stderr=-3).returncode == 100
