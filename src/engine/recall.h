/*
 * recall.h -- what the files in supervise/ say of an earlier supervisor.
 *
 * Reads only; decides nothing that the state machine decides.
 */
#ifndef ENGINE_RECALL_H
#define ENGINE_RECALL_H

#include <stdbool.h>

#include "engine/claim.h"
#include "engine/standing.h"
#include "service/identity.h"
#include "service/state.h"
#include "service/trust.h"

struct recall_place {
	struct trust_place place; /* where the records are */
	int home_fd;              /* the directory that its process begins in */
	struct eras *eras;
};

struct recall {
	enum claim_verdict verdict; /* on the process on record */
	/* Its pid is that of the process that is alive; 0: none is. The signals
	 * are what that may still have to be sent. */
	struct standing standing;
	/* Of the last process that is known of, alive or not; else zero. */
	struct identity identity;
	char status_text[STATE_TEXT_SIZE]; /* this and the next: see herald.h */
	bool is_stopping;
};

/*
 * Fills in how a service stands, from "state" in supervise/. An
 * earlier supervisor's wishes count if it was killed in this very era (not if
 * it let go in good order); otherwise `is_down_wanted` does, as at first sight.
 * Of what others may have written nothing but the wishes count, which they may
 * have by a command. phase is MACHINE_UP when a process is alive, and also when
 * one was on record and is gone. A process of a killed supervisor of
 * daemontools or runit is found through "status". Cannot fail: what can't be
 * read counts as absent.
 */
void recall_service(const struct recall_place *from, bool is_down_wanted,
		    struct recall *recall);

/* The same where nothing is on record. */
void recall_nothing(bool is_down_wanted, struct recall *recall);

/* Whether a supervisor was killed over that directory in this era, or in one
 * that may go on. */
bool recall_was_hosted(int dir_fd, struct eras *eras);
/* The same of the records in that very directory; the other looks also where
 * they are that it can't hold. */
bool recall_was_hosted_in(int state_fd, struct eras *eras);

#endif
