/* aside.c -- see aside.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strb.h"
#include "engine/aside.h"
#include "engine/launch.h"

#define NAME_BYTES 256 /* for a message: what is longer is cut */
#define ROOM_BYTES 128

struct aside {
	struct launch launch; /* first: see on_loaded() */
	struct spawn_plan plan;
	struct site *site;  /* NULL: it has gone */
	struct aside *next; /* of that service */
	struct aside *next_of_all;
	struct loop *loop;
	struct loop_process process;
	struct loop_timer limit;
	void (*on_end)(struct site *site, void *owner, struct process_end end);
	void *owner;
	bool has_ended; /* but is loading, as far as that was told */
	/* What the plan points to. */
	char name[NAME_BYTES], room[ROOM_BYTES];
};

/* All that run, whose services may have gone. */
static struct aside *in_flight;

static void unlink_from_all(struct aside *aside)
{
	struct aside **link = &in_flight;

	while (*link != aside)
		link = &(*link)->next_of_all;
	*link = aside->next_of_all;
}

static void unlink_from_service(struct aside *aside)
{
	struct aside **link;

	if (!aside->site)
		return;
	link = &aside->site->asides;
	while (*link != aside)
		link = &(*link)->next;
	*link = aside->next;
}

/* Tells of the end, the first time. */
static void tell(struct aside *aside, struct process_end end)
{
	void (*on_end)(struct site *, void *, struct process_end) =
		aside->on_end;

	aside->on_end = NULL;
	if (aside->site && on_end)
		on_end(aside->site, aside->owner, end);
}

static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	struct aside *aside = process->owner;

	loop_timer_cancel(aside->loop, &aside->limit);
	unlink_from_service(aside);
	unlink_from_all(aside);
	tell(aside, end);
	if (launch_is_loading(&aside->launch))
		aside->has_ended = true;
	else
		free(aside);
}

static void on_loaded(struct launch *launch)
{
	struct aside *aside = (struct aside *)(void *)launch;

	atomic_store(&launch->state, LAUNCH_ENDED);
	if (aside->has_ended)
		free(aside);
}

static void on_limit(struct loop_timer *timer)
{
	struct aside *aside = timer->owner;
	struct process_end end = {.is_known = true, .signal_number = SIGKILL};

	loop_process_signal_group(&aside->process, SIGKILL);
	loop_process_signal(&aside->process, SIGKILL);
	tell(aside, end); /* who sleeps in the kernel may die much later */
}

static bool has_room(const struct site *site)
{
	unsigned count = 0;

	for (const struct aside *each = site->asides; each; each = each->next)
		count++;
	return count < ASIDE_MOST;
}

/* A copy, as it may be loading for longer than the original lasts. */
static const char *keep(struct strb *room, const char *text)
{
	const char *kept = room->data + room->len;

	strb_add_bytes(room, text, strlen(text) + 1);
	return kept;
}

/* 0, or -1 with errno: there is too much of it. */
static int make_plan(struct aside *aside, const struct aside_plan *plan)
{
	const struct site *site = aside->site;
	struct strb room = strb_on(aside->room, sizeof(aside->room));

	snprintf(aside->name, sizeof(aside->name), "%s", site->name);
	aside->plan = (struct spawn_plan){
		.script = keep(&room, plan->script),
		.name = aside->name,
		.dir_fd = site->state_fd,
		.home_fd = site_home(site),
		.lock_fd = site->lock_fd,
		.input_dir_fd = -1,
		.notification_fd = -1,
		.lock_fd_number = -1,
		.holds_control = plan->holds_control,
	};
	for (int i = 0; plan->arguments[i]; i++)
		aside->plan.arguments[i] = keep(&room, plan->arguments[i]);
	if (!room.is_cut)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static int start(struct aside *aside, const struct aside_plan *plan)
{
	struct launch *launch = &aside->launch;

	if (make_plan(aside, plan) == -1)
		return -1;
	launch->plan = &aside->plan;
	launch->on_loaded = on_loaded;
	launch_all(aside->site->spawner, aside->loop, &launch, 1);
	if (launch->error != 0) {
		errno = launch->error;
		return -1;
	}
	aside->process = (struct loop_process){.pid = launch->spawned.pid,
					       .is_child = true,
					       .on_exit = on_exit_of_process,
					       .owner = aside};
	if (loop_process_add(aside->loop, &aside->process,
			     launch->spawned.pidfd) == 0)
		return 0;
	return spawn_undo(&launch->spawned);
}

int aside_start(struct site *site, const struct aside_plan *plan)
{
	struct aside *aside;

	if (!has_room(site)) {
		errno = EAGAIN;
		return -1;
	}
	aside = malloc(sizeof(*aside));
	if (!aside)
		return -1;
	*aside = (struct aside){.site = site,
				.next = site->asides,
				.loop = site->loop,
				.on_end = plan->on_end,
				.owner = plan->owner};
	if (start(aside, plan) == -1) {
		aside->has_ended = true;
		if (!launch_is_loading(&aside->launch))
			free(aside);
		return -1;
	}
	aside->limit = (struct loop_timer){.on_due = on_limit, .owner = aside};
	loop_timer_set(aside->loop, &aside->limit,
		       loop_now_ns() + plan->limit_ns);
	site->asides = aside;
	aside->next_of_all = in_flight;
	in_flight = aside;
	return 0;
}

void aside_forget_all(struct site *site)
{
	struct aside *aside;

	while ((aside = site->asides)) {
		site->asides = aside->next;
		aside->site = NULL;
	}
}

void aside_free_all(void)
{
	struct aside *aside;

	while ((aside = in_flight)) {
		in_flight = aside->next_of_all;
		unlink_from_service(aside);
		loop_timer_cancel(aside->loop, &aside->limit);
		loop_process_remove(aside->loop, &aside->process);
		if (!launch_is_loading(&aside->launch))
			free(aside);
	}
}
