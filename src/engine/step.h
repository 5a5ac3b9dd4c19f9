/*
 * step.h -- something happens, the machine decides, and that is put on record
 * and carried out.
 *
 * The parts of a service report here, and are called from here; takeover.c
 * begins it.
 */
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include "engine/service.h"

/* site.tell() of each service. */
void service_told(struct site *site, const struct happening *happening);

/* `letter` counts for EVENT_COMMAND only. Afterwards the service may be gone.
 */
void service_step(struct service *service, enum machine_event event,
		  char letter);

/* Its process has ended, and so what follows is due. */
void service_ended(struct service *service, struct process_end end);

/* Lets go of the directory: nobody supervises it any more. */
void service_let_go(struct service *service);
/* Closes what was opened there: lock, FIFOs, sockets. */
void service_close(struct service *service);

/* Puts on record how it stands. */
void service_publish(struct service *service);
/* Says by "ok" that there is a supervisor, unless a start is to do that. */
void service_offer_ok(struct service *service);
/* Sends what is on record as due, and puts on record that it was sent. */
void service_send_due(struct service *service);
/* The file "down": brings about what is on record as due. True: there was
 * something, and it is to be put on record. */
bool service_change_down_file(struct service *service);

/* Sets the timers that the machine's state asks for; the first one is
 * service_on_timer()'s. */
void service_set_timers(struct service *service);
void service_on_timer(struct loop_timer *timer);

#endif
