/* starter.c -- see starter.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/mounts.h"
#include "base/self.h"
#include "base/strb.h"
#include "engine/keeper.h"
#include "engine/launch.h"
#include "engine/script.h"
#include "engine/starter.h"
#include "service/state.h"

#define SHEBANG_BYTES 256 /* what Linux reads of one, about */
/* How long a start may take before something is said, or done, about it. */
#define PATIENCE_NS INT64_C(3000000000)

struct start {
	struct launch launch; /* first: see on_loaded() */
	struct script script;
	struct service *service; /* NULL: it doesn't care any more */
	char waits_for[STATE_NAME_SIZE];
	struct loop_timer patience;
	bool is_said; /* that it hangs */
};

static void start_free(struct start *start)
{
	if (start)
		script_free(&start->script);
	free(start);
}

static void tell(struct service *service, enum happened kind)
{
	struct site *site = &service->site;

	site->tell(site, &(struct happening){.kind = kind});
}

/* `spawned`, or errno. */
static void tell_of_start(struct service *service,
			  const struct spawned *spawned)
{
	struct site *site = &service->site;

	site->tell(site, &(struct happening){.kind = HAPPENED_START,
					     .spawned = spawned});
}

static void on_loaded(struct launch *launch)
{
	struct start *start = (struct start *)(void *)launch;
	struct service *service = start->service;

	if (service) {
		starter_forget(service);
		tell(service, HAPPENED_LOADED);
	}
	start_free(start);
}

/* NULL with errno: memory is short. */
static struct start *prepare(struct service *service)
{
	struct start *start = calloc(1, sizeof(*start));

	if (!start)
		return NULL;
	start->service = service;
	start->launch.on_loaded = on_loaded;
	start->launch.plan = &start->script.plan;
	if (script_prepare(service, &start->script) == 0)
		return start;
	start_free(start);
	errno = ENOMEM;
	return NULL;
}

/* ---- what it waits for ---- */

/* The path that a script names as its interpreter. A file system that hangs
 * doesn't have the script; and a file that can't be opened without waiting has
 * none for us. */
static bool find_interpreter(int dir_fd, const char *script, char *out,
			     size_t size_bytes)
{
	char text[SHEBANG_BYTES];
	int fd = openat(dir_fd, script, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t count = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);
	struct strb path = strb_on(out, size_bytes);
	const char *at = text + 2;

	if (fd != -1)
		close(fd);
	if (count < 2 || memcmp(text, "#!", 2) != 0)
		return false;
	text[count] = '\0';
	at += strspn(at, " \t");
	strb_add_bytes(&path, at, strcspn(at, " \t\n"));
	return !path.is_cut && out[0] == '/';
}

static bool is_remote(const struct mounts *mounts, const char *path,
		      char place[PATH_MAX])
{
	return mounts_follow(mounts, path, 0, place) == MOUNTS_REMOTE;
}

static bool find_place(const struct spawn_plan *plan, char place[PATH_MAX])
{
	struct mounts mounts = {.len = 0};
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	int dir_fd = plan->home_fd != -1 ? plan->home_fd : plan->dir_fd;
	bool is_found = false;

	if (mounts_read(&mounts) == -1 || mounts.len == 0 ||
	    self_path_of(dir_fd, room, sizeof(room)) == -1)
		goto out;
	path.len = strlen(room);
	strb_add(&path, "/");
	strb_add(&path, plan->script);
	is_found =
		is_remote(&mounts, room, place) ||
		(find_interpreter(dir_fd, plan->script, room, sizeof(room)) &&
		 is_remote(&mounts, room, place));
out:
	mounts_free(&mounts);
	return is_found;
}

/* The place of a file system that may hang, on the way to the script or to its
 * interpreter; else it is the script itself. */
static void find_out(struct start *start)
{
	char place[PATH_MAX];

	snprintf(start->waits_for, sizeof(start->waits_for), "%.*s",
		 (int)sizeof(start->waits_for) - 1,
		 find_place(&start->script.plan, place)
			 ? place
			 : start->script.plan.script);
}

/* ---- while it is loading ---- */

static void look_again(struct start *start)
{
	loop_timer_set(start->service->site.loop, &start->patience,
		       loop_now_ns() + PATIENCE_NS);
}

/* A machine that is slow isn't one that hangs. What is to leave was killed when
 * it was told to; what doesn't die of that is left behind. */
static void on_patience(struct loop_timer *timer)
{
	struct start *start = timer->owner;
	const struct spawn_plan *plan = &start->script.plan;

	if (!start->is_said)
		diag_warn("start of %s hangs: %s waits for the file system of "
			  "%s",
			  plan->name, plan->script, start->waits_for);
	start->is_said = true;
	look_again(start);
	if (start->service->standing.machine.is_leaving)
		tell(start->service, HAPPENED_STUCK);
}

static void begin_loading(struct start *start)
{
	start->service->loading = start;
	start->service->site.hangs_at = start->waits_for;
	start->patience =
		(struct loop_timer){.on_due = on_patience, .owner = start};
	find_out(start);
	look_again(start);
}

/* ---- ---- */

static void conclude(struct service *service, struct start *start, int error)
{
	const struct spawned nothing = {.pid = -1};

	if (!start || start->launch.error != 0) {
		errno = start ? start->launch.error : error;
		tell_of_start(service, &nothing);
		start_free(start);
		return;
	}
	if (launch_is_loading(&start->launch))
		begin_loading(start);
	tell_of_start(service, &start->launch.spawned);
	if (!launch_is_loading(&start->launch))
		start_free(start);
}

static void make_starts(struct service *const services[], unsigned count)
{
	struct start *starts[STARTER_JOBS];
	struct launch *launches[STARTER_JOBS];
	unsigned prepared = 0;
	int error = 0;

	for (unsigned i = 0; i < count; i++) {
		starts[i] = prepare(services[i]);
		if (starts[i])
			launches[prepared++] = &starts[i]->launch;
		else
			error = errno;
	}
	if (prepared > 0)
		launch_all(services[0]->site.spawner, services[0]->site.loop,
			   launches, prepared);
	for (unsigned i = 0; i < count; i++)
		conclude(services[i], starts[i], error);
}

void starter_add(struct starter *starter, struct service *service)
{
	if (starter->count == STARTER_JOBS)
		starter_flush(starter);
	starter->jobs[starter->count++] = service;
}

void starter_flush(struct starter *starter)
{
	struct service *services[STARTER_JOBS];
	unsigned count = starter->count;

	/* Most of the time there is nothing to do. */
	if (count == 0)
		return;
	/* What follows from a start may be another. */
	for (unsigned i = 0; i < count; i++)
		services[i] = starter->jobs[i];
	starter->count = 0;
	keeper_flush(starter->keeper);
	make_starts(services, count);
}

void starter_make(struct service *service)
{
	make_starts(&service, 1);
}

void starter_forget(struct service *service)
{
	if (!service->loading)
		return;
	loop_timer_cancel(service->site.loop, &service->loading->patience);
	service->loading->service = NULL;
	service->loading = NULL;
	service->site.hangs_at = NULL;
}
