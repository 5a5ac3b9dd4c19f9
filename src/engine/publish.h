/*
 * publish.h -- what others can see of a service: the files in supervise/.
 *
 * The state comes first: it is what a later supervisor goes by. What can't be
 * written is written with the next change, or some seconds later.
 */
#ifndef ENGINE_PUBLISH_H
#define ENGINE_PUBLISH_H

#include "engine/herald.h"
#include "engine/site.h"
#include "engine/standing.h"
#include "service/status.h"

struct publisher {
	struct loop_timer again; /* set while a record isn't written */
	uint32_t plain_sum;      /* of what plain.h wrote; 0: nothing */
	unsigned char status[STATUS_SIZE]; /* as it was written last */
	bool is_broken; /* the last time failed, and it was said */
};

/* What there is to tell: all of it borrowed. */
struct news {
	const struct site *site; /* and so how it stands */
	const struct herald *herald;
	const char *waits_for; /* see struct service_gate */
	bool is_first;         /* there is no "ok" yet: the child makes it */
};

/* Before anything else: nothing was written yet. Tells HAPPENED_DELAY when
 * publish() is to be called again. */
void publish_begin(struct publisher *publisher, struct site *site);

/* Writes all files that a change of the service concerns. A failure is said
 * once, and tried again later. */
void publish(struct publisher *publisher, const struct news *news);

/* What it waits for may be another. Such changes come in numbers, and
 * nothing depends on them, so one time in half a second will do. */
void publish_soon(struct publisher *publisher, const struct site *site);

/*
 * Puts on record what a later supervisor goes by; the other files follow in a
 * moment. In an orderly stop most services are gone by then, and there are
 * other news of them.
 */
void publish_wish(struct publisher *publisher, const struct news *news);

/* Whoever is told by "ok" that there is a supervisor also finds a status:
 * writes one if there is none. */
void publish_first_status(struct publisher *publisher, const struct site *site);

/*
 * What publish() would say of a process that is starting, said by itself:
 * called in the child, whose cwd is the service directory. `owner` is the
 * news. See struct spawn_plan.
 */
enum record_result publish_in_child(const void *owner,
				    const struct identity *identity);

/* The process that started has, or hasn't, put itself on record. */
void publish_started(struct publisher *publisher, const struct news *news,
		     enum record_result result);

/* Nothing of what is in the files is known to be true any more. */
void publish_forget(struct publisher *publisher);

/* Nothing more is written by itself. */
void publish_end(struct publisher *publisher, const struct site *site);

#endif
