/* aside.c -- see aside.h. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "engine/aside.h"

struct aside {
	struct site *site;  /* NULL: it has gone */
	struct aside *next; /* of that service */
	struct aside *next_of_all;
	struct loop *loop;
	struct loop_process process;
	struct loop_timer limit;
	void (*on_end)(struct site *site, void *owner, struct process_end end);
	void *owner;
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
	free(aside);
}

static void on_limit(struct loop_timer *timer)
{
	struct aside *aside = timer->owner;
	struct process_end end = {.is_known = true, .signal_number = SIGKILL};

	/* As long as the leader can be asked for, the group has its number. */
	if (loop_process_signal(&aside->process, 0) == 0)
		kill(-aside->process.pid, SIGKILL);
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

static int start(struct aside *aside, const struct aside_plan *plan)
{
	struct site *site = aside->site;
	struct spawn_plan spawn_plan = {
		.script = plan->script,
		.name = site->name,
		.dir_fd = site->dir_fd,
		.lock_fd = site->lock_fd,
		.input_dir_fd = -1,
		.notification_fd = -1,
		.lock_fd_number = -1,
		.holds_control = plan->holds_control,
	};
	struct spawned spawned;
	int error;

	for (int i = 0; plan->arguments[i]; i++)
		spawn_plan.arguments[i] = plan->arguments[i];
	if (spawn(site->spawner, 0, &spawn_plan, &spawned) == -1)
		return -1;
	aside->process = (struct loop_process){.pid = spawned.pid,
					       .is_child = true,
					       .on_exit = on_exit_of_process,
					       .owner = aside};
	if (loop_process_add(site->loop, &aside->process, spawned.pidfd) == 0)
		return 0;
	error = errno;
	kill(spawned.pid, SIGKILL); /* nobody would ever reap it */
	waitpid(spawned.pid, NULL, 0);
	errno = error;
	return -1;
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
		free(aside);
	}
}
