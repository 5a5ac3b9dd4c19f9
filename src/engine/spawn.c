/* spawn.c -- see spawn.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/self.h"
#include "engine/spawn.h"
#include "service/identity.h"

/* Which signals this process was started with ignored: services must not be. */
static void note_ignored(struct spawner *spawner)
{
	sigemptyset(&spawner->ignored);
	spawner->has_ignored = false;
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == -1 ||
		    action.sa_handler != SIG_IGN)
			continue;
		sigaddset(&spawner->ignored, number);
		spawner->has_ignored = true;
	}
}

void spawner_raise_limit(struct spawner *spawner, bool raise)
{
	struct rlimit wanted = spawner->limit;

	if (raise)
		wanted.rlim_cur = wanted.rlim_max;
	if (spawner->limit.rlim_cur != spawner->limit.rlim_max)
		spawner->has_raised_limit =
			setrlimit(RLIMIT_NOFILE, &wanted) == 0 && raise;
}

/* Takes a descriptor for each slot; what lies below them was inherited. */
static int take_slots(struct spawner *spawner)
{
	int fd = STDERR_FILENO;

	for (int i = 0; i < SPAWN_LANES * SPAWN_SLOT_COUNT; i++) {
		fd = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
		if (fd == -1)
			return -1;
		spawner->slots[i / SPAWN_SLOT_COUNT].fds[i % SPAWN_SLOT_COUNT] =
			fd;
	}
	spawner->keep_below = (unsigned)fd + 1;
	return 0;
}

int spawner_keep_output(struct spawner *spawner)
{
	for (int i = 0; i < SPAWN_OUTPUTS; i++) {
		int fd = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC,
			       (int)spawner->keep_below);

		if (fd == -1)
			return -1;
		spawner->own_output[i] = fd;
		if (spawner->keep_below <= (unsigned)fd)
			spawner->keep_below = (unsigned)fd + 1;
	}
	return 0;
}

int spawner_open(struct spawner *spawner)
{
	memset(spawner, 0, sizeof(*spawner));
	identity_boot_id(spawner->boot_id);
	self_close_on_exec_from(STDERR_FILENO + 1);
	if (fd_ensure_standard() == -1 || take_slots(spawner) == -1)
		return -1;
	if (getrlimit(RLIMIT_NOFILE, &spawner->limit) == 0)
		spawner_raise_limit(spawner, true);
	note_ignored(spawner);
	return 0;
}
