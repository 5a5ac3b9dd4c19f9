/* watch.c -- see watch.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "client/watch.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

/* A file that is being written has another name, and tells nothing yet. */
static bool is_unfinished(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len > 4 && strcmp(name + len - 4, ".new") == 0;
}

static void on_inner_change(struct loop_directory *inner,
			    enum directory_change change, const char *name)
{
	struct watch *watch = inner->owner;

	if (change == DIRECTORY_ITSELF) /* another may have its name now */
		loop_directory_remove(watch->loop, inner);
	else if (is_unfinished(name))
		return;
	watch->on_change(watch);
}

static void on_outer_change(struct loop_directory *outer,
			    enum directory_change change, const char *name)
{
	struct watch *watch = outer->owner;

	if (change == DIRECTORY_ITSELF || !name ||
	    strcmp(name, SUPERVISE_DIR) == 0)
		watch->on_change(watch);
}

static void on_end_of_life(struct loop_watch *life)
{
	struct watch *watch = life->owner;

	loop_watch_remove(watch->loop, life);
	close(life->fd);
	watch->on_change(watch);
}

static void on_again(struct loop_timer *again)
{
	struct watch *watch = again->owner;

	watch->on_change(watch);
}

static int add_inner(struct watch *watch, const char *path)
{
	watch->inner.on_change = on_inner_change;
	watch->inner.owner = watch;
	return loop_directory_add(watch->loop, &watch->inner, path);
}

/* Where the directory doesn't hold it. */
static int subscribe_elsewhere(struct watch *watch)
{
	int state_fd = state_place_find(watch->dir_fd, SUPERVISE_DIR);
	char path[PATH_MAX];
	int result = -1;

	if (state_fd == -1)
		return -1;
	if (self_path_of(state_fd, path, sizeof(path)) == 0)
		result = add_inner(watch, path);
	close(state_fd);
	return result;
}

/* That a supervisor comes is seen in the directory around its own, unless that
 * can't be written. */
static int subscribe_around(struct watch *watch)
{
	if (watch->outer.is_added)
		return 0;
	if (state_place_is_sealed(watch->dir_fd, SUPERVISE_DIR))
		return -1;
	watch->outer.on_change = on_outer_change;
	watch->outer.owner = watch;
	return loop_directory_add(watch->loop, &watch->outer, watch->path);
}

/* -1: it has to be looked at from time to time. */
static int subscribe(struct watch *watch)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	if (watch->inner.is_added)
		return 0;
	strb_add_format(&path, "%s/" SUPERVISE_DIR, watch->path);
	if (path.is_cut)
		return -1;
	if (subscribe_elsewhere(watch) == 0 || add_inner(watch, room) == 0) {
		loop_directory_remove(watch->loop, &watch->outer);
		return 0;
	}
	if (subscribe_around(watch) == -1)
		return -1;
	/* It may have come in between. */
	return add_inner(watch, room) == 0 || errno == ENOENT ? 0 : -1;
}

/* The same for the end of the supervisor; `ok_fd` is taken over. */
static int watch_life(struct watch *watch, int ok_fd)
{
	if (watch->life.is_added) {
		close(ok_fd);
		return 0;
	}
	watch->life = (struct loop_watch){
		.fd = ok_fd, .on_readable = on_end_of_life, .owner = watch};
	if (loop_watch_add(watch->loop, &watch->life) == 0)
		return 0;
	close(ok_fd);
	return -1;
}

void watch_make_room(size_t count)
{
	/* The directory and supervise/ok; and what the program has besides. */
	const rlim_t needed = (rlim_t)count * 2 + 32;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= needed)
		return;
	limit.rlim_cur = needed < limit.rlim_max ? needed : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void watch_look(struct watch *watch, struct look *look)
{
	int ok_fd;
	int result = subscribe(watch);

	look_take(watch->dir_fd, look, &ok_fd);
	if (ok_fd != -1 && watch_life(watch, ok_fd) == -1)
		result = -1;
	if (result == -1)
		watch_again(watch, WATCH_POLL_NS);
}

void watch_again(struct watch *watch, int64_t span_ns)
{
	int64_t due_ns = loop_now_ns() + span_ns;

	if (watch->again.is_set && watch->again.due_ns <= due_ns)
		return;
	watch->again.on_due = on_again;
	watch->again.owner = watch;
	loop_timer_set(watch->loop, &watch->again, due_ns);
}

void watch_end(struct watch *watch)
{
	loop_timer_cancel(watch->loop, &watch->again);
	loop_directory_remove(watch->loop, &watch->inner);
	loop_directory_remove(watch->loop, &watch->outer);
	if (watch->life.is_added) {
		loop_watch_remove(watch->loop, &watch->life);
		close(watch->life.fd);
	}
}
