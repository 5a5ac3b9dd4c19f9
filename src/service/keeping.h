/*
 * keeping.h -- descriptors that svscanboot keeps open for svscan: the messages
 * between the two.
 *
 * What svscan opens for its services goes with svscan, should it be killed: of
 * a log pipe the last reader, perhaps, and of a notify socket its name and what
 * was said to it. So svscan hands such descriptors to svscanboot, through a
 * pair of sockets, the "door", which svscanboot holds both ends of. What is in
 * it is kept as well: there is no moment at which nobody has it.
 *
 * Nothing has a name but what the system gives it, device and inode. Sockets
 * are handed back to the next svscan, in messages that wait for it in the door
 * when it starts; a FIFO it finds by itself. What an svscan has named, and not
 * let go since, is what it wants kept: of all else, svscanboot lets go when it
 * is told that nothing more comes. Neither ever waits for the other; what
 * doesn't fit is not kept.
 * Source: unix(7).
 */
#ifndef SERVICE_KEEPING_H
#define SERVICE_KEEPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The variable that tells svscan the number of its end of the door, and how
 * many descriptors there is room for: "FD,ROOM". It never reaches a service. */
#define KEEPING_VARIABLE "HOLDFAST_KEEPER"

#define KEEPING_MOST 64 /* names, and descriptors, in a message */

struct keeping_name {
	uint64_t device, inode;
};

enum {
	KEEPING_BEGIN = 1, /* what was named until now is not named any more */
	KEEPING_SWEEP = 2, /* let go of all that isn't named */
};

/* A message is obeyed in this order. */
struct keeping {
	unsigned orders; /* BEGIN comes first, SWEEP last */
	unsigned drop_count, fd_count;
	struct keeping_name drops[KEEPING_MOST]; /* let go */
	int fds[KEEPING_MOST]; /* kept; of svscanboot's messages: given back */
};

/* The bytes of the longest message. */
#define KEEPING_SIZE_MAX (8 + KEEPING_MOST * sizeof(struct keeping_name))

/*
 * The door: neither end waits, or is inherited. 0, or -1 with errno; then there
 * is none.
 */
int keeping_open(int ends[2]);

/*
 * Sends a message; what it was sent with is the sender's as before. False, with
 * errno: it wasn't sent (EAGAIN: there is no room; EPIPE: nobody has the other
 * end).
 */
bool keeping_send(int door_fd, const struct keeping *message);

enum keeping_got {
	KEEPING_NOTHING, /* now */
	KEEPING_MESSAGE, /* its descriptors are the caller's, close-on-exec */
	KEEPING_NOISE,   /* which is forgotten */
	KEEPING_END,     /* nobody has the other end */
};
enum keeping_got keeping_receive(int door_fd, struct keeping *message);

/* Reads what a message says, but for its descriptors. False: it is noise. */
bool keeping_parse(const void *bytes, size_t count, struct keeping *message);

/* What the system calls the file. False: it is neither a FIFO nor a socket. */
bool keeping_name_of(int fd, struct keeping_name *name, bool *is_socket);

bool keeping_is_same(const struct keeping_name *name,
		     const struct keeping_name *other);

/*
 * The door that the environment names, and the room, and removes the variable.
 * -1: there is none.
 */
int keeping_take_variable(unsigned *room);

/* What that variable is to be: "HOLDFAST_KEEPER=FD,ROOM". */
#define KEEPING_ENTRY_SIZE (sizeof(KEEPING_VARIABLE) + 32)
void keeping_entry(char entry[KEEPING_ENTRY_SIZE], int door_fd, unsigned room);

#endif
