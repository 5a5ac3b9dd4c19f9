/*
 * orders.h -- the commands that come through supervise/control.
 *
 * They are looked at, obeyed, and only then taken out, so that a supervisor
 * that is killed leaves what it has not obeyed to the next one: see glance.h.
 */
#ifndef ENGINE_ORDERS_H
#define ENGINE_ORDERS_H

#include "engine/service.h"

/* As many as a FIFO holds: whoever floods it can't keep out other services. */
#define ORDERS_MOST 65536

/* Obeys what is there, `most` bytes at the most, or as far as a hook lets it.
 */
void orders_read(struct service *service, size_t most);

/* For the loop: some have come. watch->owner is the service. */
void orders_on_readable(struct loop_watch *watch);

/* Obeys one, as if it had come. */
void orders_obey(struct service *service, char letter);

/* An earlier supervisor was killed while a hook kept it from reading on: what
 * is there, if anything, `is_for_group`. */
void orders_go_on(struct service *service, bool is_for_group);

/* Takes out what was obeyed: it is on record. */
void orders_take_out(struct service *service);

#endif
