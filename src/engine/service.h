/*
 * service.h -- one supervised service directory, as its supervisor hosts it.
 *
 * The state machine decides, this carries out: it owns the files in supervise/,
 * the process and the timer. There is one way to begin: look at what is on
 * record, adopt what is alive, start what should be; a supervisor that was
 * killed and a first boot take the same path.
 */
#ifndef ENGINE_SERVICE_H
#define ENGINE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "engine/obituary.h"
#include "engine/site.h"
#include "engine/standing.h"
#include "loop/loop.h"
#include "service/status.h"

/* How many descriptors a hosted service takes: lock, control, pidfd; and, where
 * links to FIFOs can't be made, ok; and ready, until it is. */
#define SERVICE_DESCRIPTORS 3

struct service;
struct aside;
struct herald;

/* Whoever says what a service waits for: see engine/depend.h. */
struct service_gate {
	/* A step comes: sets machine.must_wait and machine.is_held. */
	void (*before_step)(struct service *service);
	/* The service may stand differently now. It may have let go. */
	void (*after_step)(struct service *service);
	/* The name of something that it waits for to start; NULL: nothing. */
	const char *(*waits_for)(const struct service *service);
};
struct starter;

struct service {
	struct site site;
	/* Also the owner's. */
	struct starter *starter; /* NULL: each start is made at once */
	const struct obituaries *obituaries; /* NULL: nobody tells */
	/* All is about to be stopped: what runs is adopted, nothing starts. */
	bool is_closing;
	/* CLOCK_MONOTONIC: what service_begin() starts isn't started sooner. */
	int64_t begin_due_ns;
	/* A process is about to start. May be NULL. */
	void (*before_start)(struct service *service);
	/* Its logger, for commands that are meant for that; NULL: it has none.
	 * May be NULL. */
	struct service *(*logger_of)(struct service *service);
	const struct service_gate *gate; /* borrowed; NULL: waits for nothing */
	/* It failed for good, which isn't on record yet, and all is to end with
	 * that exit code. Not to be done at once. May be NULL. */
	void (*on_giving_up)(struct service *service, int exit_code);
	/* It let go: nothing runs, the lock is free. It may be opened again. */
	void (*on_gone)(struct service *service);
	void *owner;

	/* The rest is that of service.c and its parts: see step.h. */
	struct standing standing;
	int control_fd; /* owned; -1 when closed */
	int ok_fd;      /* owned; -1: "ok" is another name of "control" */
	bool is_start_pending; /* it was handed to the starter */
	bool is_fresh;         /* nothing was on record here before */
	size_t control_left;   /* bytes there that are being obeyed */
	struct loop_watch control;
	struct loop_watch ready; /* see ready.h */
	struct loop_process process;
	/* Of the last one, until its end is on record: a supervisor that is
	 * killed before leaves it to whoever inherits its children. */
	struct loop_remains remains;
	struct loop_timer timer;
	bool was_term_sent;    /* before those that a hook holds back */
	char hook;             /* whose hook is awaited: see hook.h; 0: none */
	bool is_for_logger;    /* the letters that come next are */
	bool is_for_group;     /* and the signals of these */
	struct aside *asides;  /* see aside.h */
	struct herald *herald; /* owned; see herald.h */
	char events_due[4];    /* see event.h */
	uint32_t plain_sum;    /* of what plain.h wrote; 0: nothing */
	unsigned watchers;     /* see ready_watch(); kept when it lets go */
	struct loop_timer probe; /* these two: see probe.h */
	pid_t checked_pid;       /* 0: no check runs */
	struct loop_timer again; /* set while a record isn't written */
	struct timespec changed_before;
	unsigned char published[STATUS_SIZE];
	bool is_scope_missed; /* there is no cgroup for it, and it was said */
	bool is_unwatched; /* its process can't be adopted, and it was said */
	bool is_status_broken; /* the last publication failed, and it was said
				*/
};

/* What kept a directory from being supervised: "unable to VERB NAME/FILE". */
struct service_trouble {
	const char *verb, *file;
};

/*
 * Takes the directory over: the lock, the FIFOs. Returns NULL, or what failed,
 * with errno; then nothing is held. EAGAIN on the lock: somebody else
 * supervises there.
 */
const struct service_trouble *service_open(struct service *service);

/* Adopts the process that runs, or starts one if one is wanted. */
void service_begin(struct service *service);

/* As if `letter` had come to supervise/control. */
void service_obey(struct service *service, char letter);

/* What its gate has to say may have changed. */
void service_release(struct service *service);

/* Once it has begun, where nobody is waited for: it may be on record as wanted
 * down, but held for others that ran then. */
void service_end_held(struct service *service);

/* It is to end, and to be started again when its gate lets it. */
void service_yield(struct service *service);

/* Its script runs now; or not, with errno, where spawned->pid is -1. */
void service_started(struct service *service, const struct spawned *spawned);

/* It said that it is ready, in whatever way it has for that. */
void service_ready(struct service *service);

/* A hook is over: sends what it held back, the first signal only if it
 * `is_done` already. */
void service_hooked(struct service *service, bool is_done);
/* The same for the hook of a start. */
void service_start_on(struct service *service);
/* Reads commands, or doesn't while a hook is awaited. */
void service_listen(struct service *service);

/* An orderly stop, which ends in on_gone(); a service that isn't hosted is
 * left alone. */
void service_stop(struct service *service);

/* The same for a logger, whose input has just been ended by its owner. */
void service_drain(struct service *service);

bool service_is_running(const struct service *service);

/* Calls `visit` for each FIFO that has a reader because somebody supervises: an
 * upgrade keeps those open. */
void service_visit_fifos(const struct service *service,
			 void (*visit)(int fd, void *with), void *with);

/* Stops watching, and frees what is held; the process runs on, and the files
 * say so: whoever opens the directory next adopts it. */
void service_forget(struct service *service);

#endif
