/* access.c -- see access.h. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/access.h"
#include "client/commands.h"
#include "client/look.h"
#include "service/control.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

#define GROUP_SEES     (S_IRGRP | S_IXGRP)
#define EVERYBODY_SEES (S_IROTH | S_IXOTH)

/* A supervisor that is slow is asked again. */
#define ASKED_TIMES 5
#define LOOKS       100
#define PAUSE_NS    10000000

/* Names as they are below "supervise". */
#define BELOW(path) ((path) + sizeof(SUPERVISE_DIR))

/* "supervise", open, in which only its owner can change names: so they mean the
 * same from one call to the next. */
struct place {
	int dir_fd; /* the service directory: the caller's */
	int fd;
	struct stat dir;         /* of fd */
	struct stat control, ok; /* FIFOs */
	bool has_ok;
};

/* ---- what is so ---- */

static bool is_fifo(int dir_fd, const char *name, struct stat *status)
{
	if (fstatat(dir_fd, name, status, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	errno = EINVAL;
	return S_ISFIFO(status->st_mode);
}

static int look(struct place *place)
{
	place->has_ok = is_fifo(place->fd, BELOW(SUPERVISE_OK), &place->ok);
	if (fstat(place->fd, &place->dir) == -1 ||
	    !is_fifo(place->fd, BELOW(SUPERVISE_CONTROL), &place->control))
		return -1;
	return 0;
}

static bool is_control(const struct place *place)
{
	return place->has_ok && place->ok.st_dev == place->control.st_dev &&
	       place->ok.st_ino == place->control.st_ino;
}

static enum access_whom whom(mode_t mode, mode_t group, mode_t everybody)
{
	if (mode & everybody)
		return ACCESS_EVERYBODY;
	return mode & group ? ACCESS_GROUP : ACCESS_NOBODY;
}

/* By names, as who may search "supervise" may not be able to open it. */
static int read_in(int dir_fd, struct access *access)
{
	struct stat dir, control;

	if (fstatat(dir_fd, SUPERVISE_DIR, &dir, 0) == -1 ||
	    !is_fifo(dir_fd, SUPERVISE_CONTROL, &control))
		return -1;
	*access = (struct access){
		.uid = dir.st_uid,
		.device = dir.st_dev,
		.inode = dir.st_ino,
		.sees = whom(dir.st_mode, S_IXGRP, S_IXOTH),
		.controls = whom(control.st_mode, S_IWGRP, S_IWOTH),
		.seeing_gid = dir.st_gid,
		.controlling_gid = control.st_gid,
	};
	return 0;
}

int access_read(int dir_fd, struct access *access)
{
	int result, state_fd = state_place_find(dir_fd, SUPERVISE_DIR);

	if (state_fd == -1)
		return read_in(dir_fd, access);
	result = read_in(state_fd, access);
	close(state_fd);
	return result;
}

/* ---- changing it ---- */

/* A link that somebody else may have made leads to what he has no say in. */
static int flags_in(int dir_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC;
	struct stat status;
	bool is_ours = fstat(dir_fd, &status) == 0 &&
		       status.st_uid == geteuid() &&
		       (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;

	return is_ours ? flags : flags | O_NOFOLLOW;
}

static int give(const struct place *place, const char *name,
		const struct stat *now, gid_t gid, mode_t mode)
{
	if (now->st_gid != gid && fchownat(place->fd, name, (uid_t)-1, gid,
					   AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if ((now->st_mode & 07777) == mode)
		return 0;
	return fchmodat(place->fd, name, mode, 0);
}

static int refuse(struct problem *problem, const char *reason)
{
	return problem_note_because(problem, reason, "change the modes in",
				    SUPERVISE_DIR);
}

static int find_risk(const struct place *place, const struct access *wanted,
		     struct problem *problem)
{
	if (place->dir.st_dev != wanted->device ||
	    place->dir.st_ino != wanted->inode)
		return refuse(problem, "it became another directory meanwhile: "
				       "do this again");
	if (place->dir.st_uid != geteuid())
		return refuse(problem, "it is another user's");
	if (place->dir.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(problem, "others can put files there: run chmod "
				       "go-w on it first");
	return 0;
}

static mode_t mode_of_dir(const struct access *wanted)
{
	mode_t mode = S_IRWXU;

	if (wanted->sees != ACCESS_NOBODY)
		mode |= GROUP_SEES;
	if (wanted->sees == ACCESS_EVERYBODY)
		mode |= EVERYBODY_SEES;
	return mode;
}

/* Takes away first, and gives in the end. */
static int set_modes(const struct place *place, const struct access *wanted)
{
	mode_t mode = mode_of_dir(wanted);
	mode_t kept = place->dir.st_mode & mode;
	bool controls = wanted->controls == ACCESS_GROUP;

	if (place->dir.st_gid != wanted->seeing_gid)
		kept &= ~(mode_t)S_IRWXG;
	if (fchmod(place->fd, kept) == -1 ||
	    give(place, BELOW(SUPERVISE_CONTROL), &place->control,
		 wanted->controlling_gid, controls ? 0620 : 0600) == -1)
		return -1;
	if (place->dir.st_gid != wanted->seeing_gid &&
	    fchown(place->fd, (uid_t)-1, wanted->seeing_gid) == -1)
		return -1;
	return fchmod(place->fd, mode);
}

/* 1: it is another file than "control"; 0: that takes too long; -1: errno. */
static int wait_for_ok(struct place *place)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int i = 0; i < LOOKS; i++) {
		if (look(place) == -1)
			return -1;
		if (!is_control(place))
			return 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Where nobody supervises, the next who does so makes it right. */
static int renew_ok(struct place *place, struct problem *problem)
{
	const char letter = CONTROL_MODES_CHANGED;
	int64_t patience_ns = COMMANDS_PATIENCE_NS;
	int done = 0;

	for (int i = 0; i < ASKED_TIMES && done == 0; i++) {
		int control_fd = commands_open(place->dir_fd);

		if (control_fd == -1 && errno == ENXIO)
			return 0;
		if (control_fd == -1)
			return problem_note(problem, "open", SUPERVISE_CONTROL);
		done = commands_write(control_fd, &letter, 1);
		commands_close(control_fd, &patience_ns);
		if (done == 0)
			done = wait_for_ok(place);
	}
	if (done == 1)
		return 0;
	if (done == 0)
		errno = ETIMEDOUT;
	return problem_note(problem,
			    "have its supervisor make supervise/ok another "
			    "file, as one of an earlier version cannot",
			    "%s", "");
}

static int change(struct place *place, const struct access *wanted,
		  struct problem *problem)
{
	mode_t mode;

	if (look(place) == -1)
		return problem_note(problem, "find", SUPERVISE_CONTROL);
	if (find_risk(place, wanted, problem) == -1)
		return -1;
	if (set_modes(place, wanted) == -1 || look(place) == -1)
		return problem_note(problem, "change the modes in",
				    SUPERVISE_DIR);
	mode = supervise_dir_ok_mode(&place->dir, &place->control);
	if (is_control(place))
		return mode == 0 ? 0 : renew_ok(place, problem);
	if (mode == 0 && wanted->controls == ACCESS_GROUP)
		mode = 0620;
	if (place->has_ok && give(place, BELOW(SUPERVISE_OK), &place->ok,
				  wanted->seeing_gid, mode ? mode : 0600) == -1)
		return problem_note(problem, "change the mode of",
				    SUPERVISE_OK);
	return 0;
}

static int change_in(int dir_fd, const struct access *wanted,
		     struct problem *problem)
{
	struct place place = {
		.dir_fd = dir_fd,
		.fd = openat(dir_fd, SUPERVISE_DIR, flags_in(dir_fd))};
	int result;

	if (place.fd == -1 && (errno == ELOOP || errno == ENOTDIR))
		return refuse(problem, "it is a link in a directory in which "
				       "others can write");
	if (place.fd == -1)
		return problem_note(problem, "open", SUPERVISE_DIR);
	result = change(&place, wanted, problem);
	close(place.fd);
	return result;
}

int access_change(int dir_fd, const struct access *wanted,
		  struct problem *problem)
{
	int result, state_fd = state_place_find(dir_fd, SUPERVISE_DIR);

	if (state_fd == -1)
		return change_in(dir_fd, wanted, problem);
	result = change_in(state_fd, wanted, problem);
	close(state_fd);
	return result;
}

static int open_log_within(int dir_fd, int flags)
{
	int inner_fd, fd, error;
	struct stat status;

	fd = openat(dir_fd, "log", flags);
	if (fd != -1 ||
	    fstatat(dir_fd, "log", &status, AT_SYMLINK_NOFOLLOW) == -1)
		return fd;
	if (S_ISLNK(status.st_mode)) {
		errno = ELOOP;
		return -1;
	}
	inner_fd = openat(dir_fd, SUPERVISE_DIR, flags);
	if (inner_fd == -1)
		return -1;
	fd = openat(inner_fd, "log", flags);
	error = errno;
	close(inner_fd);
	errno = error;
	return fd;
}

int access_open_log(int dir_fd)
{
	int flags = flags_in(dir_fd);

	return flags & O_NOFOLLOW ? open_log_within(dir_fd, flags)
				  : look_open_log(dir_fd);
}
