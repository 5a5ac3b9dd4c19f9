/* orders.c -- see orders.h. */
#include <poll.h>

#include "base/diag.h"
#include "engine/glance.h"
#include "engine/hook.h"
#include "engine/orders.h"
#include "engine/publish.h"
#include "engine/rules.h"
#include "engine/step.h"
#include "engine/takeover.h"
#include "service/config.h"
#include "service/supervise_dir.h"

#define COMMANDS_AT_ONCE 64

void orders_take_out(struct service *service)
{
	if (service->control_left > 0 && service->control_fd != -1)
		glance_take(service->control_fd, service->control_left);
	service->control_left = 0;
}

void orders_obey(struct service *service, char letter)
{
	if (service->standing.machine.phase == MACHINE_DOWN)
		rules_refresh(service); /* it may be about to start */
	if (letter == 'u' || letter == 'U' || letter == 'o')
		policy_forgive(&service->standing.memory);
	service_step(service, EVENT_COMMAND, letter);
}

static bool is_any(const struct service *service)
{
	struct pollfd look = {.fd = service->control_fd, .events = POLLIN};

	return poll(&look, 1, 0) == 1;
}

/* Where bytes had to be read one by one, whether another is there. */
static bool is_more(const struct service *service, size_t count)
{
	return count == 1 && service->control_left == 0 &&
	       hook_is_possible(service) && is_any(service);
}

/* 'l' commands a reload unless it says whom others are for: ahead of more
 * letters, or in a directory of encore, which has no reload. */
static bool is_for_service(const struct service *service, const char *letters,
			   size_t i, size_t count, bool has_logger)
{
	if (letters[i] != CONTROL_FOR_SERVICE)
		return false;
	if (rules_of(service)->dialect == CONFIG_ENCORE)
		return true;
	return (i == 0 || has_logger) &&
	       (i + 1 < count || is_more(service, count));
}

static void obey_for(struct service *target, char letter, bool is_for_group)
{
	bool was_for_group = target->is_for_group;

	target->is_for_group = is_for_group;
	orders_obey(target, letter);
	target->is_for_group = was_for_group;
}

/*
 * One write of a client, as far as that can be told; up to a command whose hook
 * runs then. How many were obeyed.
 */
static size_t obey_all(struct service *service, const char *letters,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count && service->site.is_hosted; i++) {
		bool has_logger = service->is_for_logger && service->logger_of;
		struct service *target =
			has_logger ? service->logger_of(service) : service;

		if (letters[i] == CONTROL_FOR_LOGGER && service->logger_of)
			service->is_for_logger = true;
		else if (is_for_service(service, letters, i, count, has_logger))
			service->is_for_logger = false;
		else if (letters[i] == CONTROL_FOR_GROUP ||
			 letters[i] == CONTROL_FOR_PROCESS)
			service->is_for_group = letters[i] == CONTROL_FOR_GROUP;
		else if (letters[i] == CONTROL_MODES_CHANGED && target)
			takeover_renew_ok(target);
		else if (target && target->site.is_hosted)
			obey_for(target, letters[i], service->is_for_group);
		/* What can't be left there is obeyed all the same. */
		if (hook_is_awaited(service) && service->control_left > 0)
			return i + 1;
	}
	return i;
}

/* The prefix of what a hook leaves there goes on record before it is taken out,
 * and off it with what is obeyed next. */
static void note_rest(struct service *service, bool is_rest)
{
	if (service->standing.is_rest_for_group == is_rest)
		return;
	service->standing.is_rest_for_group = is_rest;
	if (service->site.is_hosted)
		publish(service);
}

void orders_go_on(struct service *service, bool is_for_group)
{
	service->is_for_group = service->standing.is_rest_for_group =
		is_for_group && is_any(service);
}

void orders_read(struct service *service, size_t most)
{
	char letters[COMMANDS_AT_ONCE];
	size_t blindly = hook_is_possible(service) ? 1 : sizeof(letters);
	ssize_t count = 1;

	for (size_t done = 0;
	     done < most && count > 0 && service->site.is_hosted &&
	     !hook_is_awaited(service);
	     done += (size_t)count) {
		size_t obeyed = 0;
		bool is_all;

		count = glance(service->control_fd, letters, sizeof(letters),
			       blindly, &service->control_left);
		is_all = service->control_left > 0 || blindly > 1;
		if (count > 0)
			obeyed = obey_all(service, letters, (size_t)count);
		note_rest(service, service->is_for_group &&
					   hook_is_awaited(service) &&
					   (obeyed < (size_t)count ||
					    is_more(service, (size_t)count)));
		if (service->control_left > obeyed)
			service->control_left = obeyed;
		orders_take_out(service);
		if (count <= 0 || (is_all && obeyed == (size_t)count))
			service->is_for_logger = service->is_for_group = false;
	}
}

void orders_on_readable(struct loop_watch *watch)
{
	/* One read; what is left comes with the next round. */
	orders_read(watch->owner, COMMANDS_AT_ONCE);
}

void service_listen(struct service *service)
{
	if (hook_is_awaited(service))
		loop_watch_remove(service->site.loop, &service->control);
	else if (service->site.is_hosted && !service->control.is_added &&
		 loop_watch_add(service->site.loop, &service->control) == -1)
		diag_warn_errno("unable to watch %s/" SUPERVISE_CONTROL,
				service->site.name);
}
