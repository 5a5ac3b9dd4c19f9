/*
 * publish.h -- what others can see of a service: the files in supervise/.
 *
 * The state comes first: it is what a later supervisor goes by. What can't be
 * written is written with the next change, or some seconds later.
 */
#ifndef ENGINE_PUBLISH_H
#define ENGINE_PUBLISH_H

#include "engine/service.h"

/* Before anything else: nothing was written yet. */
void publish_begin(struct service *service);

/* Writes all files that a change of the service concerns. A failure is said
 * once, and tried again later. */
void publish(struct service *service);

/* What it waits for may be another. Such changes come in numbers, and
 * nothing depends on them, so one time in half a second will do. */
void publish_soon(struct service *service);

/*
 * Puts on record what a later supervisor goes by; the other files follow in a
 * moment. In an orderly stop most services are gone by then, and there are
 * other news of them.
 */
void publish_wish(struct service *service);

/* Whoever is told by "ok" that there is a supervisor also finds a status:
 * writes one if there is none. */
void publish_first_status(struct service *service);

/*
 * What publish() would say of a process that is starting, said by itself:
 * called in the child, whose cwd is the service directory. `owner` is the
 * service. See struct spawn_plan.
 */
enum record_result publish_in_child(const void *owner,
				    const struct identity *identity);

/* The process that started has, or hasn't, put itself on record. */
void publish_started(struct service *service, enum record_result result);

/* Nothing of what is in the files is known to be true any more. */
void publish_forget(struct service *service);

#endif
