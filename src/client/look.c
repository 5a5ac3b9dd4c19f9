/* look.c -- see look.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "client/look.h"
#include "service/since.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

#define TRIES    100
#define PAUSE_NS 1000000

static void note_trouble(struct look *look, const char *what, int error)
{
	if (look->trouble)
		return;
	look->trouble = what;
	look->error = error;
}

static bool exists(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, 0) == 0;
}

/*
 * Of a service that is being taken over for the first time, "ok" comes last,
 * but its supervisor takes commands already.
 */
static int open_ok(int dir_fd)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir_fd, SUPERVISE_OK, flags);

	if (fd != -1 || errno != ENOENT)
		return fd;
	fd = openat(dir_fd, SUPERVISE_CONTROL, flags);
	errno = ENOENT;
	return fd;
}

static enum look_phase phase_of(const unsigned char *record, long size)
{
	const unsigned char *pid = record + TAI64N_SIZE;

	if (size >= STATUS_SIZE && record[19] <= LOOK_FINISH)
		return (enum look_phase)record[19];
	return pid[0] | pid[1] | pid[2] | pid[3] ? LOOK_RUN : LOOK_DOWN;
}

static void read_status(int dir_fd, struct look *look)
{
	unsigned char record[STATUS_SIZE];
	long size = fd_read_own_file(dir_fd, SUPERVISE_STATUS, record,
				     sizeof(record));

	if (size == -1) {
		note_trouble(look, "open " SUPERVISE_STATUS, errno);
		return;
	}
	if (size < STATUS_CLASSIC_SIZE) {
		note_trouble(look, "read " SUPERVISE_STATUS, 0);
		return;
	}
	look->has_status = true;
	look->size = (size_t)size;
	memcpy(look->stamp, record, sizeof(look->stamp));
	status_unpack(record, &look->status);
	look->phase = phase_of(record, size);
	if (size == STATUS_SIZE)
		look->status.is_term_sent = record[18] != 0;
}

/* False: the state is of a later change than the status. */
static bool read_state(int state_fd, int dir_fd, struct look *look)
{
	char text[STATE_SIZE_MAX];
	char label[TAI64N_LABEL_SIZE];
	long len =
		fd_read_own_file(state_fd, SUPERVISE_STATE, text, sizeof(text));
	int order;

	if (len <= 0 || !state_parse(text, (size_t)len, &look->state))
		return true;
	tai64n_format(look->status.changed_at, label);
	order = memcmp(look->state.changed_at, label, sizeof(label));
	if (order != 0) {
		look->state = (struct state){.version = 0};
		return order < 0;
	}
	look->has_state = true;
	look->will_tell =
		!look->state.is_ready && (exists(dir_fd, "notification-fd") ||
					  exists(dir_fd, "notify-socket"));
	return true;
}

/*
 * Of the two records the state is replaced first. Between the two it is of a
 * later change, and the status is about to be: a supervisor that lives gets
 * some time for it.
 */
static void read_records(int state_fd, int dir_fd, struct look *look)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int tries = 0;; tries++) {
		read_status(state_fd, look);
		if (!look->has_status || read_state(state_fd, dir_fd, look) ||
		    !look->is_hosted || tries == TRIES)
			break;
		nanosleep(&pause, NULL);
	}
}

/*
 * What lives now was supervised from this boot on, so the state's time since
 * boot is of this one. Where there is none, as other suites supervise, nothing
 * can have changed before the boot: a clock that tells otherwise was set.
 */
static int64_t set_ns_of(const struct look *look)
{
	struct since now = since_now();
	struct since then = {look->status.changed_at, 0};
	struct timespec boot = since_add(now.at, -now.up_ns);

	if (!look->is_hosted || !look->has_status)
		return 0;
	if (look->has_state)
		then.up_ns = look->state.changed_up_ns;
	if (then.up_ns == 0 && now.up_ns > 0 && then.at.tv_sec < boot.tv_sec)
		then.up_ns = 1;
	return since_set_ns(&then, &now);
}

/* In the directory that supervise/ is in; other files are in `dir_fd`. */
static int take_from(int state_fd, int dir_fd, struct look *look)
{
	int fd = open_ok(state_fd);

	if (fd == -1)
		note_trouble(look, "open " SUPERVISE_OK, errno);
	look->is_hosted = fd != -1;
	read_records(state_fd, dir_fd, look);
	return fd;
}

/* Whether it may be that the state is elsewhere. */
static bool is_missing(const struct look *look)
{
	return !look->is_hosted &&
	       (look->error == ENOENT || look->error == ENXIO);
}

void look_take(int dir_fd, struct look *look, int *ok_fd)
{
	int state_fd, fd;

	*look = (struct look){.trouble = NULL};
	fd = take_from(dir_fd, dir_fd, look);
	state_fd =
		is_missing(look) ? state_place_find(dir_fd, SUPERVISE_DIR) : -1;
	if (state_fd != -1) {
		*look = (struct look){.trouble = NULL};
		fd = take_from(state_fd, dir_fd, look);
		close(state_fd);
	} else if (is_missing(look) && errno == EACCES) {
		look->error = EACCES;
	}
	look->set_ns = set_ns_of(look);
	if (ok_fd)
		*ok_fd = fd;
	else if (fd != -1)
		close(fd);
}

struct timespec look_since(const struct look *look)
{
	return since_add(look->status.changed_at, look->set_ns);
}

uint64_t look_seconds(const struct look *look)
{
	unsigned char since[TAI64N_SIZE];

	if (look->set_ns == 0)
		return tai64n_seconds_since(look->stamp);
	tai64n_pack(look_since(look), since);
	return tai64n_seconds_since(since);
}

bool look_is_same_change(const struct look *one, const struct look *other)
{
	return one->has_status == other->has_status &&
	       one->status.run_pid == other->status.run_pid &&
	       memcmp(one->stamp, other->stamp, sizeof(one->stamp)) == 0;
}

void look_problem(const struct look *look, struct problem *problem)
{
	errno = look->error;
	if (look->error != 0)
		problem_note(problem, look->trouble, "%s", "");
	else
		problem_note_because(problem, "bad format", look->trouble, "%s",
				     "");
}

int look_open_log(int dir_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int state_fd, fd = openat(dir_fd, "log", flags);

	if (fd != -1 || errno != ENOTDIR ||
	    faccessat(dir_fd, "log", X_OK, AT_EACCESS) == -1)
		return fd;
	fd = openat(dir_fd, SUPERVISE_DIR "/log", flags);
	state_fd = fd == -1 && errno == ENOENT
			   ? state_place_find(dir_fd, SUPERVISE_DIR)
			   : -1;
	if (state_fd == -1)
		return fd;
	fd = openat(state_fd, SUPERVISE_DIR "/log", flags);
	close(state_fd);
	return fd;
}
