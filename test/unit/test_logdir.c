/*
 * test_logdir.c -- rotation, trimming and recovery, with calls that fail.
 *
 * The calls that logdir makes are replaced by ones defined here: they can be
 * told to fail, the clock can be stopped, and pauses take no time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "log/logdir.h"
#include "log/request.h"

/* The replaced calls. */

enum call {
	CALL_FSYNC,
	CALL_RENAME,
	CALL_OPEN,
	CALL_CHMOD,
	CALL_LINK,
	CALL_UNLINK,
	CALL_WRITE,
	CALL_COUNT
};

static struct {
	bool is_armed;         /* only between start and end of a run */
	enum call call;        /* the kind that fails */
	unsigned countdown;    /* at 1 the call fails, once; 0: none does */
	bool fails_for_good;   /* ... and all after it */
	const char *kept_name; /* unlinkat() refuses this one */
	bool is_clock_stopped;
	bool is_given_up; /* an fsync of a file failed */
	off_t written_again;
	unsigned pause_count;
} world;

static bool must_fail(enum call call)
{
	if (!world.is_armed || call != world.call || world.countdown == 0)
		return false;
	if (--world.countdown > 0)
		return false;
	if (world.fails_for_good)
		world.countdown = 1;
	errno = ENOSPC;
	return true;
}

/* The C library's names for parameters are reserved ones. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/*
 * Only the failures matter here; the disk would make this slow. What one
 * couldn't write the kernel forgets to write: the next succeeds though it isn't
 * on disk. multilog believed that, and lines were lost.
 */
int fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || must_fail(CALL_FSYNC)) {
		world.is_given_up = S_ISREG(st.st_mode);
		world.written_again = 0;
		return -1;
	}
	if (world.is_given_up && S_ISREG(st.st_mode)) {
		assert_int_equal(world.written_again, st.st_size);
		world.is_given_up = false;
	}
	return 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	world.written_again += (off_t)count;
	return must_fail(CALL_WRITE)
		       ? -1
		       : syscall(SYS_pwrite64, fd, bytes, count, at);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	if (must_fail(CALL_RENAME))
		return -1;
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int openat(int dir_fd, const char *name, int flags, ...)
{
	unsigned mode = 0;

	if (flags & O_CREAT) {
		va_list args;

		va_start(args, flags);
		mode = va_arg(args, unsigned); /* NOLINT: va_list is ready */
		va_end(args);
	}
	if (must_fail(CALL_OPEN))
		return -1;
	return (int)syscall(SYS_openat, dir_fd, name, flags, mode);
}

int fchmod(int fd, mode_t mode)
{
	return must_fail(CALL_CHMOD) ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (must_fail(CALL_LINK))
		return -1;
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
	if (must_fail(CALL_UNLINK))
		return -1;
	if (world.kept_name && strcmp(name, world.kept_name) == 0) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_unlinkat, dir_fd, name, flags);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	return must_fail(CALL_WRITE) ? -1
				     : syscall(SYS_writev, fd, pieces, count);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static time_t tick;

	if (clock == CLOCK_REALTIME && !world.is_clock_stopped)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){.tv_sec = 1000000000};
	if (clock == CLOCK_MONOTONIC)
		now->tv_sec += 10 * tick++; /* longer than any pause */
	return 0;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
	  const sigset_t *mask)
{
	(void)fds;
	(void)limit;
	(void)mask;
	assert_int_equal(count, 0);
	world.pause_count++;
	return 0;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* The directory under test, as the current one, and what is in it. */

static const struct logdir_config small = {.path = "./log",
					   .size_limit = 4096,
					   .tail_bytes = TAIL_BYTES,
					   .count_limit = 1000};
static struct logdir dir; /* large, so not on the stack */

static int make_folder(void **state)
{
	char *path = strdup("/tmp/test_logdir.XXXXXX");

	memset(&world, 0, sizeof(world));
	*state = path;
	return path && mkdtemp(path) ? chdir(path) : -1;
}

static int remove_folder(void **state)
{
	char command[64];
	int code;

	memset(&world, 0, sizeof(world));
	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	code = chdir("/");
	return code == 0 ? system(command) : -1; /* NOLINT: our own path */
}

static int is_old(const struct dirent *entry)
{
	return entry->d_name[0] == '@';
}

/* Appends the file to `out`; returns the new length. */
static size_t append_file(const char *name, char *out, size_t len)
{
	char path[300];
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), "./log/%s", name);
	fd = open(path, O_RDONLY);
	if (fd == -1)
		return len;
	while ((got = read(fd, out + len, 65536)) > 0)
		len += (size_t)got;
	close(fd);
	return len;
}

static unsigned count_old(void)
{
	struct dirent **names;
	int count = scandir("log", &names, is_old, alphasort);

	assert_true(count >= 0);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	return (unsigned)count;
}

/* All old files in order, then `current`; each old one obeys the rule. */
static size_t read_all(char *out)
{
	struct dirent **names;
	int count = scandir("log", &names, is_old, alphasort);
	size_t len = 0;

	assert_true(count >= 0);
	for (int i = 0; i < count; i++) {
		size_t start = len, from;

		len = append_file(names[i]->d_name, out, len);
		assert_true(len - start <= small.size_limit);
		from = len - start > 2000 ? len - 2000 : start;
		if (memchr(out + from, '\n', len - from))
			assert_int_equal(out[len - 1], '\n');
		free(names[i]);
	}
	free(names);
	return append_file("current", out, len);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static void put_file(const char *path, const char *content, mode_t mode)
{
	FILE *file;

	mkdir("log", 0700);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(content, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* Lines of many lengths, numbered, from a fixed seed. */
static size_t make_lines(char *out, size_t len, unsigned longest)
{
	uint32_t random = 12345;
	size_t at = 0;

	while (at < len) {
		size_t size;

		random = random * 1664525 + 1013904223;
		size = 1 + (random >> 8) % longest;
		for (size_t i = 1; i < size && at < len - 1; i++, at++)
			out[at] = (char)('a' + (at / 7 + i) % 26);
		out[at++] = '\n';
	}
	return at;
}

#define TEXT_LEN 60000
static char text[TEXT_LEN + 1], found[TEXT_LEN + 65536];

/* Puts `text`, a piece and a flush at a time, with flushes of many sizes. */
static void put_text(size_t len, size_t piece, unsigned flush_after)
{
	unsigned count = 0;

	for (size_t at = 0; at < len; at += piece) {
		size_t size = len - at < piece ? len - at : piece;

		logdir_put(&dir, text + at, size);
		if (++count % flush_after == 0)
			logdir_flush(&dir);
	}
}

/* The tests. */

static void no_byte_is_lost_wherever_files_are_cut(void **state)
{
	static const unsigned longest[] = {3, 100, 1999, 2001, 9000};
	static const size_t pieces[] = {1, 97, 512, 4096, 30000};
	static const unsigned flushes[] = {1, 7, 1000};

	for (unsigned i = 0; i < 5 * 5 * 3; i++) {
		size_t len;

		len = make_lines(text, TEXT_LEN, longest[i % 5]);
		assert_int_equal(logdir_open(&dir, &small), 0);
		put_text(len, pieces[i / 5 % 5], flushes[i / 25]);
		assert_int_equal(logdir_close(&dir), 0);
		assert_int_equal(read_all(found), len);
		assert_memory_equal(found, text, len);
		assert_int_equal(mode_of("log/current"), 0744);
		remove_folder(state);
		make_folder(state);
	}
}

static void pieces_apart_are_gathered(void **unused)
{
	size_t len = make_lines(text, TEXT_LEN, 50), wanted = 0;
	static char kept[TEXT_LEN];

	(void)unused;
	assert_int_equal(logdir_open(&dir, &small), 0);
	/* Three bytes of every five, so no two pieces are neighbours. */
	for (size_t at = 0; at + 5 < len; at += 5) {
		logdir_put(&dir, text + at, 3);
		memcpy(kept + wanted, text + at, 3);
		wanted += 3;
	}
	assert_int_equal(logdir_close(&dir), 0);
	assert_int_equal(read_all(found), wanted);
	assert_memory_equal(found, kept, wanted);
}

/* Whether the `number`th call of a kind was made, and failed, in a run. */
static bool run_with_failure(enum call call, unsigned number)
{
	size_t len = make_lines(text, 20000, 100);
	bool has_failed;

	assert_int_equal(logdir_open(&dir, &small), 0);
	world.is_armed = true;
	world.call = call;
	world.countdown = number;
	put_text(len, 100, 5);
	assert_int_equal(logdir_close(&dir), 0);
	world.is_armed = false;
	assert_int_equal(read_all(found), len);
	assert_memory_equal(found, text, len);
	has_failed = world.countdown == 0;
	assert_int_equal(world.pause_count, has_failed);
	return has_failed;
}

/* What fails once, wherever it is, is tried again and changes nothing. */
static void every_step_is_tried_again(void **state)
{
	for (int call = 0; call < CALL_COUNT; call++) {
		unsigned number = 1;

		while (run_with_failure((enum call)call, number)) {
			number++;
			remove_folder(state);
			make_folder(state);
		}
		remove_folder(state);
		make_folder(state);
		assert_true(number > 5); /* some at each rotation */
	}
}

static void labels_differ_when_the_clock_stands_still(void **unused)
{
	size_t len = make_lines(text, TEXT_LEN, 100);

	(void)unused;
	world.is_clock_stopped = true;
	put_file("log/@400000003b9aca0a00000003.s", "", 0744);
	put_file("log/current", "", 0744);
	assert_int_equal(logdir_open(&dir, &small), 0);
	put_text(len, 1000, 1);
	assert_int_equal(logdir_close(&dir), 0);
	assert_int_equal(world.pause_count, 0);
	assert_true(count_old() > 10);
	assert_int_equal(read_all(found), len);
	assert_memory_equal(found, text, len);
}

static void an_outage_with_two_files_in_an_instant(void **unused)
{
	(void)unused;
	world.is_clock_stopped = true;
	put_file("log/previous", "first\n", 0644);
	put_file("log/current", "second\n", 0644);
	assert_int_equal(logdir_open(&dir, &small), 0);
	assert_int_equal(logdir_close(&dir), 0);
	assert_int_equal(world.pause_count, 0);
	found[read_all(found)] = '\0';
	assert_string_equal(found, "first\nsecond\n");
}

static void only_old_files_count(void **unused)
{
	struct logdir_config three = small;

	(void)unused;
	three.count_limit = 3;
	put_file("log/@400000000000000000000000.s", "1", 0744);
	put_file("log/@400000000000000000000001.u", "2", 0644);
	put_file("log/@400000000000000000000002.s.gz", "3", 0644);
	put_file("log/@short", "4", 0644);
	assert_int_equal(mkdir("log/@000000000000000000000000.s", 0700), 0);
	assert_int_equal(symlink("x", "log/@000000000000000000000001.s"), 0);
	put_file("log/current", "5\n", 0644);
	assert_int_equal(logdir_open(&dir, &three), 0);
	assert_int_equal(logdir_close(&dir), 0);
	assert_int_equal(world.pause_count, 0);
	/* @short, the directory, the link and two old files. */
	assert_int_equal(count_old(), 5);
	assert_int_equal(mode_of("log/@400000000000000000000001.u"), 0);
	assert_int_equal(mode_of("log/@400000000000000000000002.s.gz"), 0644);
}

static void a_file_that_cannot_be_removed_is_passed_over(void **unused)
{
	struct logdir_config three = small;

	(void)unused;
	three.count_limit = 3;
	world.kept_name = "@400000000000000000000000.s";
	put_file("log/@400000000000000000000000.s", "kept\n", 0744);
	for (int i = 1; i < 9; i++) {
		char path[] = "log/@400000000000000000000000.s";

		path[28] = (char)('0' + i);
		put_file(path, "old\n", 0744);
	}
	put_file("log/current", "new\n", 0644);
	assert_int_equal(logdir_open(&dir, &three), 0);
	assert_int_equal(logdir_close(&dir), 0);
	assert_int_equal(world.pause_count, 0);
	found[read_all(found)] = '\0';
	assert_string_equal(found, "kept\nold\nnew\n");
}

static void what_a_clean_start_left_alone_is_kept_at_rotation(void **unused)
{
	size_t len;

	(void)unused;
	put_file("log/current", "2\n", 0744);
	put_file("log/previous", "1\n", 0644);
	assert_int_equal(logdir_open(&dir, &small), 0);
	assert_int_equal(count_old(), 0);
	assert_int_equal(mode_of("log/previous"), 0644);
	logdir_rotate(&dir);
	assert_int_equal(logdir_close(&dir), 0);
	len = read_all(found);
	found[len] = '\0';
	assert_string_equal(found, "1\n2\n");
}

/* From here on the process was told to stop; the last tests. */

static void told_to_stop_a_full_disk_is_given_up(void **unused)
{
	size_t len = make_lines(text, 3000, 100);

	(void)unused;
	request_init();
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(logdir_open(&dir, &small), 0);
	logdir_put(&dir, text, 1000);
	logdir_flush(&dir);
	world.is_armed = true;
	world.call = CALL_WRITE;
	world.countdown = 1;
	world.fails_for_good = true;
	logdir_put(&dir, text + 1000, len - 1000);
	assert_int_equal(logdir_close(&dir), -1);
	world.is_armed = false;
	assert_int_equal(dir.lost_bytes, len - 1000);
	assert_int_equal(world.pause_count, 0);
	assert_int_equal(read_all(found), 1000);
	assert_int_equal(mode_of("log/current"), 0644);
}

/* Rotation that can't be finished: all is written, the next start finds it. */
static void told_to_stop_amid_rotation_lines_are_saved(void **state)
{
	static const enum call calls[] = {CALL_FSYNC, CALL_RENAME, CALL_OPEN,
					  CALL_CHMOD, CALL_LINK,   CALL_UNLINK};

	request_init();
	raise(SIGTERM);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		size_t len = make_lines(text, 9000, 100);

		assert_int_equal(logdir_open(&dir, &small), 0);
		world.is_armed = true;
		world.call = calls[i];
		world.countdown = 1;
		world.fails_for_good = true;
		put_text(len, 100, 5);
		assert_int_equal(logdir_close(&dir), -1);
		world.is_armed = false;
		assert_int_equal(dir.lost_bytes, 0);
		assert_int_equal(mode_of("log/current") & 0100, 0);
		assert_int_equal(logdir_open(&dir, &small), 0);
		assert_int_equal(logdir_close(&dir), 0);
		/* The limit was broken for the sake of the lines. */
		found[0] = '\0';
		assert_int_equal(
			system("test \"$(cat log/@* log/current | wc -c)\" "
			       "-ge 9000"), /* NOLINT: a constant */
			0);
		remove_folder(state);
		make_folder(state);
	}
}

int main(void)
{
#define IN_FOLDER(test)                                                        \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(no_byte_is_lost_wherever_files_are_cut),
		IN_FOLDER(pieces_apart_are_gathered),
		IN_FOLDER(every_step_is_tried_again),
		IN_FOLDER(labels_differ_when_the_clock_stands_still),
		IN_FOLDER(an_outage_with_two_files_in_an_instant),
		IN_FOLDER(only_old_files_count),
		IN_FOLDER(a_file_that_cannot_be_removed_is_passed_over),
		IN_FOLDER(what_a_clean_start_left_alone_is_kept_at_rotation),
		IN_FOLDER(told_to_stop_a_full_disk_is_given_up),
		IN_FOLDER(told_to_stop_amid_rotation_lines_are_saved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
