/*
 * backend_epoll.c -- the Linux backend: epoll, pidfds, signalfd, inotify.
 *
 * Signals, directories and processes are descriptors too, so everything comes
 * through loop_watch. Needs Linux 5.4 (waitid on a pidfd).
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/strb.h"
#include "loop/backend.h"
#include "loop/directories.h"
#include "loop/pidfd_linux.h"
#include "loop/processes.h"

#define BATCH 64 /* events taken at once */

struct backend {
	struct loop *loop;
	int epoll_fd;
	struct epoll_event batch[BATCH];
	int batch_next, batch_count; /* what of `batch` is still to be called */
	struct processes processes;
	struct directories directories;
	struct loop_directory *next_directory; /* the one to be told next */
	struct loop_watch signals;             /* a signalfd */
	struct loop_watch changes;             /* an inotify instance */
	sigset_t blocked;
	void (*on_signal)(void *owner, int number);
	void *signal_owner;
	bool reaps_orphans;
	bool has_caught_up; /* with the changes of directories, in this round */
};

struct backend *backend_new(struct loop *loop)
{
	struct backend *backend = calloc(1, sizeof(*backend));

	if (!backend)
		return NULL;
	backend->loop = loop;
	backend->signals.fd = backend->changes.fd = -1;
	backend->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (backend->epoll_fd == -1) {
		free(backend);
		return NULL;
	}
	/* Blocked, not ignored: a child inherits what is ignored. */
	sigemptyset(&backend->blocked);
	sigaddset(&backend->blocked, SIGPIPE);
	sigaddset(&backend->blocked, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &backend->blocked, NULL);
	/* Inherited as ignored, it would make the kernel reap our children. */
	signal(SIGCHLD, SIG_DFL);
	return backend;
}

static void close_watch(struct loop_watch *watch)
{
	if (watch->fd != -1)
		close(watch->fd);
	watch->fd = -1;
}

void backend_free(struct backend *backend)
{
	close_watch(&backend->signals);
	close_watch(&backend->changes);
	close(backend->epoll_fd);
	free(backend);
}

/* ---- descriptors ---- */

int loop_watch_add(struct loop *loop, struct loop_watch *watch)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};

	if (epoll_ctl(loop_backend(loop)->epoll_fd, EPOLL_CTL_ADD, watch->fd,
		      &event) == -1)
		return -1;
	watch->is_added = true;
	return 0;
}

void loop_watch_remove(struct loop *loop, struct loop_watch *watch)
{
	struct backend *backend = loop_backend(loop);

	if (!watch->is_added)
		return;
	watch->is_added = false;
	epoll_ctl(backend->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	/* An event that was taken already must not reach it any more. */
	for (int i = backend->batch_next; i < backend->batch_count; i++) {
		if (backend->batch[i].data.ptr == watch)
			backend->batch[i].data.ptr = NULL;
	}
}

int backend_wait(struct backend *backend, int timeout_ms)
{
	int count = epoll_wait(backend->epoll_fd, backend->batch, BATCH,
			       timeout_ms);

	backend->has_caught_up = false;
	if (count == -1)
		return errno == EINTR ? 0 : -1;
	backend->batch_count = count;
	backend->batch_next = 0;
	while (backend->batch_next < backend->batch_count) {
		int i = backend->batch_next++;
		struct loop_watch *watch = backend->batch[i].data.ptr;

		if (watch)
			watch->on_readable(watch);
	}
	backend->batch_count = 0;
	return 0;
}

/* ---- processes ---- */

/* Takes the watcher off; the descriptor is the caller's then. */
static int unwatch(struct loop *loop, struct loop_process *process)
{
	int pidfd = process->pidfd;

	loop_timer_cancel(loop, &process->patience);
	loop_watch_remove(loop, &process->watch);
	processes_remove(process);
	process->pidfd = -1;
	return pidfd;
}

void loop_bury(struct loop_remains *remains)
{
	if (remains->pidfd == -1)
		return;
	pidfd_reap(remains->pidfd);
	close(remains->pidfd);
	remains->pidfd = -1;
}

static void finish_process(struct loop *loop, struct loop_process *process,
			   struct process_end end)
{
	struct loop_remains remains = {unwatch(loop, process)};

	if (process->remains) {
		loop_bury(process->remains);
		*process->remains = remains;
	} else {
		loop_bury(&remains);
	}
	process->on_exit(process, end);
}

/* A parent elsewhere didn't reap it in time to tell how it ended. */
static void give_up_on_end(struct loop_timer *timer)
{
	struct loop_process *process = timer->owner;
	struct process_end end = {.is_known = false};

	pidfd_end(process->pidfd, &end);
	finish_process(process->loop, process, end);
}

static void on_pidfd(struct loop_watch *watch)
{
	struct loop_process *process = watch->owner;
	struct backend *backend = loop_backend(process->loop);
	struct process_end end = {.is_known = false};
	struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = watch};

	/* Our own child that can't be reaped was reaped behind our back. */
	if (pidfd_peek(process->pidfd, &end) ||
	    pidfd_end(process->pidfd, &end) ||
	    pidfd_zombie_end(process->pidfd, process->pid, &end) ||
	    process->is_child) {
		finish_process(process->loop, process, end);
		return;
	}
	/* The hang-up, from a kernel that doesn't tell how it ended. */
	if (process->patience.is_set)
		return;
	/* Ended but not reaped: wait, not for long, for the hang-up that says
	 * it was, since only then the kernel tells how it ended. Once: it
	 * would come again and again. */
	epoll_ctl(backend->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
	loop_timer_set(process->loop, &process->patience,
		       loop_now_ns() + LOOP_END_PATIENCE_NS);
}

int loop_process_add(struct loop *loop, struct loop_process *process, int pidfd)
{
	if (pidfd == -1)
		pidfd = pidfd_get(process->pid);
	if (pidfd == -1)
		return -1;
	process->loop = loop;
	process->pidfd = pidfd;
	process->watch = (struct loop_watch){
		.fd = pidfd, .on_readable = on_pidfd, .owner = process};
	process->patience =
		(struct loop_timer){.on_due = give_up_on_end, .owner = process};
	if (loop_watch_add(loop, &process->watch) == -1) {
		int error = errno;

		close(pidfd);
		process->pidfd = -1;
		errno = error;
		return -1;
	}
	processes_add(&loop_backend(loop)->processes, process);
	return 0;
}

void loop_process_remove(struct loop *loop, struct loop_process *process)
{
	if (process->watch.is_added)
		close(unwatch(loop, process));
}

void loop_process_told(struct loop *loop, pid_t pid, int64_t start_ticks,
		       int status)
{
	struct loop_process *process =
		processes_find(&loop_backend(loop)->processes, pid);

	/* Often it is told of before the descriptor says that it has ended. */
	if (process && !process->is_child &&
	    process->start_ticks == start_ticks &&
	    pidfd_has_ended(process->pidfd))
		finish_process(loop, process, process_end_of_status(status));
}

int loop_process_signal(const struct loop_process *process, int number)
{
	if (!process->watch.is_added) {
		errno = ESRCH;
		return -1;
	}
	int result = pidfd_signal(process->pidfd, number);

	/* Some sandboxes know no such call. Until it is reaped, which only we
	 * do, the number of a child is its own. */
	if (result == -1 && process->is_child &&
	    (errno == ENOSYS || errno == EPERM))
		result = kill(process->pid, number);
	return result;
}

int loop_process_signal_group(const struct loop_process *process, int number)
{
	if (!process->watch.is_added) {
		errno = ESRCH;
		return -1;
	}
	if (pidfd_signal_group(process->pidfd, number) == 0)
		return 0;
	/* From kernels, or sandboxes, that can't do that; else there is nobody,
	 * or nobody whom we may tell. */
	if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
		return -1;
	/* As long as the leader can be asked for, the group has its number. */
	if (loop_process_signal(process, 0) == -1)
		return -1;
	return kill(-process->pid, number);
}

/* Looks before it reaps: a watched child must not be taken from its owner. */
static void reap_orphans(struct backend *backend)
{
	siginfo_t info;

	for (;;) {
		struct process_end end;
		struct loop_process *process;

		memset(&info, 0, sizeof(info));
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
			    -1 ||
		    info.si_pid == 0)
			return;
		process = processes_find(&backend->processes, info.si_pid);
		/* It may be another that got the pid of a watched one; or
		 * remains, for which there will be nobody to hand them on to.
		 */
		if (process && pidfd_peek(process->pidfd, &end))
			finish_process(backend->loop, process, end);
		else
			waitid(P_PID, (id_t)info.si_pid, &info,
			       WEXITED | WNOHANG);
	}
}

/* ---- signals ---- */

static void on_signals(struct loop_watch *watch)
{
	struct backend *backend = watch->owner;
	struct signalfd_siginfo info;

	while (read(watch->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap_orphans(backend);
		else if (backend->on_signal)
			backend->on_signal(backend->signal_owner,
					   (int)info.ssi_signo);
	}
}

/* Makes, or widens, the signalfd for all blocked signals. */
static int watch_signals(struct backend *backend)
{
	sigset_t wanted = backend->blocked;
	int fd;

	/* write(2) tells already. */
	sigdelset(&wanted, SIGPIPE);
	sigdelset(&wanted, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &backend->blocked, NULL);
	fd = signalfd(backend->signals.fd, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd == -1)
		return -1;
	if (backend->signals.fd != -1)
		return 0;
	backend->signals = (struct loop_watch){
		.fd = fd, .on_readable = on_signals, .owner = backend};
	return loop_watch_add(backend->loop, &backend->signals);
}

int loop_on_signal(struct loop *loop,
		   void (*on_signal)(void *owner, int number), void *owner)
{
	struct backend *backend = loop_backend(loop);

	backend->on_signal = on_signal;
	backend->signal_owner = owner;
	sigaddset(&backend->blocked, SIGTERM);
	sigaddset(&backend->blocked, SIGINT);
	sigaddset(&backend->blocked, SIGHUP);
	return watch_signals(backend);
}

/* They always wait, in the kernel, for whoever reads them. */
void loop_hold_signals(struct loop *loop, bool is_held)
{
	(void)loop;
	(void)is_held;
}

void loop_reap_orphans(struct loop *loop)
{
	struct backend *backend = loop_backend(loop);

	backend->reaps_orphans = true;
	sigaddset(&backend->blocked, SIGCHLD);
	watch_signals(backend);
	reap_orphans(backend);
}

/* ---- directories ---- */

/*
 * Tells the owners in one bucket: those of `descriptor`, or all for -1. A
 * callback may remove any directory, so the one to come is kept where
 * loop_directory_remove() can see it.
 */
static void tell_bucket(struct backend *backend, int bucket, int descriptor,
			enum directory_change change, const char *name)
{
	struct loop_directory *directory = backend->directories.buckets[bucket];

	for (; directory; directory = backend->next_directory) {
		backend->next_directory = directory->next;
		if (descriptor == -1 || directory->descriptor == descriptor)
			directory->on_change(directory, change, name);
	}
}

static void tell_change(struct backend *backend,
			const struct inotify_event *event)
{
	const unsigned itself = IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT;

	tell_bucket(backend, event->wd % DIRECTORY_BUCKETS, event->wd,
		    event->mask & itself ? DIRECTORY_ITSELF : DIRECTORY_ENTRIES,
		    event->len > 0 ? event->name : NULL);
}

/* Events were lost: everybody looks for themselves. */
static void tell_all(struct backend *backend)
{
	for (int i = 0; i < DIRECTORY_BUCKETS; i++)
		tell_bucket(backend, i, -1, DIRECTORY_ENTRIES, NULL);
}

/* False: there was nothing left to read. */
static bool read_changes(struct backend *backend)
{
	_Alignas(struct inotify_event) char room[4096];
	ssize_t count = read(backend->changes.fd, room, sizeof(room));
	const char *stop = room + (count > 0 ? count : 0);

	for (char *at = room; at < stop;) {
		struct inotify_event *event = (void *)at;

		at += sizeof(*event) + event->len;
		if (event->mask & IN_Q_OVERFLOW)
			tell_all(backend);
		else if (!(event->mask & IN_IGNORED))
			tell_change(backend, event);
	}
	return count > 0;
}

/* What doesn't fit comes with the next round: whoever changes a directory
 * without end mustn't keep the loop from everything else. */
static void on_changes(struct loop_watch *watch)
{
	read_changes(watch->owner);
}

#define CATCH_UP_READS 16

void loop_directories_catch_up(struct loop *loop)
{
	struct backend *backend = loop_backend(loop);

	if (backend->changes.fd == -1 || backend->has_caught_up)
		return;
	backend->has_caught_up = true;
	for (int i = 0; i < CATCH_UP_READS; i++) {
		if (!read_changes(backend))
			return;
	}
	tell_all(backend); /* there is no end to it: anything may be */
}

static int start_inotify(struct backend *backend)
{
	int fd;

	if (backend->changes.fd != -1)
		return 0;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd == -1)
		return -1;
	backend->changes = (struct loop_watch){
		.fd = fd, .on_readable = on_changes, .owner = backend};
	if (loop_watch_add(backend->loop, &backend->changes) == -1) {
		close_watch(&backend->changes);
		return -1;
	}
	return 0;
}

int loop_directory_add(struct loop *loop, struct loop_directory *directory,
		       const char *path)
{
	struct backend *backend = loop_backend(loop);

	if (start_inotify(backend) == -1)
		return -1;
	directory->descriptor = inotify_add_watch(
		backend->changes.fd, path,
		IN_ONLYDIR | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
			IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF);
	if (directory->descriptor == -1)
		return -1;
	directories_add(&backend->directories, directory);
	directory->is_added = true;
	return 0;
}

int loop_directory_add_at(struct loop *loop, struct loop_directory *directory,
			  int dir_fd, const char *name, const char *path)
{
	static const char descriptors[] = "/proc/self/fd";
	char room[sizeof(descriptors) + NAME_MAX + 16];
	struct strb text = strb_on(room, sizeof(room));

	strb_add_format(&text, "%s/%d/%s", descriptors, dir_fd, name);
	if (loop_directory_add(loop, directory, room) == 0)
		return 0;
	if (errno != ENOENT || !path || access(descriptors, F_OK) == 0)
		return -1;
	return loop_directory_add(loop, directory, path);
}

void loop_directory_remove(struct loop *loop, struct loop_directory *directory)
{
	struct backend *backend = loop_backend(loop);

	if (!directory->is_added)
		return;
	directory->is_added = false;
	if (backend->next_directory == directory)
		backend->next_directory = directory->next;
	directories_remove(&backend->directories, directory);
	if (!directories_has(&backend->directories, directory->descriptor))
		inotify_rm_watch(backend->changes.fd, directory->descriptor);
}
