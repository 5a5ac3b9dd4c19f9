/*
 * service.h -- one supervised service directory, as its supervisor hosts it.
 *
 * The state machine decides what becomes of it; step.c carries that out, and is
 * where its parts report what happens. There is one way to begin: look at what
 * is on record, adopt what is alive, start what should be; a supervisor that
 * was killed and a first boot take the same path (takeover.c).
 */
#ifndef ENGINE_SERVICE_H
#define ENGINE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "engine/event.h"
#include "engine/hook.h"
#include "engine/obituary.h"
#include "engine/orders.h"
#include "engine/presence.h"
#include "engine/probe.h"
#include "engine/process.h"
#include "engine/publish.h"
#include "engine/ready.h"
#include "engine/site.h"
#include "engine/standing.h"
#include "loop/loop.h"

/* How many descriptors a hosted service takes: lock, control, pidfd; and, where
 * links to FIFOs can't be made, ok; and ready, until it is. */
#define SERVICE_DESCRIPTORS 3

struct depend_place;
struct service;
struct start;
struct starter;

/* Whoever has it. All but on_gone() may be NULL. */
struct service_owner {
	/* A process is about to start. */
	void (*before_start)(struct service *service);
	/* Its logger, for commands that are meant for that; NULL: it has none.
	 */
	struct service *(*logger_of)(struct service *service);
	/* It failed, or ended, for good, which isn't on record yet, and all is
	 * to end with that exit code; `why` says what it did. Not to be done at
	 * once. */
	void (*on_giving_up)(struct service *service, const char *why,
			     int exit_code);
	/* It let go: nothing runs, the lock is free. It may be opened again. */
	void (*on_gone)(struct service *service);
};

/* Whoever says what a service waits for: see engine/depend.h. */
struct service_gate {
	/* A step comes: sets machine.must_wait and machine.is_held. */
	void (*before_step)(struct service *service);
	/* The service may stand differently now. It may have let go. */
	void (*after_step)(struct service *service);
	/* The name of something that it waits for to start; NULL: nothing. */
	const char *(*waits_for)(const struct service *service);
};

struct service {
	struct site site; /* first: it leads back to the service */

	/* Set by the owner before service_open(), as much of `site` is. */
	const struct service_owner *calls; /* borrowed */
	void *owner;
	struct starter *starter; /* NULL: each start is made at once */
	const struct obituaries *obituaries; /* NULL: nobody tells */
	const struct service_gate *gate; /* borrowed; NULL: waits for nothing */
	struct depend_place *place;      /* the gate's; see depend.h */
	/* CLOCK_MONOTONIC: what service_begin() starts isn't started sooner. */
	int64_t begin_due_ns;
	/* All is about to be stopped: what runs is adopted, nothing starts. */
	bool is_closing;

	/* The rest is that of step.c, life.c and takeover.c. */
	bool is_start_pending; /* it was handed to the starter */
	struct start *loading; /* the starter's; NULL: see site.hangs_at */
	/* It was let go though its process hangs: that holds on to all it has.
	 */
	bool is_abandoned;
	bool is_shared; /* others can write in supervise/: see inherit.h */
	bool is_shared_said;
	bool was_term_sent; /* before the signals that a hook holds back */
	bool is_unwatched;  /* its process can't be adopted, and it was said */
	struct since changed_before; /* standing.changed, if no start
				      * comes about */
	struct loop_timer timer;     /* the machine's */
	struct standing standing;
	struct publisher publisher;
	struct presence presence;
	struct process process;
	struct orders orders;
	struct ready ready;
	struct herald *herald; /* owned; NULL: there is none */
	struct probe probe;
	struct hook hook;
	struct events events;
};

/* As if `letter` had come to supervise/control. */
void service_obey(struct service *service, char letter);

/* What its gate has to say may have changed. */
void service_release(struct service *service);

/* Once it has begun, where nobody is waited for: it may be on record as wanted
 * down, but held for others that ran then. */
void service_end_held(struct service *service);

/* It is to end, and to be started again when its gate lets it. */
void service_yield(struct service *service);

/* Somebody waits for it to be ready, until service_unwatch(): counted. Only
 * then are services that say nothing found out about; see probe.h. */
void service_watch(struct service *service);
void service_unwatch(struct service *service);

/* What it waits for may be another, for others to see. */
void service_waits_anew(struct service *service);

/* An orderly stop, which ends in on_gone(); a service that isn't hosted is
 * left alone. */
void service_stop(struct service *service);

/* The same for a logger, whose input has just been ended by its owner. */
void service_drain(struct service *service);

bool service_is_running(const struct service *service);

/* Its process; 0: none, or one that has no number yet. */
pid_t service_pid(const struct service *service);

/* Calls `visit` for each FIFO that has a reader because somebody supervises,
 * and each socket: an upgrade keeps those open. */
void service_visit_fifos(const struct service *service,
			 void (*visit)(int fd, void *with), void *with);

/* Stops watching, and frees what is held; the process runs on, and the files
 * say so: whoever opens the directory next adopts it. */
void service_forget(struct service *service);

/* What there is to publish of it now. */
static inline struct news service_news(const struct service *service)
{
	const char *waits_for = service->site.hangs_at;

	if (service->gate && service->standing.machine.phase == MACHINE_WAITING)
		waits_for = service->gate->waits_for(service);
	return (struct news){
		.site = &service->site,
		.herald = service->herald,
		.waits_for = waits_for,
		.is_first = service->presence.is_first,
	};
}

#endif
