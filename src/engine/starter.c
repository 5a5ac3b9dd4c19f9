/* starter.c -- see starter.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/keeper.h"
#include "engine/script.h"
#include "engine/starter.h"

/* Fewer starts aren't worth a thread. */
#define THREADS_FROM 8
#define THREAD_STACK (64 * 1024)

struct job {
	struct service *service;
	struct script script;
	struct spawned spawned;
	int error; /* 0: it started */
};

/* What the lanes share: each takes the next job until there is none. */
struct work {
	struct spawner *spawner;
	struct job jobs[STARTER_JOBS];
	unsigned count;
	atomic_uint next;
};

struct lane {
	struct work *work;
	unsigned number;
	pthread_t thread;
	bool is_thread;
};

static void *run_lane(void *argument)
{
	const struct lane *lane = argument;
	struct work *work = lane->work;
	unsigned i;

	while ((i = atomic_fetch_add(&work->next, 1)) < work->count) {
		struct job *job = &work->jobs[i];

		if (job->error != 0)
			continue;
		job->error = spawn(work->spawner, lane->number,
				   &job->script.plan, &job->spawned) == -1
				     ? errno
				     : 0;
	}
	return NULL;
}

/* Without a thread its lane stays empty; the others do the work. */
static void start_lanes(struct lane *lanes, unsigned count)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	if (pthread_attr_init(&attributes) != 0)
		return;
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 1; i < count; i++)
		lanes[i].is_thread =
			pthread_create(&lanes[i].thread, &attributes, run_lane,
				       &lanes[i]) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

static void run_jobs(struct work *work)
{
	struct lane lanes[SPAWN_LANES];
	unsigned count = work->count < THREADS_FROM ? 1 : spawn_lanes();

	for (unsigned i = 0; i < count; i++)
		lanes[i] = (struct lane){.work = work, .number = i};
	start_lanes(lanes, count);
	run_lane(&lanes[0]);
	for (unsigned i = 1; i < count; i++) {
		if (lanes[i].is_thread)
			pthread_join(lanes[i].thread, NULL);
	}
}

/* `spawned`, or errno. */
static void tell(struct service *service, const struct spawned *spawned)
{
	struct site *site = &service->site;

	site->tell(site, &(struct happening){.kind = HAPPENED_START,
					     .spawned = spawned});
}

void starter_add(struct starter *starter, struct service *service)
{
	if (starter->count == STARTER_JOBS)
		starter_flush(starter);
	starter->jobs[starter->count++] = service;
}

static void make_starts(struct starter *starter)
{
	struct work work = {.spawner = starter->spawner,
			    .count = starter->count};

	/* What follows from a start may be another. */
	starter->count = 0;
	keeper_flush(starter->keeper);
	for (unsigned i = 0; i < work.count; i++) {
		struct job *job = &work.jobs[i];

		job->service = starter->jobs[i];
		job->spawned.pid = -1;
		job->error = script_prepare(job->service, &job->script) == -1
				     ? errno
				     : 0;
	}
	run_jobs(&work);
	for (unsigned i = 0; i < work.count; i++) {
		errno = work.jobs[i].error;
		tell(work.jobs[i].service, &work.jobs[i].spawned);
		script_free(&work.jobs[i].script);
	}
}

void starter_flush(struct starter *starter)
{
	/* Most of the time there is nothing to do. */
	if (starter->count > 0)
		make_starts(starter);
}

void starter_make(struct service *service)
{
	struct script script;
	struct spawned spawned = {.pid = -1};

	if (script_prepare(service, &script) == 0)
		spawn(service->site.spawner, 0, &script.plan, &spawned);
	tell(service, &spawned);
	script_free(&script);
}
