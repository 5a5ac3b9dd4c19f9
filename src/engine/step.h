/*
 * step.h -- what the parts of a service have in common: something happens, the
 * machine decides, and that is put on record and carried out.
 *
 * service.c does that; process.c, orders.c and takeover.c are where things
 * happen.
 */
#ifndef ENGINE_STEP_H
#define ENGINE_STEP_H

#include "engine/service.h"

/* `letter` counts for EVENT_COMMAND only. Afterwards the service may be gone.
 */
void service_step(struct service *service, enum machine_event event,
		  char letter);

/* Lets go of the directory: nobody supervises it any more. */
void service_let_go(struct service *service);
/* Closes what was opened there: lock, FIFOs, sockets. */
void service_close(struct service *service);

/* Sends what is on record as due, and puts on record that it was sent. */
void service_send_due(struct service *service);
/* The file that says what is wished for after a reboot: brings about what is on
 * record as due. True: there was something, and it is to be put on record. */
bool service_change_down_file(struct service *service);

/* Sets the timers that the machine's state asks for; the first one is
 * service_on_timer()'s. */
void service_set_timers(struct service *service);
void service_on_timer(struct loop_timer *timer);

/*
 * Nothing can be run in a directory that was removed, and no command can reach
 * its supervisor: the service ends with its process.
 */
void service_stop_if_removed(struct service *service);

#endif
