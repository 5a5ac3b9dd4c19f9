/* shelter.c -- see shelter.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/recall.h"
#include "engine/shelter.h"
#include "engine/takeover.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

void shelter_begin(struct site *site, int dir_fd, int home_fd)
{
	site->dir_fd = site->state_fd = dir_fd;
	site->home_fd = home_fd;
}

void shelter_leave(struct site *site)
{
	if (site->state_fd != site->dir_fd)
		close(site->state_fd);
	site->state_fd = site->dir_fd;
}

bool shelter_take(struct site *site, int error)
{
	int fd = -1;

	/* A file system that has become read-only holds the record of what
	 * runs: that waits until it can be written again. */
	if (site->state_fd == site->dir_fd &&
	    !recall_was_hosted_in(site->dir_fd, &site->spawner->eras))
		fd = state_place_make(site->dir_fd, SUPERVISE_DIR, error);
	if (fd == -1)
		return false;
	site->state_fd = fd;
	return true;
}

void shelter_make(struct site *site)
{
	state_place_link(site->dir_fd, SUPERVISE_DIR);
	if (!supervise_dir_make(site->state_fd) && errno != 0)
		shelter_take(site, errno);
}

void shelter_look(struct site *site)
{
	struct stat status;
	const char *name = SUPERVISE_DIR;

	state_place_link(site->dir_fd, SUPERVISE_DIR);
	if (fstatat(site->dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		name = ".";
	if (faccessat(site->dir_fd, name, W_OK | X_OK, AT_EACCESS) == -1)
		shelter_take(site, errno);
}

/* What to do about it. */
static const char *advice_on(int error)
{
	switch (error) {
	case EROFS:
		return "read-only file system; SUPERVISEDIR can name another "
		       "place";
	case EACCES:
		return "access denied; SUPERVISEDIR can name another place";
	case ENOSPC:
		return "out of disk space; SUPERVISEDIR can name another place";
	default: return NULL;
	}
}

int shelter_open_service(struct service *service, struct problem *problem)
{
	struct site *site = &service->site;
	const char *advice;

	/* What is in an inline log's directory is in its service's place. */
	if (site->state_fd == site->dir_fd && !site->is_inline)
		state_place_link(site->dir_fd, SUPERVISE_DIR);
	if (service_open(service, problem) == 0)
		return 0;
	if (!site->is_inline && shelter_take(site, problem->error))
		return service_open(service, problem);
	advice = advice_on(problem->error);
	if (advice)
		problem->reason = advice;
	return -1;
}
