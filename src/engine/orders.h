/*
 * orders.h -- the commands that come through supervise/control.
 *
 * They are looked at, obeyed, and only then taken out, so that a supervisor
 * that is killed leaves what it has not obeyed to the next one: see glance.h.
 */
#ifndef ENGINE_ORDERS_H
#define ENGINE_ORDERS_H

#include <stddef.h>

#include "engine/hook.h"
#include "engine/site.h"

/* As many as a FIFO holds: whoever floods it can't keep out other services. */
#define ORDERS_MOST 65536
/* One read's; what is left comes with the next round of the loop. */
#define ORDERS_AT_ONCE 64

struct orders {
	struct loop_watch watch; /* its fd is owned; -1 when closed */
	size_t left;             /* bytes there that are being obeyed */
	bool can_pass_on;        /* there may be a logger to obey some */
	bool is_for_logger;      /* the letters that come next are */
	bool is_for_group;       /* and the signals of these */
};

/* Before anything else: nothing is open. */
void orders_begin(struct orders *orders, bool can_pass_on);

/* Opens the FIFO. 0, or -1 with errno; orders_close() in both cases. Tells
 * HAPPENED_ORDERS when some are to be read. */
int orders_open(struct orders *orders, struct site *site);
void orders_close(struct orders *orders, const struct site *site);

/* Hears of what comes, or doesn't. */
void orders_listen(struct orders *orders, const struct site *site,
		   bool is_listening);

/*
 * Tells HAPPENED_ORDER of what is there, `most` bytes at the most, or as far as
 * the hook lets it; and HAPPENED_REST when that leaves some there, and with
 * what is obeyed next.
 */
void orders_read(struct orders *orders, struct site *site,
		 const struct hook *hook, size_t most);

/* An earlier supervisor was killed while a hook kept it from reading on: what
 * is there `is_for_group`. False: there is nothing. */
bool orders_go_on(struct orders *orders, bool is_for_group);

/* Takes out what was obeyed: it is on record. */
void orders_take_out(struct orders *orders);

#endif
