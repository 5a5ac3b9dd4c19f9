/* orders.c -- see orders.h. */
#include <poll.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/glance.h"
#include "engine/orders.h"
#include "engine/rules.h"
#include "engine/standing.h"
#include "service/config.h"
#include "service/control.h"
#include "service/supervise_dir.h"

void orders_take_out(struct orders *orders)
{
	if (orders->left > 0 && orders->watch.fd != -1)
		glance_take(orders->watch.fd, orders->left);
	orders->left = 0;
}

static bool is_any(const struct orders *orders)
{
	struct pollfd look = {.fd = orders->watch.fd, .events = POLLIN};

	return poll(&look, 1, 0) == 1;
}

/* Where bytes had to be read one by one, whether another is there. */
static bool is_more(const struct orders *orders, const struct site *site,
		    size_t count)
{
	return count == 1 && orders->left == 0 && hook_is_possible(site) &&
	       is_any(orders);
}

/* 'l' commands a reload unless it says whom others are for: ahead of more
 * letters, or in a directory of encore, which has no reload. */
static bool is_for_service(const struct orders *orders, const struct site *site,
			   const char *letters, size_t i, size_t count)
{
	if (letters[i] != CONTROL_FOR_SERVICE)
		return false;
	if (rules_of(site)->dialect == CONFIG_ENCORE)
		return true;
	return (i == 0 || orders->is_for_logger) &&
	       (i + 1 < count || is_more(orders, site, count));
}

/*
 * One write of a client, as far as that can be told; up to a command whose hook
 * is awaited. Returns how many were obeyed.
 */
static size_t obey_all(struct orders *orders, struct site *site,
		       const struct hook *hook, const char *letters,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count && site->is_hosted; i++) {
		if (letters[i] == CONTROL_FOR_LOGGER && orders->can_pass_on)
			orders->is_for_logger = true;
		else if (is_for_service(orders, site, letters, i, count))
			orders->is_for_logger = false;
		else if (letters[i] == CONTROL_FOR_GROUP ||
			 letters[i] == CONTROL_FOR_PROCESS)
			orders->is_for_group = letters[i] == CONTROL_FOR_GROUP;
		else
			site->tell(
				site,
				&(struct happening){
					.kind = HAPPENED_ORDER,
					.letter = letters[i],
					.is_for_logger = orders->is_for_logger,
					.is_for_group = orders->is_for_group});
		/* What can't be left there is obeyed all the same. */
		if (hook_is_awaited(hook) && orders->left > 0)
			return i + 1;
	}
	return i;
}

/* The prefix of what a hook leaves there goes on record before it is taken out,
 * and off it with what is obeyed next. */
static void note_rest(struct site *site, bool is_for_group)
{
	if (site->standing->is_rest_for_group != is_for_group)
		site->tell(site,
			   &(struct happening){.kind = HAPPENED_REST,
					       .is_for_group = is_for_group});
}

bool orders_go_on(struct orders *orders, bool is_for_group)
{
	orders->is_for_group = is_for_group && is_any(orders);
	return orders->is_for_group;
}

void orders_read(struct orders *orders, struct site *site,
		 const struct hook *hook, size_t most)
{
	char letters[ORDERS_AT_ONCE];
	size_t blindly = hook_is_possible(site) ? 1 : sizeof(letters);
	ssize_t count = 1;

	for (size_t done = 0; done < most && count > 0 && site->is_hosted &&
			      !hook_is_awaited(hook);
	     done += (size_t)count) {
		size_t obeyed = 0;
		bool is_all;

		count = glance(orders->watch.fd, letters, sizeof(letters),
			       blindly, &orders->left);
		is_all = orders->left > 0 || blindly > 1;
		if (count > 0)
			obeyed = obey_all(orders, site, hook, letters,
					  (size_t)count);
		note_rest(site, orders->is_for_group && hook_is_awaited(hook) &&
					(obeyed < (size_t)count ||
					 is_more(orders, site, (size_t)count)));
		if (orders->left > obeyed)
			orders->left = obeyed;
		orders_take_out(orders);
		if (count <= 0 || (is_all && obeyed == (size_t)count))
			orders->is_for_logger = orders->is_for_group = false;
	}
}

/* ---- the FIFO ---- */

static void on_readable(struct loop_watch *watch)
{
	struct site *site = watch->owner;

	site->tell(site, &(struct happening){.kind = HAPPENED_ORDERS});
}

void orders_begin(struct orders *orders, bool can_pass_on)
{
	*orders = (struct orders){.watch = {.fd = -1},
				  .can_pass_on = can_pass_on};
}

int orders_open(struct orders *orders, struct site *site)
{
	int fd = supervise_dir_open_control(site->state_fd);

	orders->watch = (struct loop_watch){
		.fd = fd, .on_readable = on_readable, .owner = site};
	return fd == -1 ? -1 : loop_watch_add(site->loop, &orders->watch);
}

void orders_listen(struct orders *orders, const struct site *site,
		   bool is_listening)
{
	if (!is_listening)
		loop_watch_remove(site->loop, &orders->watch);
	else if (!orders->watch.is_added &&
		 loop_watch_add(site->loop, &orders->watch) == -1)
		diag_warn_errno("unable to watch %s/" SUPERVISE_CONTROL,
				site->name);
}

void orders_close(struct orders *orders, const struct site *site)
{
	loop_watch_remove(site->loop, &orders->watch);
	if (orders->watch.fd != -1)
		close(orders->watch.fd);
	orders->watch.fd = -1;
}
