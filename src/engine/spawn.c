/* spawn.c -- see spawn.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/oom_score.h"
#include "base/self.h"
#include "engine/spawn.h"
#include "service/identity.h"

/* What a service manager says of the process that it has started, and of no
 * other: systemd's sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3). */
static void forget_who_started_us(void)
{
	static const char *const names[] = {
		"NOTIFY_SOCKET",  "WATCHDOG_PID", "WATCHDOG_USEC",
		"LISTEN_PID",     "LISTEN_FDS",   "LISTEN_FDNAMES",
		"LISTEN_PIDFDID",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

static bool is_limited(const struct rlimit *limit)
{
	return limit->rlim_cur != RLIM_INFINITY;
}

/*
 * A limit that was meant for what somebody ran before must not end what
 * supervises all: to it, a file that may not grow is a call that fails.
 * Services get both as they were.
 */
static void outlive_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && is_limited(&limit))
		signal(SIGXFSZ, SIG_IGN);
	if (getrlimit(RLIMIT_CPU, &limit) == 0 && is_limited(&limit))
		signal(SIGXCPU, SIG_IGN);
}

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

static void raise_limit(struct spawner *spawner, bool raise)
{
	struct rlimit wanted = spawner->limit;

	if (raise)
		wanted.rlim_cur = wanted.rlim_max;
	if (spawner->limit.rlim_cur != spawner->limit.rlim_max)
		spawner->has_raised_limit =
			setrlimit(RLIMIT_NOFILE, &wanted) == 0 && raise;
}

/* A supervisor is small, but often larger than each of its services, so it
 * would be the first to go, without any use. */
static void outlive_oom(struct spawner *spawner, bool outlive)
{
	if (spawner->has_oom_score_changed)
		oom_score_set(spawner->oom_score);
	spawner->has_oom_score_changed =
		outlive && oom_score_set_to_never(&spawner->oom_score);
}

void spawner_take_favours(struct spawner *spawner, bool take)
{
	raise_limit(spawner, take);
	outlive_oom(spawner, take);
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

#define UNDO_LOOKS    100
#define UNDO_PAUSE_NS 1000000

int spawn_undo(const struct spawned *spawned)
{
	const struct timespec pause = {.tv_nsec = UNDO_PAUSE_NS};
	int error = errno;

	kill(spawned->pid, SIGKILL);
	/* Left as a zombie it does no harm: we are its parent, so its number is
	 * not given away. */
	for (int i = 0; i < UNDO_LOOKS; i++) {
		if (waitpid(spawned->pid, NULL, WNOHANG) != 0)
			break;
		nanosleep(&pause, NULL);
	}
	errno = error;
	return -1;
}

int spawner_open(struct spawner *spawner)
{
	memset(spawner, 0, sizeof(*spawner));
	eras_begin(&spawner->eras);
	self_close_on_exec_from(STDERR_FILENO + 1);
	forget_who_started_us();
	/* Failing that both are 0, which is as high as it gets. */
	getrlimit(RLIMIT_NOFILE, &spawner->limit);
	spawner_take_favours(spawner, true);
	if (fd_ensure_standard() == -1 || take_slots(spawner) == -1)
		return -1;
	outlive_limits();
	note_ignored(spawner);
	return 0;
}
