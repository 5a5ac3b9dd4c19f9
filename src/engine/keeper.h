/*
 * keeper.h -- what outlives this process: descriptors that svscanboot keeps, or
 * that an upgrade hands down.
 *
 * Here is svscan's side of service/keeping.h. What is to be kept is gathered,
 * and given away in few messages, before the starts that rely on it. Once it
 * was sent it is safe, as long as svscanboot lives. Nobody waits: what doesn't
 * go through the door at once isn't kept, which its owner can ask.
 *
 * Sockets come back: from svscanboot, or from the program that became this one.
 * Whoever knows one by its address takes it; the rest is let go when the scan
 * directory has been looked at without trouble.
 *
 * Where there is no svscanboot nothing is ever kept, at no cost. `keeper` may
 * be NULL everywhere.
 */
#ifndef ENGINE_KEEPER_H
#define ENGINE_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "loop/loop.h"
#include "service/keeping.h"

struct keeper;

/* One that is kept; a member of its owner's struct. All zeros: it isn't. */
struct kept {
	struct keeper *keeper; /* NULL: it isn't kept */
	struct keeping_name name;
	int fd;       /* until it is sent */
	bool is_ours; /* that descriptor is closed then */
	bool is_sent;
	struct kept *next; /* of those that are gathered */
};

struct keeper {
	struct loop *loop;
	int door_fd;             /* owned; -1: there is none (any more) */
	unsigned most, count;    /* so many can be kept, and are */
	struct loop_watch watch; /* of its end */
	bool is_settled;
	struct kept *gathered; /* borrowed */
	unsigned gathered_count;
	struct keeping_name drops[KEEPING_MOST]; /* to be sent, too */
	unsigned drop_count;
	struct returned *returned; /* owned; by their addresses, if sorted */
	size_t returned_count, returned_room;
	bool is_sorted;
};

/* Takes the door that the environment names, if any, and what waits there. */
void keeper_open(struct keeper *keeper, struct loop *loop);
/* Whether anything can be kept. */
bool keeper_is_there(const struct keeper *keeper);
/* Nothing is let go: it is kept for the next svscan. */
void keeper_close(struct keeper *keeper);

/*
 * Has `fd` kept, a FIFO's read end or a socket: from the next keeper_flush() on
 * it is safe, or isn't. `is_ours`: it is closed then; otherwise it stays open
 * until then at least. `kept` is all zeros, or was dropped.
 */
void keeper_keep(struct keeper *keeper, struct kept *kept, int fd,
		 bool is_ours);
/* The struct that says so is another from now on. */
void keeper_move(struct kept *to, struct kept *from);
/* It needn't be kept any more. */
void keeper_drop(struct kept *kept);
/* The struct goes, and what it stands for stays kept, for the next svscan. */
void keeper_leave(struct kept *kept);
/* Whether it survives this process. */
bool keeper_has(const struct kept *kept);
/* Sends what was gathered. */
void keeper_flush(struct keeper *keeper);

/* The directory was looked at, and all is well: what isn't kept by now is let
 * go, and `discard` gets each socket that nobody has taken, and the struct to
 * let it go with, when it is closed. Has an effect once. */
void keeper_settle(struct keeper *keeper,
		   void (*discard)(struct loop *loop, int fd,
				   struct kept *kept));

/* A socket comes back, which it owns from now on. */
void keeper_return(struct keeper *keeper, int fd);
/* The socket with that address, for the caller to own, and to have kept again;
 * -1: none came back. */
int keeper_claim(struct keeper *keeper, const struct sockaddr *address,
		 socklen_t size_bytes);

/*
 * An upgrade: the next program gets the door, too, and the variable says so; or
 * not (`hand_down` false), when there is no next program after all.
 */
void keeper_hand_down(struct keeper *keeper, bool hand_down);

#endif
