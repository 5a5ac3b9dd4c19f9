/*
 * svstat.c -- show how services fare, a line each.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/tai64n.h"
#include "service/since.h"
#include "service/state.h"
#include "service/state_place.h"
#include "service/status.h"
#include "service/supervise_dir.h"

static void show_trouble(const char *what)
{
	printf("%s: %s\n", what, diag_reason(errno));
}

/*
 * Whole seconds since the last change, which the status has as the clock was
 * then. The state, if it is about the same change, tells what that clock is
 * worth: who supervises now wrote it in this boot.
 */
static uint64_t seconds_since(const unsigned char record[STATUS_CLASSIC_SIZE],
			      const struct status *status)
{
	char text[STATE_SIZE_MAX], label[TAI64N_LABEL_SIZE];
	unsigned char true_moment[TAI64N_SIZE];
	struct since then = {status->changed_at, 0}, now = since_now();
	struct state state;
	long len = fd_read_file(AT_FDCWD, SUPERVISE_STATE, text, sizeof(text));
	int64_t set_ns;

	tai64n_format(status->changed_at, label);
	if (len > 0 && state_parse(text, (size_t)len, &state) &&
	    memcmp(state.changed_at, label, sizeof(label)) == 0)
		then.up_ns = state.changed_up_ns;
	set_ns = since_set_ns(&then, &now);
	if (set_ns == 0)
		return tai64n_seconds_since(record);
	tai64n_pack(since_add(then.at, set_ns), true_moment);
	return tai64n_seconds_since(true_moment);
}

static void show(const unsigned char record[STATUS_CLASSIC_SIZE],
		 bool is_normally_up)
{
	struct status status;
	bool is_up;

	status_unpack(record, &status);
	is_up = status.run_pid != 0;
	if (is_up)
		printf("up (pid %" PRIu32 ") ", status.run_pid);
	else
		fputs("down ", stdout);
	printf("%" PRIu64 " seconds", seconds_since(record, &status));
	if (is_up && !is_normally_up)
		fputs(", normally down", stdout);
	if (!is_up && is_normally_up)
		fputs(", normally up", stdout);
	if (is_up && status.is_paused)
		fputs(", paused", stdout);
	if (!is_up && status.wanted == 'u')
		fputs(", want up", stdout);
	if (is_up && status.wanted == 'd')
		fputs(", want down", stdout);
	putchar('\n');
}

/*
 * Opens a file of the current directory.  Not by open(2), as musl's makes a
 * second system call for the flag, and there are two files a service.
 */
static int open_here(const char *name, int access)
{
	return openat(AT_FDCWD, name, access | O_NONBLOCK | O_CLOEXEC);
}

/* False, with errno as it was: the state isn't elsewhere. */
static bool go_to_state(void)
{
	int error = errno;
	int state_fd = state_place_find(AT_FDCWD, SUPERVISE_DIR);
	bool has_gone = state_fd != -1 && fchdir(state_fd) == 0;

	if (state_fd != -1)
		close(state_fd);
	else if (errno == EACCES)
		error = EACCES;
	errno = error;
	return has_gone;
}

/* Shows the rest of the line about the service in the current directory. */
static void show_here(void)
{
	unsigned char record[STATUS_CLASSIC_SIZE];
	bool is_normally_up;
	struct stat down;
	int status_fd, ok_fd;
	ssize_t count;

	is_normally_up = stat("down", &down) == -1;
	if (is_normally_up && errno != ENOENT) {
		show_trouble("unable to stat down");
		return;
	}
	ok_fd = open_here(SUPERVISE_OK, O_WRONLY);
	if (ok_fd == -1 && (errno == ENOENT || errno == ENXIO) && go_to_state())
		ok_fd = open_here(SUPERVISE_OK, O_WRONLY);
	if (ok_fd == -1) {
		if (errno == ENXIO)
			puts("supervise not running");
		else
			show_trouble("unable to open " SUPERVISE_OK);
		return;
	}
	close(ok_fd);
	status_fd = open_here(SUPERVISE_STATUS, O_RDONLY);
	if (status_fd == -1) {
		show_trouble("unable to open " SUPERVISE_STATUS);
		return;
	}
	count = read(status_fd, record, sizeof(record));
	if (count == -1)
		show_trouble("unable to read " SUPERVISE_STATUS);
	else if (count < (ssize_t)sizeof(record))
		puts("unable to read " SUPERVISE_STATUS ": bad format");
	else
		show(record, is_normally_up);
	close(status_fd);
}

int main(int argc, char *argv[])
{
	int start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	program_begin("svstat", argc, argv);
	if (start_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open current directory");
	for (int i = 1; i < argc; i++) {
		/* An absolute name is found from wherever we are. */
		if (i > 1 && argv[i][0] != '/' && fchdir(start_fd) == -1)
			diag_die_errno(EXIT_SYSTEM, "unable to set directory");
		printf("%s: ", argv[i]);
		if (chdir(argv[i]) == -1)
			show_trouble("unable to chdir");
		else
			show_here();
	}
	return 0;
}
