/*
 * test_loop_linux.c -- how the epoll backend gets by on kernels that tell more
 * or less than this one.
 */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "loop/backend.h"
#include "loop/pidfd_linux.h"
#include "loop_fixture.h"

/* ---- what the linker puts in the backend's way ---- */

static unsigned waits;
static bool is_kernel_old;  /* it has no signals to the group of a pidfd */
static unsigned kills;      /* signals to groups by number */
static bool is_kernel_mute; /* it tells nothing of others' processes */

int __real_backend_wait(struct backend *backend, int timeout_ms);
int __wrap_backend_wait(struct backend *backend, int timeout_ms);
bool __real_pidfd_end(int pidfd, struct process_end *end);
bool __wrap_pidfd_end(int pidfd, struct process_end *end);
bool __real_pidfd_zombie_end(int pidfd, pid_t pid, struct process_end *end);
bool __wrap_pidfd_zombie_end(int pidfd, pid_t pid, struct process_end *end);

int __real_pidfd_signal_group(int pidfd, int number);
int __wrap_pidfd_signal_group(int pidfd, int number);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

int __wrap_pidfd_signal_group(int pidfd, int number)
{
	if (!is_kernel_old)
		return __real_pidfd_signal_group(pidfd, number);
	errno = EINVAL;
	return -1;
}

int __wrap_kill(pid_t pid, int number)
{
	kills += pid < 0;
	return __real_kill(pid, number);
}

int __wrap_backend_wait(struct backend *backend, int timeout_ms)
{
	waits++;
	return __real_backend_wait(backend, timeout_ms);
}

bool __wrap_pidfd_end(int pidfd, struct process_end *end)
{
	return !is_kernel_mute && __real_pidfd_end(pidfd, end);
}

bool __wrap_pidfd_zombie_end(int pidfd, pid_t pid, struct process_end *end)
{
	return !is_kernel_mute && __real_pidfd_zombie_end(pidfd, pid, end);
}

static bool is_kernel_at_least(int major, int minor)
{
	struct utsname name;
	int has_major = 0, has_minor = 0;

	assert_int_equal(uname(&name), 0);
	sscanf(name.release, "%d.%d", &has_major, &has_minor);
	return has_major > major || (has_major == major && has_minor >= minor);
}

/* A process of others, and the pipes that end it and let it be reaped. */
struct stranger {
	int hold[2], reap[2];
	pid_t pid, parent_pid;
};

static void start(struct stranger *stranger, int code, int signal_number)
{
	make_pipe(stranger->hold);
	make_pipe(stranger->reap);
	stranger->pid = start_stranger(stranger->hold, stranger->reap, code,
				       signal_number, &stranger->parent_pid);
}

static void end(struct stranger *stranger)
{
	close(stranger->hold[1]);
	stranger->hold[1] = -1;
}

static void reap(struct stranger *stranger)
{
	close(stranger->reap[1]);
	stranger->reap[1] = -1;
}

static void clean_up(struct stranger *stranger)
{
	if (stranger->hold[1] != -1)
		end(stranger);
	if (stranger->reap[1] != -1)
		reap(stranger);
	close(stranger->hold[0]);
	close(stranger->reap[0]);
	waitpid(stranger->parent_pid, NULL, 0);
	is_kernel_mute = false;
}

/* Waits until the parent, and so also the stranger's number, is gone. */
static void await_parent(const struct stranger *stranger)
{
	await_zombie(stranger->parent_pid);
}

/* ---- processes of others ---- */

static void what_others_reaped_is_known(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	if (!is_kernel_at_least(6, 15)) {
		loop_free(loop);
		skip();
	}
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	reap(&stranger); /* as soon as it has ended */
	end(&stranger);
	await_parent(&stranger);
	run(loop);
	assert_true(told.end.is_known);
	assert_int_equal(told.end.exit_code, 9);
	assert_int_equal(told.end.signal_number, 0);
	clean_up(&stranger);
	loop_free(loop);
}

static void a_signal_that_ended_it_is_known_too(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	if (!is_kernel_at_least(6, 15)) {
		loop_free(loop);
		skip();
	}
	start(&stranger, 0, SIGUSR2);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	reap(&stranger);
	end(&stranger);
	await_parent(&stranger);
	run(loop);
	assert_true(told.end.is_known);
	assert_int_equal(told.end.exit_code, 0);
	assert_int_equal(told.end.signal_number, SIGUSR2);
	clean_up(&stranger);
	loop_free(loop);
}

/* Any kernel tells it of a zombie, to its owner. */
static void what_nobody_reaps_is_known(void **unused)
{
	static const int numbers[] = {0, SIGKILL};

	(void)unused;
	for (int i = 0; i < 2; i++) {
		struct loop *loop = new_loop();
		struct stranger stranger;
		struct told told;

		start(&stranger, 200, numbers[i]);
		assert_int_equal(
			watch_process(&told, loop, stranger.pid, false), 0);
		end(&stranger);
		run(loop);
		assert_true(told.end.is_known);
		assert_int_equal(told.end.signal_number, numbers[i]);
		assert_int_equal(told.end.exit_code, i == 0 ? 200 : 0);
		clean_up(&stranger);
		loop_free(loop);
	}
}

/* Linux 6.9 to 6.14 hang up but don't tell: that used to keep the loop awake
 * for ever, and the end was never reported. */
static void a_mute_kernel_costs_a_second_not_a_processor(void **unused)
{
	(void)unused;
	for (int is_reaped = 0; is_reaped < 2; is_reaped++) {
		struct loop *loop = new_loop();
		struct stranger stranger;
		struct told told;
		int64_t started_ns;

		start(&stranger, 9, 0);
		assert_int_equal(
			watch_process(&told, loop, stranger.pid, false), 0);
		is_kernel_mute = true;
		waits = 0;
		started_ns = loop_now_ns();
		if (is_reaped)
			reap(&stranger);
		end(&stranger);
		run(loop);
		assert_int_equal(told.calls, 1);
		assert_false(told.end.is_known);
		assert_true(loop_now_ns() - started_ns >= LOOP_END_PATIENCE_NS);
		assert_in_range(waits, 1, 8);
		clean_up(&stranger);
		loop_free(loop);
	}
}

/* First a zombie that says nothing, then reaped, and the kernel tells. */
static void patience_is_rewarded(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	if (!is_kernel_at_least(6, 15)) {
		loop_free(loop);
		skip();
	}
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	is_kernel_mute = true;
	end(&stranger);
	while (!told.process.patience.is_set)
		run_once(loop);
	is_kernel_mute = false;
	reap(&stranger);
	run(loop);
	assert_true(told.end.is_known);
	assert_int_equal(told.end.exit_code, 9);
	assert_false(told.process.patience.is_set);
	clean_up(&stranger);
	loop_free(loop);
}

/* It was lost when it was told before the descriptor was looked at. */
static void what_was_told_first_counts(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	is_kernel_mute = true;
	reap(&stranger);
	end(&stranger);
	while (kill(stranger.pid, 0) == 0)
		sched_yield(); /* the loop isn't to notice */
	loop_process_told(loop, stranger.pid, 0, 9 << 8);
	assert_int_equal(told.calls, 1);
	assert_true(told.end.is_known);
	assert_int_equal(told.end.exit_code, 9);
	clean_up(&stranger);
	loop_free(loop);
}

/* A leader of others that was reaped, and so may have a namesake by now: there
 * was a look at it, and then a kill(2) by number. */
static void
a_group_is_not_told_by_the_number_of_a_leader_that_is_gone(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	reap(&stranger);
	end(&stranger);
	await_parent(&stranger);
	for (int i = 0; i < 2; i++) {
		is_kernel_old = i == 1;
		kills = 0;
		assert_int_equal(
			loop_process_signal_group(&told.process, SIGKILL), -1);
		assert_int_equal(errno, ESRCH);
		assert_int_equal(kills, 0);
	}
	is_kernel_old = false;
	loop_process_remove(loop, &told.process);
	assert_int_equal(loop_process_signal_group(&told.process, SIGKILL), -1);
	clean_up(&stranger);
	loop_free(loop);
}

static void a_group_is_told_by_old_kernels_too(void **unused)
{
	struct loop *loop = new_loop();
	struct told told;

	(void)unused;
	assert_int_equal(watch_process(&told, loop, start_group(NULL), true),
			 0);
	is_kernel_old = true;
	kills = 0;
	assert_int_equal(loop_process_signal_group(&told.process, SIGKILL), 0);
	is_kernel_old = false;
	assert_int_equal(kills, 1);
	run(loop);
	assert_int_equal(told.end.signal_number, SIGKILL);
	loop_free(loop);
}

/* Whoever inherits our children is told how they ended. */
static void remains_keep_their_status_until_they_are_buried(void **unused)
{
	struct loop_remains remains = {-1};
	struct loop *loop = new_loop();
	struct told told;
	siginfo_t info;
	pid_t pid = fork();

	(void)unused;
	if (pid == 0)
		_exit(7);
	assert_int_equal(watch_process(&told, loop, pid, true), 0);
	told.process.remains = &remains;
	while (told.calls == 0)
		run_once(loop);
	assert_int_equal(told.end.exit_code, 7);
	assert_int_equal(
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT),
		0);
	assert_int_equal(info.si_status, 7);
	loop_bury(&remains);
	assert_int_equal(remains.pidfd, -1);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG),
			 -1);
	loop_bury(&remains); /* does nothing */
	loop_free(loop);
}

static void whoever_reaped_it_may_tell(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	is_kernel_mute = true;
	/* It runs, so this must be about another. */
	loop_process_told(loop, stranger.pid, 0, 7 << 8);
	assert_int_equal(told.calls, 0);
	reap(&stranger);
	end(&stranger);
	while (!told.process.patience.is_set)
		run_once(loop);
	loop_process_told(loop, stranger.parent_pid, 0, 7 << 8);
	assert_int_equal(told.calls, 0);
	/* Nor is it one that had the number before. */
	loop_process_told(loop, stranger.pid, 1, 7 << 8);
	assert_int_equal(told.calls, 0);
	loop_process_told(loop, stranger.pid, 0, 9 << 8);
	assert_int_equal(told.calls, 1);
	assert_true(told.end.is_known);
	assert_int_equal(told.end.exit_code, 9);
	loop_process_told(loop, stranger.pid, 0, 9 << 8);
	assert_int_equal(told.calls, 1);
	clean_up(&stranger);
	loop_free(loop);
}

static void patience_ends_with_the_watch(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told;

	(void)unused;
	start(&stranger, 9, 0);
	assert_int_equal(watch_process(&told, loop, stranger.pid, false), 0);
	is_kernel_mute = true;
	end(&stranger);
	while (!told.process.patience.is_set)
		run_once(loop);
	loop_process_remove(loop, &told.process);
	assert_false(told.process.patience.is_set);
	assert_int_equal(told.process.pidfd, -1);
	assert_int_equal(told.calls, 0);
	clean_up(&stranger);
	loop_free(loop);
}

/* The watched process has gone but wasn't reported yet, and an orphan that
 * got its number ends as well: reaping used to go round for ever. */
static void an_orphan_with_a_watched_number_is_reaped(void **unused)
{
	struct loop *loop = new_loop();
	struct stranger stranger;
	struct told told = {.loop = loop};
	pid_t orphan = start_exiting(3);

	(void)unused;
	await_zombie(orphan);
	start(&stranger, 9, 0);
	told.process = (struct loop_process){
		.pid = orphan, .on_exit = note_end, .owner = &told};
	assert_int_equal(
		loop_process_add(loop, &told.process, pidfd_get(stranger.pid)),
		0);
	loop_reap_orphans(loop);
	assert_int_equal(waitpid(orphan, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(told.calls, 0);
	loop_process_remove(loop, &told.process);
	clean_up(&stranger);
	loop_free(loop);
}

static unsigned count_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

static void no_descriptor_is_left_behind(void **unused)
{
	unsigned before = count_descriptors();
	struct loop *loop = new_loop();
	struct told told;
	struct loop_process refused = {.pid = 1};
	int not_a_process = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	(void)unused;
	loop_reap_orphans(loop);
	pid = start_exiting(0); /* not before, or it is one of the orphans */
	assert_int_equal(watch_process(&told, loop, pid, true), 0);
	run(loop);
	/* What can't be watched is closed all the same: /dev/null has no
	 * readiness to wait for. */
	assert_int_equal(loop_process_add(loop, &refused, not_a_process), -1);
	assert_int_equal(fcntl(not_a_process, F_GETFD), -1);
	assert_int_equal(loop_process_signal(&refused, 0), -1);
	loop_free(loop);
	assert_int_equal(count_descriptors(), before);
}

/* ---- descriptors ---- */

static void never_called(struct loop_watch *watch)
{
	(void)watch;
	fail();
}

static void a_file_is_refused(void **unused)
{
	struct loop *loop = new_loop();
	struct loop_watch watch = {.on_readable = never_called};

	(void)unused;
	watch.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(loop_watch_add(loop, &watch), -1);
	assert_int_equal(errno, EPERM);
	assert_false(watch.is_added);
	loop_watch_remove(loop, &watch); /* does nothing */
	close(watch.fd);
	loop_free(loop);
}

/* ---- directories ---- */

struct counted {
	struct loop_directory directory;
	char path[200];
	unsigned calls, nameless;
};

static void count_change(struct loop_directory *directory,
			 enum directory_change change, const char *name)
{
	struct counted *counted = directory->owner;

	assert_int_equal(change, DIRECTORY_ENTRIES);
	counted->calls++;
	counted->nameless += name == NULL;
}

static void watch_directory(struct counted *counted, struct loop *loop)
{
	const char *room = getenv("TMPDIR");

	memset(counted, 0, sizeof(*counted));
	snprintf(counted->path, sizeof(counted->path), "%s/loop-XXXXXX",
		 room ? room : "/tmp");
	assert_non_null(mkdtemp(counted->path));
	counted->directory = (struct loop_directory){.on_change = count_change,
						     .owner = counted};
	assert_int_equal(
		loop_directory_add(loop, &counted->directory, counted->path),
		0);
}

static unsigned queue_size(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	unsigned size = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &size) != 1)
		size = 0;
	fclose(file);
	return size;
}

static void make_changes(const struct counted *counted, unsigned count)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/x", counted->path);
	for (unsigned i = 0; i < count; i += 2) {
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(rmdir(path), 0);
	}
}

static void stop_when_readable(struct loop_watch *watch)
{
	loop_stop(watch->owner);
}

/* More changes than the kernel remembers: then everybody is told to look. And
 * meanwhile everything else goes on. */
static void lost_changes_are_told_to_all(void **unused)
{
	struct loop *loop = new_loop();
	struct counted busy, quiet;
	unsigned size = queue_size();
	int ends[2];
	struct loop_watch watch = {.on_readable = stop_when_readable,
				   .owner = loop};

	(void)unused;
	if (size == 0 || size > 50000) {
		loop_free(loop);
		skip();
	}
	watch_directory(&busy, loop);
	watch_directory(&quiet, loop);
	make_changes(&busy, size + 100);
	make_pipe(ends);
	watch.fd = ends[0];
	assert_int_equal(loop_watch_add(loop, &watch), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	run(loop);
	assert_true(busy.calls < size / 2);
	loop_watch_remove(loop, &watch);

	while (quiet.calls == 0)
		run_once(loop);
	assert_int_equal(quiet.nameless, 1);
	assert_int_equal(busy.nameless, 1);
	assert_int_equal(busy.calls, size + 1);
	for (int i = 0; i < 2; i++)
		close(ends[i]);
	rmdir(busy.path);
	rmdir(quiet.path);
	loop_directory_remove(loop, &busy.directory);
	loop_directory_remove(loop, &quiet.directory);
	loop_free(loop);
}

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_others_reaped_is_known),
		cmocka_unit_test(a_signal_that_ended_it_is_known_too),
		cmocka_unit_test(what_nobody_reaps_is_known),
		cmocka_unit_test(a_mute_kernel_costs_a_second_not_a_processor),
		cmocka_unit_test(patience_is_rewarded),
		cmocka_unit_test(whoever_reaped_it_may_tell),
		cmocka_unit_test(
			a_group_is_not_told_by_the_number_of_a_leader_that_is_gone),
		cmocka_unit_test(a_group_is_told_by_old_kernels_too),
		cmocka_unit_test(what_was_told_first_counts),
		cmocka_unit_test(
			remains_keep_their_status_until_they_are_buried),
		cmocka_unit_test(patience_ends_with_the_watch),
		cmocka_unit_test(an_orphan_with_a_watched_number_is_reaped),
		cmocka_unit_test(no_descriptor_is_left_behind),
		cmocka_unit_test(a_file_is_refused),
		cmocka_unit_test(lost_changes_are_told_to_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
