/*
 * order.h -- what sv can be told to do with services: one table.
 *
 * A command is known by its whole name or, as in runit's sv, by its first
 * letter; whole names win. Source: the runit suite's sv(8), and experiments
 * with it (test/peer/test_peer_sv.py).
 */
#ifndef CMD_SV_ORDER_H
#define CMD_SV_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "client/condition.h"

enum order_kind {
	ORDER_STATUS,  /* show how it is */
	ORDER_COMMAND, /* send, and wait only with -v */
	ORDER_ACTION,  /* send, wait, and report: an LSB init script's */
	ORDER_FORCE,   /* the same, and KILL when the time is over */
};

struct order {
	const char *name; /* or a single letter */
	enum order_kind kind;
	const char *letters;      /* for supervise/control; "" for none */
	enum condition condition; /* of success */
};

/* NULL: there is no such command. */
const struct order *order_find(const char *word);

/* Their names one by one, from 0; NULL after the last. */
const char *order_name(size_t index);

#endif
