/*
 * process.h -- the process of a service: how it is started, told things, seen
 * to end. One at a time: a script of the service, whichever its phase is about.
 */
#ifndef ENGINE_PROCESS_H
#define ENGINE_PROCESS_H

#include "engine/service.h"

/* Starts the script that the machine's phase is about, now or, where there is a
 * starter, with the others of this round; first a hook of it, if any. */
void process_start(struct service *service);

/* Waits until what was handed to the starter has a number: nothing can be done
 * to a process before. */
void process_finish_start(struct service *service);

/* Watches `pid`, by `pidfd` if that isn't -1. 0, or -1 with errno, and then the
 * descriptor is closed: see loop_process_add(). */
int process_watch(struct service *service, pid_t pid, int pidfd, bool is_child);

/* Waits for it to be ready, in the ways that it may say so by a FIFO or socket;
 * `is_new`: it is about to start, else it was adopted. */
void process_listen(struct service *service, bool is_new);

/* Sends one signal or two, the second 0 otherwise, to the process, or to all of
 * its group where that is meant or the directory wants it. */
void process_send(struct service *service, const int signals[2],
		  bool is_to_group);

/* It has ended, and so what follows is due. */
void process_ended(struct service *service, struct process_end end);
/* The same, but nothing follows. */
void process_note_end(struct service *service, struct process_end end);

/* How it ended is on record now, unless the record is that of a start to come:
 * lets the kernel forget it. */
void process_bury(struct service *service);

#endif
