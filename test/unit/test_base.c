/* test_base.c -- labels, texts, reasons, options, searches, descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/filter.h"
#include "base/options.h"
#include "base/problem.h"
#include "base/strb.h"
#include "base/tai64n.h"

static void label_of_a_known_moment(void **unused)
{
	struct timespec moment = {.tv_sec = 994720184, .tv_nsec = 848605500};
	struct timespec back;
	char label[TAI64N_LABEL_SIZE + 1] = {0};

	(void)unused;
	tai64n_format(moment, label);
	/* Source: the 0.76 specification, 1.5. */
	assert_string_equal(label, "@400000003b4a39c23294b13c");
	assert_true(tai64n_parse(label, &back));
	assert_int_equal(back.tv_sec, moment.tv_sec);
	assert_int_equal(back.tv_nsec, moment.tv_nsec);
	label[3] = 'A';
	assert_false(tai64n_parse(label, &back));
}

static void text_that_does_not_fit_is_cut(void **unused)
{
	char room[8];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	strb_add(&text, "abc");
	strb_add_format(&text, "%d", 12);
	assert_false(text.is_cut);
	strb_add_format(&text, "%d", 345678);
	assert_true(text.is_cut);
	assert_string_equal(room, "abc1234");
}

static void numbers_are_written_whole(void **unused)
{
	char room[64];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	strb_add_number(&text, 0);
	strb_add_number(&text, -10);
	strb_add_number(&text, INT64_MAX);
	strb_add_number(&text, INT64_MIN);
	assert_string_equal(room,
			    "0-109223372036854775807-9223372036854775808");
}

static void what_somebody_wrote_is_shown_on_one_line(void **unused)
{
	char room[32];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	strb_add_shown(&text, "a\nb\033\177\303\244", 20);
	assert_string_equal(room, "a?b??\303\244");
	text = strb_on(room, sizeof(room));
	strb_add_shown(&text, "12345", 5);
	strb_add_shown(&text, "123456", 5);
	strb_add_shown(&text, "", 5);
	assert_string_equal(room, "1234512345...");
}

static void reasons_do_not_depend_on_the_libc(void **unused)
{
	(void)unused;
	assert_string_equal(diag_reason(ENOENT), "file does not exist");
	assert_string_equal(diag_reason(EAGAIN), "temporary failure");
	assert_string_equal(diag_reason(-1), "unknown error");
}

/* The tests below work in a directory of their own, removed afterwards. */

static int enter_directory(void **state)
{
	char *path = strdup("/tmp/test_base.XXXXXX");

	*state = path;
	return path && mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	char command[64];
	int code;

	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	code = chdir("/") == 0 ? system(command) : -1;
	free(*state);
	return code;
}

static void make_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file(const char *path, const char *text)
{
	char found[4096];
	long len = fd_read_file(AT_FDCWD, path, found, sizeof(found) - 1);

	assert_int_not_equal(len, -1);
	found[len] = '\0';
	assert_string_equal(found, text);
}

/* Options: what options_next() returns, and what it says. */

struct option_case {
	char *argv[6];
	const char *letters; /* returned one after the other */
	const char *said;
	int first_operand;
};

static const struct option_case option_cases[] = {
	{{"p", "a"}, "", "", 1},
	{{"p", "-n", "a", "-n"}, "n", "", 2},
	{{"p", "-nm", "a"}, "nm", "", 2},
	{{"p", "-n", "--", "-n"}, "n", "", 3},
	{{"p", "-", "-n"}, "", "", 1},
	{{"p", "-vx", "-v", "-n", "a"}, "vv", "", 4},
	{{"p", "-v", "", "a"}, "v", "", 3},
	{{"p", "-z", "a"}, "?", "p: illegal option -- z\n", 2},
	{{"/x/y/q", "-v"}, "?", "q: option requires an argument -- v\n", 2},
	{{"", "-z"}, "?", ": illegal option -- z\n", 2},
};

/* Runs one case with stderr in the file "said". */
static void check_options(const struct option_case *test)
{
	int count = 0, i = 0, kept = dup(STDERR_FILENO);
	int said = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char got[8] = {0}, *argv[6];

	while (test->argv[count])
		count++;
	memcpy(argv, test->argv, sizeof(argv));
	assert_int_equal(dup2(said, STDERR_FILENO), STDERR_FILENO);
	/* 0 makes glibc start anew; others, and musl, know 1 or 0 as well. */
	for (optind = 0; i < 7; i++) {
		int letter = options_next(count, argv, "+:nmv:");

		if (letter == -1)
			break;
		got[i] = (char)letter;
	}
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(said);
	assert_string_equal(got, test->letters);
	assert_int_equal(optind, test->first_operand);
	assert_file("said", test->said);
}

static void options_end_at_the_first_operand(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(option_cases) / sizeof(option_cases[0]);
	     i++)
		check_options(&option_cases[i]);
}

/* Searches: the error of exec_search(), or what the program exits with. */

enum { FOUND = 1000 }; /* more than any errno */

/* Looks `name` up under `path` (NULL: unset) in a child process. */
static int result_of(const char *path, char *name)
{
	char *argv[] = {name, NULL}, *envp[] = {"PATH=/nowhere", NULL};
	int status;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0) {
		if (path)
			setenv("PATH", path, 1);
		else
			unsetenv("PATH");
		exec_search(argv, envp);
		_exit(errno);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	/* The scripts say 200 and more, which no errno used here is. */
	return WEXITSTATUS(status) >= 200 ? FOUND + WEXITSTATUS(status) - 200
					  : WEXITSTATUS(status);
}

static void make_search_folders(void)
{
	assert_int_equal(mkdir("a", 0755), 0);
	assert_int_equal(mkdir("b", 0755), 0);
	assert_int_equal(mkdir("b/folder", 0755), 0);
	make_file("file", "", 0755);
	make_file("here", "#!/bin/sh\nexit 201\n", 0755);
	make_file("a/both", "#!/bin/sh\nexit 202\n", 0755);
	make_file("b/both", "#!/bin/sh\nexit 203\n", 0755);
	make_file("a/barred", "#!/bin/sh\nexit 204\n", 0644);
	make_file("b/barred", "#!/bin/sh\nexit 205\n", 0755);
	make_file("a/only-barred", "#!/bin/sh\n", 0644);
	make_file("a/no-program", "exit 206\n", 0755);
	make_file("b/no-program", "#!/bin/sh\nexit 207\n", 0755);
}

/* Source: the 0.76 specification, 1.4. */
static void programs_are_searched_for_in_path(void **unused)
{
	(void)unused;
	make_search_folders();
	/* The first one counts; a name with a slash is not searched for. */
	assert_int_equal(result_of("a:b", "both"), FOUND + 2);
	assert_int_equal(result_of("b:a", "both"), FOUND + 3);
	assert_int_equal(result_of("a", "./here"), FOUND + 1);
	assert_int_equal(result_of("a:b", "x/both"), ENOENT);
	/* An empty element is the current directory, an unset PATH is not. */
	assert_int_equal(result_of("", "here"), FOUND + 1);
	assert_int_equal(result_of("a:", "here"), FOUND + 1);
	assert_int_equal(result_of(":a", "here"), FOUND + 1);
	assert_int_equal(result_of("a::b", "here"), FOUND + 1);
	assert_int_equal(result_of(NULL, "here"), ENOENT);
	/* A refusal is remembered while the search goes on. */
	assert_int_equal(result_of("a:b", "barred"), FOUND + 5);
	assert_int_equal(result_of("a:b", "only-barred"), EACCES);
	assert_int_equal(result_of("b:a", "folder"), EACCES);
	assert_int_equal(result_of("a:b", ""), EACCES);
	/* Any other trouble ends it. No shell stands in. */
	assert_int_equal(result_of("a:b", "no-program"), ENOEXEC);
	assert_int_equal(result_of("file:a", "both"), ENOTDIR);
	assert_int_equal(result_of("a:b", "absent"), ENOENT);
}

/* Descriptors. */

/* Sends `count` bytes down a pipe that is written without blocking. */
static void everything_is_written_to_a_full_pipe(void **unused)
{
	enum { COUNT = 1000000 };
	char *bytes = malloc(COUNT);
	long got, sum = 0;
	int fds[2], status;
	pid_t child;

	(void)unused;
	assert_non_null(bytes);
	memset(bytes, 'x', COUNT);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		close(fds[0]);
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		_exit(fd_write_all(fds[1], bytes, COUNT) == 0 ? 0 : 1);
	}
	close(fds[1]);
	while ((got = fd_read_some(fds[0], bytes, COUNT)) > 0)
		sum += got;
	assert_int_equal(got, 0);
	assert_int_equal(sum, COUNT);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(fds[0]);
	free(bytes);
}

static void a_failed_write_is_reported(void **unused)
{
	int fd = open("file", O_RDONLY | O_CREAT, 0600);

	(void)unused;
	assert_int_not_equal(fd, -1);
	assert_int_equal(fd_write_all(fd, "x", 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fd_write_all(fd, "", 0), 0);
	close(fd);
}

static int dir_fd_of_here(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	assert_int_not_equal(fd, -1);
	return fd;
}

static void a_file_is_replaced_whole(void **unused)
{
	struct stat info;
	int dir_fd = dir_fd_of_here();

	(void)unused;
	umask(022);
	assert_int_equal(fd_replace_file(dir_fd, "f", "first", 5, 0666), 0);
	assert_file("f", "first");
	assert_int_equal(stat("f", &info), 0);
	assert_int_equal(info.st_mode & 07777, 0644);
	/* Left over from a crash, and longer than what is written now. */
	make_file("f.new", "something from earlier", 0600);
	assert_int_equal(fd_replace_file(dir_fd, "f", "2nd", 3, 0644), 0);
	assert_file("f", "2nd");
	assert_int_equal(access("f.new", F_OK), -1);
	close(dir_fd);
}

static void replacing_follows_no_link(void **unused)
{
	struct stat info;
	int dir_fd = dir_fd_of_here();

	(void)unused;
	make_file("target", "kept", 0644);
	assert_int_equal(symlink("target", "f"), 0);
	assert_int_equal(fd_replace_file(dir_fd, "f", "own", 3, 0644), 0);
	assert_file("target", "kept");
	assert_int_equal(lstat("f", &info), 0);
	assert_true(S_ISREG(info.st_mode));
	assert_int_equal(symlink("target", "f.new"), 0);
	assert_int_equal(fd_replace_file(dir_fd, "f", "2nd", 3, 0644), 0);
	assert_file("target", "kept");
	assert_file("f", "2nd");
	/* A hard link is one, too. */
	assert_int_equal(link("target", "f.new"), 0);
	assert_int_equal(fd_replace_file(dir_fd, "f", "3rd", 3, 0644), 0);
	assert_file("target", "kept");
	assert_file("f", "3rd");
	close(dir_fd);
}

static void a_file_is_rewritten_in_place(void **unused)
{
	char text[40];
	struct stat before, after;
	int dir_fd = dir_fd_of_here();

	(void)unused;
	assert_int_equal(fd_rewrite_file(dir_fd, "f", "none", 4), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fd_replace_file(dir_fd, "f", "the first", 9, 0644), 0);
	assert_int_equal(fstatat(dir_fd, "f", &before, 0), 0);
	assert_int_equal(fd_rewrite_file(dir_fd, "f", "2nd", 3), 0);
	assert_int_equal(fd_read_file(dir_fd, "f", text, sizeof(text)), 3);
	assert_memory_equal(text, "2nd", 3);
	assert_int_equal(fd_rewrite_file(dir_fd, "f", "the third", 9), 0);
	assert_int_equal(fd_read_file(dir_fd, "f", text, sizeof(text)), 9);
	assert_memory_equal(text, "the third", 9);
	assert_int_equal(fstatat(dir_fd, "f", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(symlinkat("f", dir_fd, "link"), 0);
	assert_int_equal(fd_rewrite_file(dir_fd, "link", "no", 2), -1);
	assert_int_equal(mkfifoat(dir_fd, "fifo", 0600), 0);
	assert_int_equal(fd_rewrite_file(dir_fd, "fifo", "no", 2), -1);
	close(dir_fd);
}

static void a_file_that_cannot_be_replaced_stays(void **unused)
{
	char long_name[NAME_MAX];
	int dir_fd = dir_fd_of_here();

	(void)unused;
	/* Nothing can be renamed over a directory. */
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(fd_replace_file(dir_fd, "d", "x", 1, 0644), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access("d.new", F_OK), -1);
	/* A FIFO in the way neither blocks nor is taken for the file. */
	assert_int_equal(mkfifo("f.new", 0600), 0);
	make_file("f", "old", 0644);
	assert_int_equal(fd_replace_file(dir_fd, "f", "x", 1, 0644), 0);
	assert_file("f", "x");
	assert_int_equal(mkdir("f.new", 0755), 0);
	assert_int_equal(fd_replace_file(dir_fd, "f", "no", 2, 0644), -1);
	assert_file("f", "x");
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(fd_replace_file(dir_fd, long_name, "x", 1, 0644), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	close(dir_fd);
}

/* Filters. */

/* What has been put must be in the pipe before the filter reads again. */
static void a_filter_writes_before_it_reads(void **unused)
{
	static struct filter filter;
	int in_fds[2], out_fds[2];
	char got[16] = {0};

	(void)unused;
	assert_int_equal(pipe(in_fds), 0);
	assert_int_equal(pipe(out_fds), 0);
	filter.in_fd = in_fds[0];
	filter.out_fd = out_fds[1];
	assert_int_equal(write(in_fds[1], "abc", 3), 3);
	assert_true(filter_read(&filter));
	assert_int_equal(filter.in_len, 3);
	filter_put(&filter, "par", 3);
	filter_put(&filter, "tial", 4);
	close(in_fds[1]);
	assert_false(filter_read(&filter));
	assert_int_equal(read(out_fds[0], got, sizeof(got)), 7);
	assert_string_equal(got, "partial");
	assert_int_equal(filter_finish(&filter), 0);
	close(in_fds[0]);
	close(out_fds[0]);
	close(out_fds[1]);
}

static void a_filter_remembers_a_failure(void **unused)
{
	static struct filter filter;
	static const char block[FILTER_BLOCK + 1];

	(void)unused;
	filter.in_fd = open("/dev/null", O_RDONLY);
	filter.out_fd = open("/dev/null", O_RDONLY); /* cannot be written */
	filter_put(&filter, block, sizeof(block));
	assert_false(filter_read(&filter));
	assert_int_equal(filter_finish(&filter), -1);
	close(filter.in_fd);
	close(filter.out_fd);
}

/* It was "out of disk space", whatever the reason. */
static void why_a_file_could_not_be_written_whole_is_told(void **unused)
{
	static const char bytes[100];
	struct rlimit limit = {10, RLIM_INFINITY};
	int status;
	pid_t child = fork();

	(void)unused;
	if (child == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(fd_replace_file(AT_FDCWD, "f", bytes, sizeof(bytes),
				      0600) == -1 &&
				      errno == EFBIG
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access("f", F_OK), -1);
}

static void check_problem(const struct problem *problem, const char *sentence)
{
	char room[2 * PROBLEM_NAME_SIZE];
	struct strb text = strb_on(room, sizeof(room));

	problem_add(&text, problem);
	assert_string_equal(room, sentence);
}

static void a_problem_has_its_sentence(void **unused)
{
	struct problem problem;

	(void)unused;
	errno = EROFS;
	assert_int_equal(problem_note(&problem, "make", "%s/%s", "web", "x"),
			 -1);
	assert_int_equal(errno, EROFS);
	errno = ENOENT; /* of what was done since */
	check_problem(&problem, "unable to make web/x: read-only file system");
	assert_int_equal(problem.error, EROFS);
	problem_note_because(&problem, "others can", "take over", "%s", "web");
	check_problem(&problem, "unable to take over web: others can");
	assert_int_equal(problem.error, 0);
	problem_note_because(&problem, NULL, "go on", "%s", "");
	check_problem(&problem, "unable to go on");
}

#define TEST_IN_DIRECTORY(test)                                                \
	cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

static void fill(int fd)
{
	static const char block[PIPE_BUF];
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

static void drain(int fd)
{
	char block[PIPE_BUF];
	struct pollfd input = {.fd = fd, .events = POLLIN};

	while (poll(&input, 1, 0) == 1)
		assert_true(read(fd, block, sizeof(block)) > 0);
}

/* In a process of its own: it won't wait any more. */
_Noreturn static void complain_to_a_full_pipe(const int pipe_fds[2])
{
	alarm(30); /* it must not wait, but if it did, so would the test */
	dup2(pipe_fds[1], STDERR_FILENO);
	diag_set_program("p");
	diag_never_wait();
	diag_warn("one");
	drain(pipe_fds[0]);
	fill(STDERR_FILENO);
	diag_warn("two");
	errno = EPERM;
	diag_warn_errno("three");
	if (errno != EPERM)
		_exit(1);
	drain(pipe_fds[0]);
	diag_warn("four");
	diag_warn("five");
	_exit(0);
}

/* ---- others who share it ---- */

extern int __real_poll(struct pollfd *polled, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout_ms);
static bool is_taken; /* what room poll() sees, another takes at once */

int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
	int ready = __real_poll(polled, count, timeout_ms);

	if (is_taken && ready == 1 && (polled->revents & POLLOUT) != 0)
		fill(polled->fd);
	return ready;
}

/* By whoever has no right to open it again, the second way is taken. */
static void give_up_rights(void)
{
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) == -1)
		_exit(2);
}

_Noreturn static void complain_amid_others(int fd, bool is_stranger)
{
	alarm(30);
	dup2(fd, STDERR_FILENO);
	diag_set_program("p");
	diag_never_wait();
	if (is_stranger)
		give_up_rights();
	is_taken = true;
	diag_warn("one");
	fill(STDERR_FILENO);
	diag_warn("two");
	_exit(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK ? 3 : 0);
}

static void check_amid_others(const int fds[2], bool is_stranger)
{
	static const char said[] = "p: warning: one";
	char text[PIPE_BUF];
	pid_t child = fork();
	int status;

	if (child == 0)
		complain_amid_others(fds[1], is_stranger);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(read(fds[0], text, sizeof(text)) > (long)sizeof(said));
	assert_memory_equal(text, said, sizeof(said) - 1);
}

static void open_fifo(int fds[2])
{
	char path[] = "/tmp/test_base.XXXXXX";

	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	fds[0] = fds[1] = open("fifo", O_RDWR);
	assert_int_equal(unlink("fifo"), 0);
	assert_int_equal(rmdir(path), 0);
}

static void open_terminal(int fds[2])
{
	fds[0] = posix_openpt(O_RDWR | O_NOCTTY);
	assert_int_equal(grantpt(fds[0]), 0);
	assert_int_equal(unlockpt(fds[0]), 0);
	fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY);
}

static void open_pipe(int fds[2])
{
	assert_int_equal(pipe(fds), 0);
}

static void open_socket(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

/* It was asked whether there is room, and another took it before the write. */
static void nobody_who_shares_standard_error_makes_it_wait(void **unused)
{
	static void (*const open_kinds[])(int fds[2]) = {
		open_pipe, open_fifo, open_socket, open_terminal};

	(void)unused;
	for (size_t i = 0; i < 2 * sizeof(open_kinds) / sizeof(*open_kinds);
	     i++) {
		bool is_stranger = i % 2 == 1;
		int fds[2];

		open_kinds[i / 2](fds);
		assert_true(fds[1] >= 0);
		/* A terminal that one may not open: at_once.h tells. */
		if (open_kinds[i / 2] != open_terminal || !is_stranger)
			check_amid_others(fds, is_stranger);
		close(fds[0]);
		close(fds[1]);
	}
}

static void a_full_standard_error_is_not_waited_for(void **unused)
{
	char text[PIPE_BUF] = "";
	int pipe_fds[2], status;
	pid_t child;

	(void)unused;
	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0)
		complain_to_a_full_pipe(pipe_fds);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "p: warning: nobody read standard error, "
				  "messages dropped: 2\n"
				  "p: warning: four\np: warning: five\n");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label_of_a_known_moment),
		cmocka_unit_test(text_that_does_not_fit_is_cut),
		cmocka_unit_test(numbers_are_written_whole),
		cmocka_unit_test(what_somebody_wrote_is_shown_on_one_line),
		cmocka_unit_test(reasons_do_not_depend_on_the_libc),
		TEST_IN_DIRECTORY(options_end_at_the_first_operand),
		TEST_IN_DIRECTORY(programs_are_searched_for_in_path),
		cmocka_unit_test(everything_is_written_to_a_full_pipe),
		TEST_IN_DIRECTORY(a_failed_write_is_reported),
		TEST_IN_DIRECTORY(a_file_is_replaced_whole),
		TEST_IN_DIRECTORY(a_file_is_rewritten_in_place),
		TEST_IN_DIRECTORY(replacing_follows_no_link),
		TEST_IN_DIRECTORY(a_file_that_cannot_be_replaced_stays),
		cmocka_unit_test(a_filter_writes_before_it_reads),
		cmocka_unit_test(a_filter_remembers_a_failure),
		TEST_IN_DIRECTORY(
			why_a_file_could_not_be_written_whole_is_told),
		cmocka_unit_test(a_problem_has_its_sentence),
		cmocka_unit_test(a_full_standard_error_is_not_waited_for),
#ifdef __linux__
		cmocka_unit_test(
			nobody_who_shares_standard_error_makes_it_wait),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
