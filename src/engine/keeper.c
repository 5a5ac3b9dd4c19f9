/* keeper.c -- see keeper.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/keeper.h"

struct returned {
	int fd; /* -1: it was taken */
	socklen_t size_bytes;
	struct sockaddr_storage address;
};

/* ---- the door ---- */

static void forget_door(struct keeper *keeper)
{
	if (keeper->door_fd == -1)
		return;
	loop_watch_remove(keeper->loop, &keeper->watch);
	close(keeper->door_fd);
	keeper->door_fd = -1;
}

/* Whatever else it says isn't for a svscan that runs. */
static void on_door(struct loop_watch *watch)
{
	struct keeper *keeper = watch->owner;
	struct keeping message;
	enum keeping_got got = keeping_receive(keeper->door_fd, &message);

	for (unsigned i = 0; got == KEEPING_MESSAGE && i < message.fd_count;
	     i++)
		close(message.fds[i]);
	if (got == KEEPING_END)
		forget_door(keeper);
}

/* False: svscanboot is gone, or has no room in the door. */
static bool send_message(struct keeper *keeper, const struct keeping *message)
{
	if (keeper->door_fd == -1)
		return false;
	if (keeping_send(keeper->door_fd, message))
		return true;
	if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM &&
	    errno != ETOOMANYREFS)
		forget_door(keeper);
	return false;
}

static void take_returned(struct keeper *keeper)
{
	struct keeping message;
	enum keeping_got got;

	do {
		got = keeping_receive(keeper->door_fd, &message);
		for (unsigned i = 0;
		     got == KEEPING_MESSAGE && i < message.fd_count; i++)
			keeper_return(keeper, message.fds[i]);
	} while (got == KEEPING_MESSAGE || got == KEEPING_NOISE);
}

void keeper_open(struct keeper *keeper, struct loop *loop)
{
	const struct keeping begin = {.orders = KEEPING_BEGIN};

	*keeper = (struct keeper){.loop = loop};
	keeper->door_fd = keeping_take_variable(&keeper->most);
	if (keeper->door_fd == -1)
		return;
	take_returned(keeper);
	keeper->watch = (struct loop_watch){
		.fd = keeper->door_fd, .on_readable = on_door, .owner = keeper};
	if (loop_watch_add(loop, &keeper->watch) == -1)
		forget_door(keeper);
	send_message(keeper, &begin);
}

bool keeper_is_there(const struct keeper *keeper)
{
	return keeper && keeper->door_fd != -1;
}

/* ---- what is kept ---- */

void keeper_keep(struct keeper *keeper, struct kept *kept, int fd, bool is_ours)
{
	bool is_socket;

	*kept = (struct kept){.fd = fd, .is_ours = is_ours};
	if (keeper_is_there(keeper) && keeper->count < keeper->most &&
	    keeping_name_of(fd, &kept->name, &is_socket)) {
		kept->keeper = keeper;
		kept->next = keeper->gathered;
		keeper->gathered = kept;
		keeper->count++;
		if (++keeper->gathered_count == KEEPING_MOST)
			keeper_flush(keeper);
	} else if (is_ours) {
		close(fd);
	}
}

static void leave_gathered(struct kept *kept)
{
	struct kept **link = &kept->keeper->gathered;

	while (*link != kept)
		link = &(*link)->next;
	*link = kept->next;
	kept->keeper->gathered_count--;
	kept->keeper->count--;
	if (kept->is_ours)
		close(kept->fd);
}

/* One that can't be told of is let go by the next svscan. */
static void note_drop(struct keeper *keeper, const struct keeping_name *name)
{
	keeper->count--;
	if (keeper->drop_count == KEEPING_MOST)
		keeper_flush(keeper);
	if (keeper->drop_count < KEEPING_MOST)
		keeper->drops[keeper->drop_count++] = *name;
}

void keeper_move(struct kept *to, struct kept *from)
{
	if (from->keeper && !from->is_sent)
		keeper_flush(from->keeper);
	*to = *from;
	from->keeper = NULL;
}

void keeper_drop(struct kept *kept)
{
	struct keeper *keeper = kept->keeper;

	if (!keeper)
		return;
	if (!kept->is_sent)
		leave_gathered(kept);
	else if (keeper->door_fd != -1)
		note_drop(keeper, &kept->name);
	kept->keeper = NULL;
}

void keeper_leave(struct kept *kept)
{
	if (kept->keeper && !kept->is_sent)
		keeper_flush(kept->keeper);
	kept->keeper = NULL;
}

bool keeper_has(const struct kept *kept)
{
	return kept->keeper && kept->is_sent && kept->keeper->door_fd != -1;
}

static void take_gathered(struct keeper *keeper, bool is_sent)
{
	while (keeper->gathered) {
		struct kept *kept = keeper->gathered;

		keeper->gathered = kept->next;
		if (kept->is_ours)
			close(kept->fd);
		kept->is_sent = is_sent;
		if (is_sent)
			continue;
		kept->keeper = NULL;
		keeper->count--;
	}
	keeper->gathered_count = 0;
}

void keeper_flush(struct keeper *keeper)
{
	struct keeping message = {.drop_count = 0};
	bool is_sent;

	/* Most of the time there is nothing to do. */
	if (!keeper || (!keeper->gathered && keeper->drop_count == 0))
		return;
	message.drop_count = keeper->drop_count;
	memcpy(message.drops, keeper->drops, sizeof(message.drops));
	for (const struct kept *kept = keeper->gathered; kept;
	     kept = kept->next)
		message.fds[message.fd_count++] = kept->fd;
	is_sent = send_message(keeper, &message);
	if (is_sent)
		keeper->drop_count = 0;
	take_gathered(keeper, is_sent);
}

/* ---- what comes back ---- */

void keeper_return(struct keeper *keeper, int fd)
{
	struct returned *returned;

	if (keeper->returned_count == keeper->returned_room) {
		size_t room = keeper->returned_room * 2 + KEEPING_MOST;
		void *more = realloc(keeper->returned,
				     room * sizeof(*keeper->returned));

		if (!more) { /* its owner makes another */
			close(fd);
			return;
		}
		keeper->returned = more;
		keeper->returned_room = room;
	}
	returned = &keeper->returned[keeper->returned_count];
	memset(returned, 0, sizeof(*returned));
	returned->fd = fd;
	returned->size_bytes = sizeof(returned->address);
	if (getsockname(fd, (struct sockaddr *)&returned->address,
			&returned->size_bytes) == -1) {
		close(fd);
		return;
	}
	keeper->returned_count++;
	keeper->is_sorted = false;
}

static int compare(const void *one, const void *other)
{
	const struct returned *a = one, *b = other;

	if (a->size_bytes != b->size_bytes)
		return a->size_bytes < b->size_bytes ? -1 : 1;
	return memcmp(&a->address, &b->address, a->size_bytes);
}

int keeper_claim(struct keeper *keeper, const struct sockaddr *address,
		 socklen_t size_bytes)
{
	struct returned key = {.size_bytes = size_bytes}, *found;
	int fd;

	if (!keeper || keeper->returned_count == 0 ||
	    size_bytes > sizeof(key.address))
		return -1;
	memcpy(&key.address, address, size_bytes);
	if (!keeper->is_sorted)
		qsort(keeper->returned, keeper->returned_count, sizeof(key),
		      compare);
	keeper->is_sorted = true;
	found = bsearch(&key, keeper->returned, keeper->returned_count,
			sizeof(key), compare);
	if (!found)
		return -1;
	fd = found->fd;
	found->fd = -1;
	return fd;
}

static void discard_returned(struct keeper *keeper,
			     void (*discard)(struct loop *loop, int fd,
					     struct kept *kept))
{
	for (size_t i = 0; i < keeper->returned_count; i++) {
		struct kept kept = {.keeper = keeper, .is_sent = true};
		bool is_socket;

		if (keeper->returned[i].fd == -1)
			continue;
		keeping_name_of(keeper->returned[i].fd, &kept.name, &is_socket);
		keeper->count++;
		discard(keeper->loop, keeper->returned[i].fd, &kept);
	}
	free(keeper->returned);
	keeper->returned = NULL;
	keeper->returned_count = keeper->returned_room = 0;
}

void keeper_settle(struct keeper *keeper,
		   void (*discard)(struct loop *loop, int fd,
				   struct kept *kept))
{
	const struct keeping sweep = {.orders = KEEPING_SWEEP};

	if (!keeper || keeper->is_settled)
		return;
	keeper->is_settled = true;
	discard_returned(keeper, discard);
	keeper_flush(keeper);
	/* Should it fail, the next svscan does it. */
	send_message(keeper, &sweep);
}

/* ---- other programs ---- */

void keeper_close(struct keeper *keeper)
{
	take_gathered(keeper, false);
	forget_door(keeper);
	/* What nobody has taken is closed by the end of the process, which
	 * waits for nobody. */
	free(keeper->returned);
	keeper->returned = NULL;
}

void keeper_hand_down(struct keeper *keeper, bool hand_down)
{
	char entry[KEEPING_ENTRY_SIZE];

	if (keeper->door_fd == -1)
		return;
	keeper_flush(keeper);
	fcntl(keeper->door_fd, F_SETFD, hand_down ? 0 : FD_CLOEXEC);
	keeping_entry(entry, keeper->door_fd, keeper->most);
	if (hand_down)
		setenv(KEEPING_VARIABLE, strchr(entry, '=') + 1, 1);
	else
		unsetenv(KEEPING_VARIABLE);
}
