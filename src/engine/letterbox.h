/*
 * letterbox.h -- a datagram socket that anybody may write to, read in such a
 * way that nobody can hold its reader up.
 *
 * A letter is looked at first, and taken out when its owner has done what
 * follows from it: should this process be killed in between, and the socket be
 * kept (see keeper.h), the next one finds it.
 *
 * With a message come descriptors, if its sender wants it so, and to close the
 * last one of a file may take for as long as the sender likes: that of a TCP
 * socket that lingers, say. Linux 6.16 lets a socket refuse them, and they
 * never come in. Before, what a message brings along is never opened here, and
 * such messages are taken out by a thread, one at a time, that may hang as it
 * has nothing else to do; meanwhile it alone waits, and what else comes to that
 * socket. It is interrupted now and then, which most waits heed. A message
 * without descriptors never needs one.
 *
 * Linux only.
 * Source: unix(7), socket(7).
 */
#ifndef ENGINE_LETTERBOX_H
#define ENGINE_LETTERBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/keeper.h"
#include "loop/loop.h"

#define LETTER_BYTES 4096

struct letter {
	pid_t pid; /* of the sender, when it was sent; 0: it isn't told */
	uid_t uid;
	/* That very process; -1: the system doesn't say, or it is gone. */
	int pidfd;
	bool is_gone;
	bool is_cut; /* it is longer than that */
	char text[LETTER_BYTES + 1];
};

struct letterbox {
	struct loop *loop;
	struct loop_watch watch; /* its socket, owned */
	struct kept kept;        /* that of svscanboot */
	/* Returns whether the letterbox is still there. The letter is its own.
	 */
	bool (*on_letter)(struct letterbox *box, struct letter *letter);
	void *owner;
	bool is_guarded;         /* descriptors don't come in */
	struct errand *errand;   /* a thread takes one out; NULL: none does */
	struct loop_timer again; /* set while there is no thread to be had */
};

/* A socket that tells who sends, and refuses descriptors if it can; it has no
 * name yet. -1 with errno. */
int letterbox_socket(void);

/* Reads from that socket, or from one that came back, which it owns from now
 * on, and has it kept. 0, or -1 with errno, and then it is closed. Loop,
 * callback and owner are set. */
int letterbox_open(struct letterbox *box, struct keeper *keeper, int fd);

/* Reads what there is now, some letters at the most. */
void letterbox_look(struct letterbox *box);

/* For good: nobody can write to it any more, and what is in it goes. */
void letterbox_close(struct letterbox *box);
/* This process is done with it, others aren't. */
void letterbox_leave(struct letterbox *box);

/* Whether it is its sender who has that pid now. Asked after what was found out
 * about that pid: so that was about him. */
bool letter_is_from_living(const struct letter *letter);

#endif
