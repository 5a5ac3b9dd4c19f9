/*
 * claim.h -- what a record claims to run: the one place that decides whether
 * that may be adopted, and so be signalled and killed.
 *
 * Only what is certain is acted on. A process that lives, and is the one on
 * record, and of which nobody else could have said so, is adopted. One that is
 * known to have ended is dealt with as a death. Of anything else neither can be
 * said; it is left alone, and nothing is started beside it. Whoever can write
 * in supervise/ has a say in what becomes of that one service, at most.
 */
#ifndef ENGINE_CLAIM_H
#define ENGINE_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "service/identity.h"
#include "service/era.h"

enum claim_verdict {
	CLAIM_NONE,  /* nothing is said to run */
	CLAIM_DEAD,  /* it has ended */
	CLAIM_ALIVE, /* it runs, and is the one */
	/* The rest is left alone. */
	CLAIM_DOUBTED,   /* it runs, but others may have written that */
	CLAIM_UNSEEN,    /* there is such a process, and no looking at it */
	CLAIM_RESTORED,  /* one that is like it started at another time */
	CLAIM_ELSEWHERE, /* it may run in another pid namespace */
	CLAIM_VERDICTS
};

/* All that the decision depends on. */
struct claim_facts {
	bool is_provable; /* the record tells it from others: identity.h */
	bool is_trusted;  /* nobody else could have written the record */
	enum era_relation relation;
	bool has_same_clock; /* see era_has_same_clock() */
	int64_t start_ticks; /* on record */
	bool exists;         /* a process with that number */
	bool is_zombie;      /* which has ended, and wasn't reaped yet */
	int64_t found_ticks; /* when it started; not above 0: not known */
	/* It was there before this program, and in the directory of the
	 * service, as what was started there begins. */
	bool is_at_home;
};

/* A pure function. */
enum claim_verdict claim_decide(const struct claim_facts *facts);

/*
 * What is true of the process on record now. `home_fd` is the directory that it
 * would have begun in. `is_trusted` is the caller's to know: see trust.h.
 */
enum claim_verdict claim_judge(const struct identity *identity, bool is_trusted,
			       int home_fd, struct eras *eras);

/* Fills in what is found out about whoever has that number. */
void claim_find(int64_t pid, struct claim_facts *facts);

/* Once its number can't be given away any more: whether it is the same still.
 */
bool claim_holds(const struct identity *identity);

#endif
