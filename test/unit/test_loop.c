/*
 * test_loop.c -- what loop.h promises of every backend.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "loop/backend.h"
#include "loop/processes.h"
#include "loop_fixture.h"

/* ---- how often the loop woke up: the linker puts this in its way ---- */

static unsigned waits;

int __real_backend_wait(struct backend *backend, int timeout_ms);
int __wrap_backend_wait(struct backend *backend, int timeout_ms);

int __wrap_backend_wait(struct backend *backend, int timeout_ms)
{
	waits++;
	return __real_backend_wait(backend, timeout_ms);
}

/* ---- descriptors ---- */

struct reader {
	struct loop *loop;
	struct loop_watch watch;
	int ends[2];
	unsigned calls;
};

static void note_readable(struct loop_watch *watch)
{
	struct reader *reader = watch->owner;
	char byte;

	reader->calls++;
	(void)!read(watch->fd, &byte, 1);
	loop_stop(reader->loop);
}

static void add_reader(struct reader *reader, struct loop *loop,
		       void (*on_readable)(struct loop_watch *))
{
	memset(reader, 0, sizeof(*reader));
	make_pipe(reader->ends);
	reader->loop = loop;
	reader->watch = (struct loop_watch){.fd = reader->ends[0],
					    .on_readable = on_readable,
					    .owner = reader};
	assert_int_equal(loop_watch_add(loop, &reader->watch), 0);
}

static void feed(const struct reader *reader)
{
	assert_int_equal(write(reader->ends[1], "x", 1), 1);
}

static void drop_reader(struct reader *reader)
{
	loop_watch_remove(reader->loop, &reader->watch);
	close(reader->ends[0]);
	close(reader->ends[1]);
}

static void input_calls_as_long_as_it_is_there(void **unused)
{
	struct loop *loop = new_loop();
	struct reader reader;

	(void)unused;
	add_reader(&reader, loop, note_readable);
	run_once(loop);
	assert_int_equal(reader.calls, 0);
	feed(&reader);
	feed(&reader);
	run(loop);
	assert_int_equal(reader.calls, 1);
	run(loop); /* one byte is left */
	assert_int_equal(reader.calls, 2);
	run_once(loop);
	assert_int_equal(reader.calls, 2);
	drop_reader(&reader);
	loop_free(loop);
}

static void end_of_file_calls(void **unused)
{
	struct loop *loop = new_loop();
	struct reader reader;

	(void)unused;
	add_reader(&reader, loop, note_readable);
	close(reader.ends[1]);
	run(loop);
	assert_int_equal(reader.calls, 1);
	loop_watch_remove(loop, &reader.watch);
	close(reader.ends[0]);
	loop_free(loop);
}

static void a_removed_watch_is_not_called(void **unused)
{
	struct loop *loop = new_loop();
	struct reader reader;

	(void)unused;
	add_reader(&reader, loop, note_readable);
	feed(&reader);
	loop_watch_remove(loop, &reader.watch);
	loop_watch_remove(loop, &reader.watch); /* does nothing */
	run_once(loop);
	assert_int_equal(reader.calls, 0);
	assert_int_equal(loop_watch_add(loop, &reader.watch), 0);
	run(loop);
	assert_int_equal(reader.calls, 1);
	drop_reader(&reader);
	loop_free(loop);
}

#define CROWD 200 /* more than any backend takes at once */

static void of_many_each_is_called(void **unused)
{
	static struct reader readers[CROWD];
	struct loop *loop = new_loop();

	(void)unused;
	for (int i = 0; i < CROWD; i++) {
		add_reader(&readers[i], loop, note_readable);
		feed(&readers[i]);
	}
	for (int i = 0; i < CROWD; i++)
		run_once(loop);
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(readers[i].calls, 1);
		drop_reader(&readers[i]);
	}
	loop_free(loop);
}

/* Members of a crowd, all readable; who comes first ends the others. */
struct crowd {
	struct reader *readers[CROWD]; /* NULL: freed */
	unsigned calls;
};

static struct crowd crowd;

static void end_crowd(struct loop_watch *watch)
{
	(void)watch; /* freed below, like all the others */
	crowd.calls++;
	for (int i = 0; i < CROWD; i++) {
		if (!crowd.readers[i])
			continue;
		drop_reader(crowd.readers[i]);
		free(crowd.readers[i]);
		crowd.readers[i] = NULL;
	}
}

static void a_callback_may_remove_and_free_everybody(void **unused)
{
	struct loop *loop = new_loop();

	(void)unused;
	crowd.calls = 0;
	for (int i = 0; i < CROWD; i++) {
		crowd.readers[i] = malloc(sizeof(struct reader));
		assert_non_null(crowd.readers[i]);
		add_reader(crowd.readers[i], loop, end_crowd);
		feed(crowd.readers[i]);
	}
	run_once(loop);
	assert_int_equal(crowd.calls, 1);
	loop_free(loop);
}

/* Whoever comes first renews the other: same struct, same descriptor number,
 * but nothing to read. */
static void renew_other(struct loop_watch *watch)
{
	struct reader *first = watch->owner, *other = first + 1;

	crowd.calls++;
	if (crowd.calls > 1)
		return;
	if (first->ends[0] > other->ends[0])
		other = first - 1;
	drop_reader(other);
	add_reader(other, first->loop, renew_other);
	drop_reader(first);
}

static void what_a_watch_missed_does_not_reach_its_successor(void **unused)
{
	struct loop *loop = new_loop();
	struct reader readers[2];

	(void)unused;
	crowd.calls = 0;
	for (int i = 0; i < 2; i++)
		add_reader(&readers[i], loop, renew_other);
	for (int i = 0; i < 2; i++)
		feed(&readers[i]);
	run_once(loop);
	run_once(loop);
	assert_int_equal(crowd.calls, 1);
	for (int i = 0; i < 2; i++) {
		if (readers[i].watch.is_added)
			drop_reader(&readers[i]);
	}
	loop_free(loop);
}

static struct reader late_reader;

static void add_late_reader(struct loop_watch *watch)
{
	struct reader *reader = watch->owner;

	add_reader(&late_reader, reader->loop, note_readable);
	feed(&late_reader);
	drop_reader(reader);
}

static void a_watch_added_by_a_callback_is_called(void **unused)
{
	struct loop *loop = new_loop();
	struct reader reader;

	(void)unused;
	add_reader(&reader, loop, add_late_reader);
	feed(&reader);
	run(loop);
	assert_int_equal(late_reader.calls, 1);
	drop_reader(&late_reader);
	loop_free(loop);
}

/* ---- moments ---- */

struct alarm {
	struct loop *loop;
	struct loop_timer timer;
	unsigned calls;
	unsigned order;        /* the how-many'th of all calls was the last */
	struct alarm *cancels; /* NULL: nobody */
};

static unsigned alarm_calls;

static void note_due(struct loop_timer *timer)
{
	struct alarm *alarm = timer->owner;

	assert_false(timer->is_set);
	assert_true(loop_now_ns() >= timer->due_ns);
	alarm->calls++;
	alarm->order = ++alarm_calls;
	if (alarm->cancels)
		loop_timer_cancel(alarm->loop, &alarm->cancels->timer);
}

static void set_alarm(struct alarm *alarm, struct loop *loop, int64_t due_ns)
{
	memset(alarm, 0, sizeof(*alarm));
	alarm->loop = loop;
	alarm->timer = (struct loop_timer){.on_due = note_due, .owner = alarm};
	loop_timer_set(loop, &alarm->timer, due_ns);
}

static void run_until_ns(struct loop *loop, int64_t due_ns)
{
	struct loop_timer end = {.on_due = stop_on_timer, .owner = loop};

	loop_timer_set(loop, &end, due_ns);
	run(loop);
}

static void timers_are_called_once_in_the_order_of_their_moments(void **unused)
{
	static const int64_t dues_ms[] = {30, 10, 40, 5, 20};
	static const unsigned orders[] = {4, 2, 5, 1, 3};
	struct loop *loop = new_loop();
	int64_t now_ns = loop_now_ns();
	struct alarm alarms[5];

	(void)unused;
	alarm_calls = 0;
	for (int i = 0; i < 5; i++)
		set_alarm(&alarms[i], loop, now_ns + dues_ms[i] * MS_NS);
	run_until_ns(loop, now_ns + 60 * MS_NS);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(alarms[i].calls, 1);
		assert_int_equal(alarms[i].order, orders[i]);
	}
	loop_free(loop);
}

static void a_moment_that_has_passed_is_due_at_once(void **unused)
{
	static const int64_t dues_ns[] = {INT64_MIN, -1, 0, 1};
	struct loop *loop = new_loop();
	struct alarm alarms[4];

	(void)unused;
	alarm_calls = 0;
	for (int i = 3; i >= 0; i--)
		set_alarm(&alarms[i], loop, dues_ns[i]);
	run_once(loop);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(alarms[i].order, i + 1);
	loop_free(loop);
}

static void a_timer_can_be_moved_and_cancelled(void **unused)
{
	struct loop *loop = new_loop();
	int64_t now_ns = loop_now_ns();
	struct alarm sooner, later, never, cancelled, canceller;

	(void)unused;
	alarm_calls = 0;
	set_alarm(&sooner, loop, INT64_MAX);
	loop_timer_set(loop, &sooner.timer, now_ns + 5 * MS_NS);
	set_alarm(&later, loop, now_ns);
	loop_timer_set(loop, &later.timer, now_ns + 10 * MS_NS);
	set_alarm(&never, loop, now_ns);
	loop_timer_cancel(loop, &never.timer);
	loop_timer_cancel(loop, &never.timer); /* does nothing */
	/* Both are due when the first is called. */
	set_alarm(&canceller, loop, 1);
	set_alarm(&cancelled, loop, 2);
	canceller.cancels = &cancelled;
	run_until_ns(loop, now_ns + 20 * MS_NS);
	assert_int_equal(canceller.order, 1);
	assert_int_equal(sooner.order, 2);
	assert_int_equal(later.order, 3);
	assert_int_equal(alarm_calls, 3);
	loop_free(loop);
}

/* A timer that sets itself again, for a moment that has come already. */
struct greedy {
	struct loop *loop;
	struct loop_timer timer;
	bool is_for_the_past;
	unsigned calls;
};

static void set_again(struct loop_timer *timer)
{
	struct greedy *greedy = timer->owner;

	/* So the test fails, rather than hangs. */
	if (++greedy->calls > 100000)
		return;
	loop_timer_set(greedy->loop, timer,
		       greedy->is_for_the_past ? 0 : loop_now_ns());
}

static void a_greedy_timer_starves_nobody(void **unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct loop *loop = new_loop();
		struct greedy greedy = {
			.loop = loop,
			.timer = {.on_due = set_again, .owner = &greedy},
			.is_for_the_past = i == 1};
		struct reader reader;
		struct alarm alarm;

		add_reader(&reader, loop, note_readable);
		feed(&reader);
		set_alarm(&alarm, loop, loop_now_ns());
		loop_timer_set(loop, &greedy.timer, 0);
		run(loop); /* the descriptor stops it */
		assert_int_equal(reader.calls, 1);
		run_once(loop);
		assert_int_equal(alarm.calls, 1);
		assert_true(greedy.calls < 100);
		loop_timer_cancel(loop, &greedy.timer);
		drop_reader(&reader);
		loop_free(loop);
	}
}

/* ---- sleeping ---- */

static void with_nothing_to_do_the_loop_sleeps(void **unused)
{
	struct loop *loop = new_loop();
	struct told told;
	struct reader reader;
	struct alarm alarm;

	(void)unused;
	assert_int_equal(watch_process(&told, loop, start_sleeper(), true), 0);
	assert_int_equal(loop_on_signal(loop, NULL, NULL), 0);
	add_reader(&reader, loop, note_readable);
	set_alarm(&alarm, loop, loop_now_ns() + 3600000 * MS_NS);
	run_once(loop); /* whatever setting up has caused */
	waits = 0;
	run_until_ns(loop, loop_now_ns() + 400 * MS_NS);
	/* One for the timer, and one more if a clock is a bit early. */
	assert_in_range(waits, 1, 2);

	loop_timer_cancel(loop, &alarm.timer);
	assert_int_equal(loop_process_signal(&told.process, SIGKILL), 0);
	run(loop);
	drop_reader(&reader);
	loop_free(loop);
}

/* ---- processes ---- */

static void a_child_ends_with_its_exit_code(void **unused)
{
	static const int codes[] = {0, 1, 111, 255};
	struct loop *loop = new_loop();
	struct told told;

	(void)unused;
	for (int i = 0; i < 4; i++) {
		pid_t pid = start_exiting(codes[i]);

		assert_int_equal(watch_process(&told, loop, pid, true), 0);
		run(loop);
		assert_int_equal(told.calls, 1);
		assert_true(told.end.is_known);
		assert_int_equal(told.end.exit_code, codes[i]);
		assert_int_equal(told.end.signal_number, 0);
		assert_false(told.end.has_dumped);
		/* It was reaped. */
		assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	loop_free(loop);
}

static void a_killed_child_ends_with_the_signal(void **unused)
{
	static const int numbers[] = {SIGTERM, SIGKILL, SIGUSR1, SIGABRT};
	struct loop *loop = new_loop();
	struct told told;

	(void)unused;
	for (int i = 0; i < 4; i++) {
		pid_t pid = start_sleeper();

		assert_int_equal(watch_process(&told, loop, pid, true), 0);
		assert_int_equal(loop_process_signal(&told.process, numbers[i]),
				 0);
		run(loop);
		assert_true(told.end.is_known);
		assert_int_equal(told.end.signal_number, numbers[i]);
		assert_int_equal(told.end.exit_code, 0);
	}
	loop_free(loop);
}

/* Its first child, even: nobody may have listened for deaths before. */
static void a_child_that_has_ended_already_is_reported(void **unused)
{
	(void)unused;
	for (int i = 0; i < 3; i++) {
		struct loop *loop = new_loop();
		pid_t pid = start_exiting(5);
		struct told told;

		await_zombie(pid);
		assert_int_equal(watch_process(&told, loop, pid, true), 0);
		run(loop);
		assert_int_equal(told.end.exit_code, 5);
		loop_free(loop);
	}
}

static void a_stopped_child_has_not_ended(void **unused)
{
	struct loop *loop = new_loop();
	siginfo_t info;
	struct told told;
	pid_t pid = start_sleeper();

	(void)unused;
	assert_int_equal(watch_process(&told, loop, pid, true), 0);
	assert_int_equal(loop_process_signal(&told.process, SIGSTOP), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT),
			 0);
	run_once(loop);
	run_once(loop);
	assert_int_equal(told.calls, 0);
	assert_int_equal(loop_process_signal(&told.process, SIGKILL), 0);
	run(loop);
	assert_int_equal(told.end.signal_number, SIGKILL);
	loop_free(loop);
}

static void a_removed_process_is_not_reported_nor_signalled(void **unused)
{
	struct loop *loop = new_loop();
	pid_t pid = start_sleeper();
	struct told told;
	struct told other;

	(void)unused;
	assert_int_equal(watch_process(&told, loop, pid, true), 0);
	loop_process_remove(loop, &told.process);
	loop_process_remove(loop, &told.process); /* does nothing */
	assert_int_equal(loop_process_signal(&told.process, SIGKILL), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(kill(pid, 0), 0);
	kill(pid, SIGKILL);
	await_zombie(pid);
	assert_int_equal(watch_process(&other, loop, start_exiting(0), true),
			 0);
	run(loop);
	assert_int_equal(told.calls, 0);
	assert_int_equal(other.calls, 1);
	waitpid(pid, NULL, 0); /* unless the loop has done it */
	loop_free(loop);
}

static void a_process_that_is_not_there_cannot_be_watched(void **unused)
{
	struct loop *loop = new_loop();
	pid_t pid = start_exiting(0);
	struct told told;

	(void)unused;
	waitpid(pid, NULL, 0);
	assert_int_equal(watch_process(&told, loop, pid, false), -1);
	assert_int_equal(errno, ESRCH);
	loop_process_remove(loop, &told.process); /* does nothing */
	loop_free(loop);
}

#define BROOD 60

struct brood {
	struct loop *loop;
	struct loop_process *processes[BROOD]; /* NULL once reported */
	int removed, left;
};

static struct brood brood;

static void note_one_of_brood(struct loop_process *process,
			      struct process_end end)
{
	int i = 0;

	while (i < BROOD && brood.processes[i] != process)
		i++;
	assert_true(i < BROOD);
	assert_int_equal(end.exit_code, i);
	brood.processes[i] = NULL;
	free(process);
	/* Takes its neighbour with it, whose end may be known already. */
	i ^= 1;
	if (brood.processes[i]) {
		loop_process_remove(brood.loop, brood.processes[i]);
		free(brood.processes[i]);
		brood.processes[i] = NULL;
		brood.removed++;
		brood.left--;
	}
	if (--brood.left == 0)
		loop_stop(brood.loop);
}

static void of_many_that_end_at_once_each_is_reported_once(void **unused)
{
	pid_t pids[BROOD];

	(void)unused;
	brood = (struct brood){.loop = new_loop(), .left = BROOD};
	for (int i = 0; i < BROOD; i++) {
		struct loop_process *process = calloc(1, sizeof(*process));

		assert_non_null(process);
		pids[i] = start_exiting(i);
		process->pid = pids[i];
		process->is_child = true;
		process->on_exit = note_one_of_brood;
		brood.processes[i] = process;
		assert_int_equal(loop_process_add(brood.loop, process, -1), 0);
	}
	for (int i = 0; i < BROOD; i++)
		await_zombie(pids[i]);
	run(brood.loop);
	/* Of each two, the first takes the second away. */
	assert_int_equal(brood.removed, BROOD / 2);
	for (int i = 0; i < BROOD; i++)
		waitpid(pids[i], NULL, 0);
	loop_free(brood.loop);
}

/* ---- processes of others ---- */

static void the_end_of_a_process_of_others_is_noticed(void **unused)
{
	struct loop *loop = new_loop();
	int hold[2];
	pid_t parent_pid, pid;
	struct told told;

	(void)unused;
	make_pipe(hold);
	pid = start_stranger(hold, hold, 9, 0, &parent_pid);
	assert_int_equal(watch_process(&told, loop, pid, false), 0);
	run_once(loop);
	assert_int_equal(told.calls, 0);
	close(hold[1]);
	run(loop);
	assert_int_equal(told.calls, 1);
	/* How it ended not every system tells; but if, then truly. */
	if (told.end.is_known)
		assert_int_equal(told.end.exit_code, 9);
	assert_int_equal(told.end.signal_number, 0);
	close(hold[0]);
	waitpid(parent_pid, NULL, 0);
	loop_free(loop);
}

static void a_group_can_be_signalled(void **unused)
{
	struct loop *loop = new_loop();
	struct told told;
	int held[2];
	char byte;

	(void)unused;
	make_pipe(held);
	assert_int_equal(watch_process(&told, loop, start_group(held), true),
			 0);
	close(held[1]);
	assert_int_equal(loop_process_signal_group(&told.process, SIGKILL), 0);
	run(loop);
	assert_int_equal(told.end.signal_number, SIGKILL);
	assert_int_equal(read(held[0], &byte, 1), 0); /* both are gone */
	assert_int_equal(loop_process_signal_group(&told.process, SIGKILL), -1);
	assert_int_equal(errno, ESRCH);
	/* One that leads none. */
	assert_int_equal(watch_process(&told, loop, start_sleeper(), true), 0);
	assert_int_equal(loop_process_signal_group(&told.process, SIGKILL), -1);
	assert_int_equal(loop_process_signal(&told.process, SIGKILL), 0);
	run(loop);
	close(held[0]);
	loop_free(loop);
}

static void a_process_of_others_can_be_signalled(void **unused)
{
	struct loop *loop = new_loop();
	int hold[2];
	pid_t parent_pid, pid;
	struct told told;

	(void)unused;
	make_pipe(hold);
	pid = start_stranger(hold, hold, 0, 0, &parent_pid);
	assert_int_equal(watch_process(&told, loop, pid, false), 0);
	assert_int_equal(loop_process_signal(&told.process, SIGUSR1), 0);
	close(hold[1]); /* now the parent reaps it */
	run(loop);
	assert_int_equal(told.calls, 1);
	if (told.end.is_known)
		assert_int_equal(told.end.signal_number, SIGUSR1);
	close(hold[0]);
	waitpid(parent_pid, NULL, 0);
	loop_free(loop);
}

static void what_is_told_of_a_running_process_counts_for_nothing(void **unused)
{
	struct loop *loop = new_loop();
	int hold[2];
	pid_t parent_pid, pid;
	struct told stranger, child;

	(void)unused;
	make_pipe(hold);
	pid = start_stranger(hold, hold, 9, 0, &parent_pid);
	assert_int_equal(watch_process(&stranger, loop, pid, false), 0);
	assert_int_equal(watch_process(&child, loop, start_sleeper(), true), 0);
	loop_process_told(loop, pid, 0, 0);
	loop_process_told(loop, child.process.pid, 0, 0);
	loop_process_told(loop, parent_pid, 0, 0); /* nobody watches it */
	assert_int_equal(stranger.calls, 0);
	assert_int_equal(child.calls, 0);
	loop_process_signal(&child.process, SIGKILL);
	close(hold[1]);
	while (stranger.calls + child.calls < 2)
		run(loop);
	assert_int_equal(child.end.signal_number, SIGKILL);
	close(hold[0]);
	waitpid(parent_pid, NULL, 0);
	loop_free(loop);
}

/* ---- what was inherited ---- */

static int body_result;

static void note_code(struct loop_process *process, struct process_end end)
{
	body_result = end.is_known ? end.exit_code : 99;
	loop_stop(process->owner);
}

/* As started by a parent that neither wants to hear of signals nor resets
 * them; returns what its child's exit was reported as. */
static int with_signals_blocked_and_ignored(void)
{
	struct loop_process process = {.is_child = true, .on_exit = note_code};
	struct loop *loop;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, SIG_IGN);
	loop = loop_new();
	process.owner = loop;
	process.pid = fork();
	if (process.pid == 0)
		_exit(7);
	if (loop_process_add(loop, &process, -1) == -1 || loop_run(loop) == -1)
		return 98;
	loop_free(loop);
	return body_result;
}

static void children_are_noticed_whatever_was_inherited(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(with_signals_blocked_and_ignored), 7);
}

static int write_to_nobody(void)
{
	struct loop *loop;
	struct sigaction action;
	int ends[2];

	loop = loop_new();
	if (!loop || pipe(ends) == -1)
		return 1;
	close(ends[0]);
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		return 2;
	/* Children must not inherit it as ignored. */
	if (sigaction(SIGPIPE, NULL, &action) == -1 ||
	    action.sa_handler != SIG_DFL)
		return 3;
	loop_free(loop);
	return 0;
}

static void a_write_to_nobody_is_not_fatal(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(write_to_nobody), 0);
}

/* ---- signals ---- */

struct heard {
	struct loop *loop;
	unsigned terms, ints, hups;
};

static void note_signal(void *owner, int number)
{
	struct heard *heard = owner;

	heard->terms += number == SIGTERM;
	heard->ints += number == SIGINT;
	heard->hups += number == SIGHUP;
	loop_stop(heard->loop);
}

static void signals_call(void **unused)
{
	struct heard heard = {.loop = new_loop()};

	(void)unused;
	assert_int_equal(loop_on_signal(heard.loop, note_signal, &heard), 0);
	kill(getpid(), SIGTERM);
	run(heard.loop);
	assert_int_equal(heard.terms, 1);
	kill(getpid(), SIGINT);
	kill(getpid(), SIGHUP);
	while (heard.ints + heard.hups < 2)
		run(heard.loop);
	run_once(heard.loop);
	assert_int_equal(heard.terms, 1);
	assert_int_equal(heard.ints, 1);
	assert_int_equal(heard.hups, 1);
	loop_free(heard.loop);
}

/* It used to be that a pipe full of one signal lost the other. */
static void a_flood_of_signals_hides_none(void **unused)
{
	struct heard heard = {.loop = new_loop()};

	(void)unused;
	assert_int_equal(loop_on_signal(heard.loop, note_signal, &heard), 0);
	for (int i = 0; i < 70000; i++)
		kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	for (int i = 0; i < 3; i++)
		run_once(heard.loop);
	assert_int_equal(heard.terms, 1);
	assert_true(heard.hups >= 1);
	loop_free(heard.loop);
}

/* ---- orphans ---- */

struct wake {
	struct loop *loop;
	struct loop_timer timer;
	pid_t pid;
};

static void look_whether_reaped(struct loop_timer *timer)
{
	struct wake *wake = timer->owner;

	if (kill(wake->pid, 0) == -1)
		loop_stop(wake->loop);
	else
		loop_timer_set(wake->loop, timer, loop_now_ns() + 5 * MS_NS);
}

static void await_reaped(struct loop *loop, pid_t pid)
{
	struct wake wake = {
		.loop = loop,
		.timer = {.on_due = look_whether_reaped, .owner = &wake},
		.pid = pid};

	loop_timer_set(loop, &wake.timer, 0);
	run(loop);
}

static void orphans_are_reaped_and_children_still_reported(void **unused)
{
	struct loop *loop = new_loop();
	pid_t early = start_exiting(1), late;
	struct told told;

	(void)unused;
	await_zombie(early);
	loop_reap_orphans(loop);
	await_reaped(loop, early);
	late = start_exiting(2);
	assert_int_equal(watch_process(&told, loop, start_exiting(3), true), 0);
	while (told.calls == 0)
		run(loop);
	assert_int_equal(told.end.exit_code, 3);
	await_reaped(loop, late);
	loop_free(loop);
}

/* ---- directories ---- */

struct watched {
	struct loop *loop;
	struct loop_directory directory;
	char path[256];
	unsigned entries, itself;
	char name[64];           /* of the last entry that came or went */
	struct watched *removes; /* NULL: nobody */
};

static void note_change(struct loop_directory *directory,
			enum directory_change change, const char *name)
{
	struct watched *watched = directory->owner;

	watched->entries += change == DIRECTORY_ENTRIES;
	watched->itself += change == DIRECTORY_ITSELF;
	snprintf(watched->name, sizeof(watched->name), "%s", name ? name : "");
	if (watched->removes)
		loop_directory_remove(watched->loop,
				      &watched->removes->directory);
	loop_stop(watched->loop);
}

static const char *path_in(const struct watched *watched, const char *name)
{
	static char path[400];

	snprintf(path, sizeof(path), "%s/%s", watched->path, name);
	return path;
}

static int watch_path(struct watched *watched, struct loop *loop,
		      const char *path)
{
	memset(watched, 0, sizeof(*watched));
	snprintf(watched->path, sizeof(watched->path), "%s", path);
	watched->loop = loop;
	watched->directory = (struct loop_directory){.on_change = note_change,
						     .owner = watched};
	return loop_directory_add(loop, &watched->directory, path);
}

/* Makes a directory and watches it; skips where that can't be done. */
static void watch_new(struct watched *watched, struct loop *loop)
{
	const char *room = getenv("TMPDIR");
	char path[200];

	snprintf(path, sizeof(path), "%s/loop-XXXXXX", room ? room : "/tmp");
	assert_non_null(mkdtemp(path));
	if (watch_path(watched, loop, path) == 0)
		return;
	assert_int_equal(errno, ENOSYS);
	loop_directory_remove(loop, &watched->directory); /* does nothing */
	rmdir(path);
	loop_free(loop);
	skip();
}

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	close(fd);
}

static void names_that_come_and_go_are_told(void **unused)
{
	struct loop *loop = new_loop();
	struct watched watched;
	char old[300];

	(void)unused;
	watch_new(&watched, loop);
	run_once(loop);
	assert_int_equal(watched.entries, 0);
	make_file(path_in(&watched, "came"));
	run(loop);
	assert_string_equal(watched.name, "came");
	strcpy(old, path_in(&watched, "came"));
	assert_int_equal(rename(old, path_in(&watched, "renamed")), 0);
	run(loop);
	run_once(loop);
	assert_string_equal(watched.name, "renamed");
	assert_int_equal(mkdir(path_in(&watched, "folder"), 0700), 0);
	run(loop);
	assert_string_equal(watched.name, "folder");
	rmdir(path_in(&watched, "folder"));
	unlink(path_in(&watched, "renamed"));
	run(loop);
	run_once(loop);
	assert_string_equal(watched.name, "renamed");
	assert_int_equal(watched.itself, 0);
	rmdir(watched.path);
	loop_directory_remove(loop, &watched.directory);
	loop_free(loop);
}

static void a_directory_that_moves_says_so_and_stays_watched(void **unused)
{
	struct loop *loop = new_loop();
	struct watched watched;
	char old[256];

	(void)unused;
	watch_new(&watched, loop);
	strcpy(old, watched.path);
	strcat(watched.path, "-moved");
	assert_int_equal(rename(old, watched.path), 0);
	run(loop);
	assert_int_equal(watched.itself, 1);
	make_file(path_in(&watched, "after"));
	run(loop);
	assert_string_equal(watched.name, "after");
	unlink(path_in(&watched, "after"));
	rmdir(watched.path);
	while (watched.itself < 2)
		run(loop);
	run_once(loop);
	loop_directory_remove(loop, &watched.directory);
	loop_free(loop);
}

static void two_may_watch_one_directory(void **unused)
{
	struct loop *loop = new_loop();
	struct watched one, other;

	(void)unused;
	watch_new(&one, loop);
	assert_int_equal(watch_path(&other, loop, one.path), 0);
	make_file(path_in(&one, "a"));
	run(loop);
	assert_int_equal(one.entries, 1);
	assert_int_equal(other.entries, 1);
	/* The one that stays goes on hearing of it. */
	loop_directory_remove(loop, &one.directory);
	loop_directory_remove(loop, &one.directory); /* does nothing */
	unlink(path_in(&one, "a"));
	run(loop);
	assert_int_equal(one.entries, 1);
	assert_int_equal(other.entries, 2);
	loop_directory_remove(loop, &other.directory);
	make_file(path_in(&one, "b"));
	run_once(loop);
	assert_int_equal(other.entries, 2);
	unlink(path_in(&one, "b"));
	rmdir(one.path);
	loop_free(loop);
}

static void a_callback_may_remove_any_directory(void **unused)
{
	(void)unused;
	/* Itself, the other, and both ways round. */
	for (int i = 0; i < 4; i++) {
		struct loop *loop = new_loop();
		struct watched one, other;

		watch_new(&one, loop);
		assert_int_equal(watch_path(&other, loop, one.path), 0);
		one.removes = i < 2 ? &one : &other;
		other.removes = i % 2 == 0 ? &one : &other;
		make_file(path_in(&one, "a"));
		run(loop);
		run_once(loop);
		assert_in_range(one.entries + other.entries, 1, 2);
		loop_directory_remove(loop, &one.directory);
		loop_directory_remove(loop, &other.directory);
		unlink(path_in(&one, "a"));
		rmdir(one.path);
		loop_free(loop);
	}
}

static void a_path_that_is_no_directory_is_refused(void **unused)
{
	struct loop *loop = new_loop();
	struct watched watched;

	(void)unused;
	assert_int_equal(watch_path(&watched, loop, "/dev/null"), -1);
	if (errno != ENOSYS)
		assert_int_equal(errno, ENOTDIR);
	assert_false(watched.directory.is_added);
	loop_free(loop);
}

/* ---- what needs no loop ---- */

static void processes_of_one_bucket_are_told_apart(void **unused)
{
	static struct processes all;
	struct loop_process processes[3] = {
		{.pid = 7},
		{.pid = 7 + PROCESS_BUCKETS},
		{.pid = 7 + 2 * PROCESS_BUCKETS},
	};

	(void)unused;
	for (int i = 0; i < 3; i++)
		processes_add(&all, &processes[i]);
	for (int i = 0; i < 3; i++)
		assert_ptr_equal(processes_find(&all, processes[i].pid),
				 &processes[i]);
	processes_remove(&processes[1]);
	processes_remove(&processes[1]); /* does nothing */
	assert_null(processes_find(&all, processes[1].pid));
	assert_ptr_equal(processes_find(&all, 7), &processes[0]);
	processes_remove(&processes[2]);
	processes_remove(&processes[0]);
	assert_null(processes_find(&all, 7));
}

static void both_ways_of_telling_an_end_agree(void **unused)
{
	siginfo_t info = {.si_code = CLD_DUMPED};
	struct process_end end;

	(void)unused;
	info.si_status = SIGABRT;
	end = process_end_of(&info);
	assert_true(end.is_known && end.has_dumped);
	assert_int_equal(end.signal_number, SIGABRT);
	/* Source: wait(2); bit 7 says that a core was dumped. */
	end = process_end_of_status(SIGABRT | 0x80);
	assert_true(end.is_known && end.has_dumped);
	assert_int_equal(end.signal_number, SIGABRT);
	end = process_end_of_status(SIGKILL);
	assert_false(end.has_dumped);
	assert_int_equal(end.signal_number, SIGKILL);
	end = process_end_of_status(111 << 8);
	assert_int_equal(end.exit_code, 111);
	assert_int_equal(end.signal_number, 0);
}

static void freeing_nothing_is_fine(void **unused)
{
	(void)unused;
	loop_free(NULL);
}

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_calls_as_long_as_it_is_there),
		cmocka_unit_test(end_of_file_calls),
		cmocka_unit_test(a_removed_watch_is_not_called),
		cmocka_unit_test(of_many_each_is_called),
		cmocka_unit_test(a_callback_may_remove_and_free_everybody),
		cmocka_unit_test(what_a_watch_missed_does_not_reach_its_successor),
		cmocka_unit_test(a_watch_added_by_a_callback_is_called),
		cmocka_unit_test(timers_are_called_once_in_the_order_of_their_moments),
		cmocka_unit_test(a_moment_that_has_passed_is_due_at_once),
		cmocka_unit_test(a_timer_can_be_moved_and_cancelled),
		cmocka_unit_test(a_greedy_timer_starves_nobody),
		cmocka_unit_test(with_nothing_to_do_the_loop_sleeps),
		cmocka_unit_test(a_child_ends_with_its_exit_code),
		cmocka_unit_test(a_killed_child_ends_with_the_signal),
		cmocka_unit_test(a_child_that_has_ended_already_is_reported),
		cmocka_unit_test(a_stopped_child_has_not_ended),
		cmocka_unit_test(a_removed_process_is_not_reported_nor_signalled),
		cmocka_unit_test(a_process_that_is_not_there_cannot_be_watched),
		cmocka_unit_test(of_many_that_end_at_once_each_is_reported_once),
		cmocka_unit_test(the_end_of_a_process_of_others_is_noticed),
		cmocka_unit_test(a_group_can_be_signalled),
		cmocka_unit_test(a_process_of_others_can_be_signalled),
		cmocka_unit_test(what_is_told_of_a_running_process_counts_for_nothing),
		cmocka_unit_test(children_are_noticed_whatever_was_inherited),
		cmocka_unit_test(a_write_to_nobody_is_not_fatal),
		cmocka_unit_test(signals_call),
		cmocka_unit_test(a_flood_of_signals_hides_none),
		cmocka_unit_test(orphans_are_reaped_and_children_still_reported),
		cmocka_unit_test(names_that_come_and_go_are_told),
		cmocka_unit_test(a_directory_that_moves_says_so_and_stays_watched),
		cmocka_unit_test(two_may_watch_one_directory),
		cmocka_unit_test(a_callback_may_remove_any_directory),
		cmocka_unit_test(a_path_that_is_no_directory_is_refused),
		cmocka_unit_test(processes_of_one_bucket_are_told_apart),
		cmocka_unit_test(both_ways_of_telling_an_end_agree),
		cmocka_unit_test(freeing_nothing_is_fine),
	};
	const struct rlimit many_files = {4096, 4096};

	setrlimit(RLIMIT_NOFILE, &many_files); /* or as many as there are */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
