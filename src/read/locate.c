/* locate.c -- see locate.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strb.h"
#include "read/listing.h"
#include "read/locate.h"
#include "service/state_place.h"
#include "service/status.h"
#include "service/supervise_dir.h"

/* Where a log may be, seen from a service or from its log. */
static const char *const places[] = {"/log/main", "/log", "/main"};

static int join(char *out, size_t size_bytes, const char *first,
		const char *second)
{
	struct strb path = strb_on(out, size_bytes);

	strb_add(&path, first);
	strb_add(&path, second);
	if (!path.is_cut)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static bool is_dir(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return false;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode);
}

/* A logger that rotates has no `current` for an instant, but `previous`. */
static bool is_log_dir(const char *dir)
{
	static const char *const files[] = {"/current", "/previous"};
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < 2; i++) {
		if (join(path, sizeof(path), dir, files[i]) == 0 &&
		    stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return true;
	}
	return false;
}

/* Of a service directory, wherever its state is. */
static long read_status(const char *path, unsigned char record[STATUS_SIZE])
{
	int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int state_fd =
		dir_fd == -1 ? -1 : state_place_find(dir_fd, SUPERVISE_DIR);
	long result = dir_fd == -1
			      ? -1
			      : fd_read_own_file(
					state_fd == -1 ? dir_fd : state_fd,
					SUPERVISE_STATUS, record, STATUS_SIZE);

	if (state_fd != -1)
		close(state_fd);
	if (dir_fd != -1)
		close(dir_fd);
	return result;
}

/* The log directory that the process of the service `dir` writes to. */
static int ask_logger(const char *dir, const char *below, char *out,
		      size_t size_bytes)
{
	char path[PATH_MAX];
	unsigned char record[STATUS_SIZE];
	struct status status;

	if (join(path, sizeof(path), dir, below) == -1 ||
	    read_status(path, record) < STATUS_CLASSIC_SIZE)
		return -1;
	status_unpack(record, &status);
	if (status.run_pid == 0 || status.run_pid > INT_MAX)
		return -1;
	if (locate_of_logger((pid_t)status.run_pid, out, size_bytes) == -1)
		return -1;
	return is_log_dir(out) ? 0 : -1;
}

static bool has_files(const char *dir)
{
	struct listing listing = {.files = NULL};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool result;

	if (fd == -1)
		return false;
	result = listing_read(fd, &listing, NULL) == 0 && listing.count > 0;
	listing_free(&listing);
	close(fd);
	return result;
}

static int look_in(const char *dir, char *out, size_t size_bytes)
{
	if (is_log_dir(dir))
		return join(out, size_bytes, dir, "");
	if (ask_logger(dir, "/log", out, size_bytes) == 0 ||
	    ask_logger(dir, "", out, size_bytes) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (join(out, size_bytes, dir, places[i]) == -1)
			return -1;
		if (is_log_dir(out))
			return 0;
	}
	/* Old files alone, which were kept somewhere. */
	if (has_files(dir))
		return join(out, size_bytes, dir, "");
	errno = ESRCH;
	return -1;
}

int locate_log(const char *name, const char *scan_dir, char *out,
	       size_t size_bytes)
{
	char dir[PATH_MAX];

	if (!strchr(name, '/') && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0) {
		struct strb path = strb_on(dir, sizeof(dir));

		strb_add_format(&path, "%s/%s", scan_dir, name);
		if (!path.is_cut && is_dir(dir))
			return look_in(dir, out, size_bytes);
	}
	if (!is_dir(name))
		return -1;
	return look_in(name, out, size_bytes);
}
