/* knob_linux.c -- see knob.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/strb.h"
#include "engine/cgroup.h"
#include "engine/knob.h"

static bool name(const char *cgroup, const char *knob, struct strb *path)
{
	strb_add_format(path, "%s/%s", cgroup, knob);
	errno = ENAMETOOLONG;
	return !path->is_cut;
}

bool knob_is_there(const char *cgroup, const char *knob)
{
	char room[CGROUP_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));

	return name(cgroup, knob, &path) && access(room, W_OK) == 0;
}

bool knob_turn(const char *cgroup, const char *knob, const char *value)
{
	char room[CGROUP_PATH_SIZE];
	struct strb path = strb_on(room, sizeof(room));
	ssize_t size = (ssize_t)strlen(value);
	bool is_done;
	int fd = name(cgroup, knob, &path) ? open(room, O_WRONLY | O_CLOEXEC)
					   : -1;

	if (fd == -1)
		return false;
	is_done = write(fd, value, (size_t)size) == size;
	close(fd);
	return is_done;
}
