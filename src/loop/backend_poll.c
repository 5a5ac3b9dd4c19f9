/*
 * backend_poll.c -- the portable backend: poll(2) and a self-pipe.
 *
 * Nothing here is beyond POSIX.1-2008. Directories can't be watched, adopted
 * processes are looked at once a second, and how those ended is not known; that
 * they did is seen once their new parent, mostly process 1, has reaped them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/backend.h"
#include "loop/processes.h"

#define LOOK_NS INT64_C(1000000000) /* between looks at adopted processes */

struct backend {
	struct loop *loop;
	struct pollfd *fds;          /* fds[i] is polled for watches[i] */
	struct loop_watch **watches; /* NULL once removed, until swept */
	unsigned count, room;
	struct processes processes;
	struct loop_timer look;    /* set while an adopted process is watched */
	struct loop_watch signals; /* the read end of the self-pipe */
	void (*on_signal)(void *owner, int number);
	void *signal_owner;
};

/* What may arrive; SIGCHLD is last, so that orders come before deaths. */
static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

/* All that a signal handler can reach: what came, and where to say so. */
static volatile sig_atomic_t arrived[SIGNAL_COUNT];
static volatile sig_atomic_t signal_fd = -1; /* writes to the self-pipe */

static void on_any_signal(int number)
{
	int error = errno;

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (signals[i] == number)
			arrived[i] = 1;
	}
	/* A full pipe is fine: a wake-up is on its way already. */
	if (write(signal_fd, "", 1) == -1)
		errno = error;
}

/* The mask was inherited: what is handled must also get through. */
static int handle(int number)
{
	struct sigaction action = {.sa_handler = on_any_signal,
				   .sa_flags = SA_RESTART | SA_NOCLDSTOP};
	sigset_t one;

	sigfillset(&action.sa_mask);
	if (sigaction(number, &action, NULL) == -1)
		return -1;
	sigemptyset(&one);
	sigaddset(&one, number);
	return sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void close_self_pipe(struct backend *backend)
{
	int fd = signal_fd;

	if (fd == -1)
		return;
	signal_fd = -1; /* first: the handler stays */
	close(fd);
	loop_watch_remove(backend->loop, &backend->signals);
	close(backend->signals.fd);
}

static void on_signals(struct loop_watch *watch);

static int open_self_pipe(struct backend *backend)
{
	int ends[2];

	if (signal_fd != -1)
		return 0;
	if (pipe(ends) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	signal_fd = ends[1];
	backend->signals = (struct loop_watch){
		.fd = ends[0], .on_readable = on_signals, .owner = backend};
	if (loop_watch_add(backend->loop, &backend->signals) == -1 ||
	    handle(SIGCHLD) == -1) {
		int error = errno;

		close_self_pipe(backend);
		errno = error;
		return -1;
	}
	/* A child may have ended while nobody listened. */
	on_any_signal(SIGCHLD);
	return 0;
}

static void on_look(struct loop_timer *timer);

struct backend *backend_new(struct loop *loop)
{
	struct backend *backend = calloc(1, sizeof(*backend));
	sigset_t blocked;

	if (!backend)
		return NULL;
	backend->loop = loop;
	backend->look =
		(struct loop_timer){.on_due = on_look, .owner = backend};
	/* Blocked, not ignored: a child inherits what is ignored. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGPIPE);
	sigaddset(&blocked, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	return backend;
}

void backend_free(struct backend *backend)
{
	close_self_pipe(backend);
	free(backend->fds);
	free(backend->watches);
	free(backend);
}

/* ---- descriptors ---- */

static int grow(struct backend *backend)
{
	unsigned room = backend->room ? 2 * backend->room : 16;
	struct pollfd *fds =
		realloc(backend->fds, room * sizeof(backend->fds[0]));
	struct loop_watch **watches;

	if (!fds)
		return -1;
	backend->fds = fds;
	watches = realloc(backend->watches, room * sizeof(backend->watches[0]));
	if (!watches)
		return -1;
	backend->watches = watches;
	backend->room = room;
	return 0;
}

int loop_watch_add(struct loop *loop, struct loop_watch *watch)
{
	struct backend *backend = loop_backend(loop);

	if (backend->count == backend->room && grow(backend) == -1)
		return -1;
	watch->slot = backend->count++;
	watch->is_added = true;
	backend->fds[watch->slot] =
		(struct pollfd){.fd = watch->fd, .events = POLLIN};
	backend->watches[watch->slot] = watch;
	return 0;
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
	struct backend *backend = loop_backend(loop);

	if (!watch->is_added)
		return;
	watch->is_added = false;
	backend->watches[watch->slot] = NULL;
	backend->fds[watch->slot].fd = -1;
}

/* Closes the gaps that removed watches left; between two waits. */
static void sweep(struct backend *backend)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < backend->count; i++) {
		if (!backend->watches[i])
			continue;
		backend->watches[kept] = backend->watches[i];
		backend->fds[kept] = backend->fds[i];
		backend->watches[kept]->slot = kept;
		kept++;
	}
	backend->count = kept;
}

int backend_wait(struct backend *backend, int timeout_ms)
{
	unsigned count;
	int ready;

	sweep(backend);
	count = backend->count; /* watches added meanwhile have no answer yet */
	ready = poll(backend->fds, count, timeout_ms);
	if (ready == -1)
		return errno == EINTR ? 0 : -1;
	for (unsigned i = 0; i < count && ready > 0; i++) {
		if (backend->fds[i].fd == -1 || backend->fds[i].revents == 0)
			continue;
		ready--;
		backend->watches[i]->on_readable(backend->watches[i]);
	}
	return 0;
}

/* ---- processes ---- */

static void finish_process(struct loop *loop, struct loop_process *process,
			   struct process_end end)
{
	loop_process_remove(loop, process);
	process->on_exit(process, end);
}

static void reap_children(struct backend *backend)
{
	siginfo_t info;

	for (;;) {
		struct loop_process *process;

		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == -1 ||
		    info.si_pid == 0)
			return;
		process = processes_find(&backend->processes, info.si_pid);
		if (process)
			finish_process(backend->loop, process,
				       process_end_of(&info));
	}
}

/* The first adopted process that has gone; NULL when all still run. */
static struct loop_process *find_gone(struct backend *backend, bool *has_any)
{
	for (int i = 0; i < PROCESS_BUCKETS; i++) {
		struct loop_process *process = backend->processes.buckets[i];

		for (; process; process = process->next) {
			if (process->is_child)
				continue;
			*has_any = true;
			if (kill(process->pid, 0) == -1 && errno == ESRCH)
				return process;
		}
	}
	return NULL;
}

static void on_look(struct loop_timer *timer)
{
	struct backend *backend = timer->owner;
	const struct process_end unknown = {.is_known = false};
	struct loop_process *gone;
	bool has_any = false;

	while ((gone = find_gone(backend, &has_any)))
		finish_process(backend->loop, gone, unknown);
	if (has_any)
		loop_timer_set(backend->loop, timer, loop_now_ns() + LOOK_NS);
}

int loop_process_add(struct loop *loop, struct loop_process *process, int pidfd)
{
	struct backend *backend = loop_backend(loop);

	if (pidfd != -1)
		close(pidfd);
	process->loop = loop;
	process->pidfd = -1;
	process->link = NULL;
	if (open_self_pipe(backend) == -1)
		return -1;
	if (!process->is_child) {
		if (kill(process->pid, 0) == -1 && errno == ESRCH)
			return -1;
		if (!backend->look.is_set)
			loop_timer_set(loop, &backend->look,
				       loop_now_ns() + LOOK_NS);
	}
	processes_add(&backend->processes, process);
	return 0;
}

void loop_process_remove(struct loop *loop, struct loop_process *process)
{
	(void)loop;
	processes_remove(process);
}

void loop_bury(struct loop_remains *remains)
{
	(void)remains; /* reap_children() has done it */
}

void loop_process_told(struct loop *loop, pid_t pid, int64_t start_ticks,
		       int status)
{
	struct loop_process *process =
		processes_find(&loop_backend(loop)->processes, pid);

	/* It was reaped, so its number is free, unless it is given again. */
	if (process && !process->is_child &&
	    process->start_ticks == start_ticks && kill(pid, 0) == -1 &&
	    errno == ESRCH)
		finish_process(loop, process, process_end_of_status(status));
}

int loop_process_signal(const struct loop_process *process, int number)
{
	if (!process->link) {
		errno = ESRCH; /* its number may be another's by now */
		return -1;
	}
	return kill(process->pid, number);
}

int loop_process_signal_group(const struct loop_process *process, int number)
{
	/* As long as the leader can be asked for, the group has its number. */
	if (loop_process_signal(process, 0) == -1)
		return -1;
	return kill(-process->pid, number);
}

void loop_reap_orphans(struct loop *loop)
{
	struct backend *backend = loop_backend(loop);

	/* reap_children() takes them all; there must be a pipe to wake it. */
	open_self_pipe(backend);
	reap_children(backend);
}

/* ---- signals ---- */

static void on_signals(struct loop_watch *watch)
{
	struct backend *backend = watch->owner;
	char bytes[64];

	while (read(watch->fd, bytes, sizeof(bytes)) > 0)
		;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (!arrived[i])
			continue;
		arrived[i] = 0;
		if (signals[i] == SIGCHLD)
			reap_children(backend);
		else if (backend->on_signal)
			backend->on_signal(backend->signal_owner, signals[i]);
	}
}

int loop_on_signal(struct loop *loop,
		   void (*on_signal)(void *owner, int number), void *owner)
{
	struct backend *backend = loop_backend(loop);

	backend->on_signal = on_signal;
	backend->signal_owner = owner;
	if (open_self_pipe(backend) == -1)
		return -1;
	if (handle(SIGTERM) == -1 || handle(SIGINT) == -1 ||
	    handle(SIGHUP) == -1)
		return -1;
	return 0;
}

/* An exec takes the handlers away: HUP would end the next program before it has
 * its own. */
void loop_hold_signals(struct loop *loop, bool is_held)
{
	sigset_t all;

	(void)loop;
	sigemptyset(&all);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		sigaddset(&all, signals[i]);
	sigprocmask(is_held ? SIG_BLOCK : SIG_UNBLOCK, &all, NULL);
	for (size_t i = 0; is_held && i < SIGNAL_COUNT; i++) {
		/* It looks for children that ended without being told. */
		if (arrived[i] && signals[i] != SIGCHLD)
			kill(getpid(), signals[i]);
	}
}

/* ---- directories ---- */

int loop_directory_add(struct loop *loop, struct loop_directory *directory,
		       const char *path)
{
	(void)loop;
	(void)directory;
	(void)path;
	errno = ENOSYS;
	return -1;
}

int loop_directory_add_at(struct loop *loop, struct loop_directory *directory,
			  int dir_fd, const char *name, const char *path)
{
	(void)dir_fd;
	(void)name;
	return loop_directory_add(loop, directory, path);
}

void loop_directory_remove(struct loop *loop, struct loop_directory *directory)
{
	(void)loop;
	(void)directory;
}

void loop_directories_catch_up(struct loop *loop)
{
	(void)loop;
}
