/* hold.c -- see hold.h. */
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "boot/hold.h"

#define SPARE_DESCRIPTORS 32 /* for all else that this process has open */

/* ---- the table ---- */

static uint32_t *bucket_of(struct hold *hold, const struct keeping_name *name)
{
	uint64_t mixed = name->inode * 31 + name->device;

	return &hold->buckets[mixed % HOLD_BUCKETS];
}

/* Where it is pointed at from; *link is 0 if it isn't there. */
static uint32_t *find(struct hold *hold, const struct keeping_name *name)
{
	uint32_t *link = bucket_of(hold, name);

	while (*link != 0 && !keeping_is_same(&hold->all[*link].name, name))
		link = &hold->all[*link].next;
	return link;
}

static uint32_t take_free(struct hold *hold)
{
	uint32_t number = hold->free;

	if (number != 0)
		hold->free = hold->all[number].next;
	else
		number = ++hold->used;
	return number;
}

static void keep(struct hold *hold, int fd)
{
	struct keeping_name name;
	struct held *held;
	uint32_t *link;
	bool is_socket;

	if (!keeping_name_of(fd, &name, &is_socket)) {
		close(fd);
		return;
	}
	link = find(hold, &name);
	if (*link != 0) {
		hold->all[*link].is_named = true;
		close(fd);
		return;
	}
	if (hold->count == hold->most) {
		close(fd);
		return;
	}
	*link = take_free(hold);
	held = &hold->all[*link];
	*held = (struct held){.name = name,
			      .fd = fd,
			      .is_socket = is_socket,
			      .is_named = true};
	hold->count++;
}

static void let_go(struct hold *hold, uint32_t *link)
{
	uint32_t number = *link;
	struct held *held = &hold->all[number];

	if (number == 0)
		return;
	close(held->fd);
	*link = held->next;
	held->fd = -1;
	held->next = hold->free;
	hold->free = number;
	hold->count--;
}

static void forget_names(struct hold *hold)
{
	for (uint32_t i = 1; i <= hold->used; i++)
		hold->all[i].is_named = false;
}

static void sweep(struct hold *hold)
{
	for (uint32_t i = 1; i <= hold->used; i++) {
		const struct held *held = &hold->all[i];

		if (held->fd != -1 && !held->is_named)
			let_go(hold, find(hold, &held->name));
	}
}

/* ---- the door ---- */

static void obey(struct hold *hold, const struct keeping *message)
{
	if (message->orders & KEEPING_BEGIN)
		forget_names(hold);
	for (unsigned i = 0; i < message->drop_count; i++)
		let_go(hold, find(hold, &message->drops[i]));
	for (unsigned i = 0; i < message->fd_count; i++)
		keep(hold, message->fds[i]);
	if (message->orders & KEEPING_SWEEP)
		sweep(hold);
}

/* This process has both ends, so the end of it never comes. */
static enum keeping_got receive(int fd, struct keeping *message)
{
	enum keeping_got got;

	do
		got = keeping_receive(fd, message);
	while (got == KEEPING_NOISE);
	return got;
}

void hold_serve(struct hold *hold)
{
	struct keeping message;

	if (hold->door_fd == -1)
		return;
	while (receive(hold->door_fd, &message) == KEEPING_MESSAGE)
		obey(hold, &message);
}

/* It is for a svscan that is dead. */
static void take_back(struct hold *hold)
{
	struct keeping message;

	while (receive(hold->guest_fd, &message) == KEEPING_MESSAGE) {
		for (unsigned i = 0; i < message.fd_count; i++)
			close(message.fds[i]);
	}
}

static void offer(struct hold *hold)
{
	struct keeping message = {.fd_count = 0};

	for (uint32_t i = 1; i <= hold->used; i++) {
		struct held *held = &hold->all[i];

		if (held->fd == -1 || !held->is_socket)
			continue;
		message.fds[message.fd_count++] = held->fd;
		if (message.fd_count < KEEPING_MOST)
			continue;
		keeping_send(hold->door_fd, &message);
		message.fd_count = 0;
	}
	if (message.fd_count > 0)
		keeping_send(hold->door_fd, &message);
}

void hold_prepare(struct hold *hold)
{
	if (hold->door_fd == -1)
		return;
	hold_serve(hold);
	take_back(hold);
	offer(hold);
}

/* ---- beginning ---- */

static void raise_limit(struct hold *hold)
{
	struct rlimit wanted;

	if (getrlimit(RLIMIT_NOFILE, &hold->limit) == -1)
		return;
	wanted = hold->limit;
	if (wanted.rlim_cur < wanted.rlim_max) {
		wanted.rlim_cur = wanted.rlim_max;
		hold->has_raised_limit = setrlimit(RLIMIT_NOFILE, &wanted) == 0;
	}
	if (!hold->has_raised_limit)
		wanted = hold->limit;
	hold->most = HOLD_MOST;
	if (wanted.rlim_cur < HOLD_MOST + SPARE_DESCRIPTORS)
		hold->most =
			wanted.rlim_cur <= SPARE_DESCRIPTORS
				? 0
				: (unsigned)wanted.rlim_cur - SPARE_DESCRIPTORS;
}

void hold_open(struct hold *hold)
{
	int ends[2];

	hold->door_fd = hold->guest_fd = -1;
	raise_limit(hold);
	if (keeping_open(ends) == -1)
		return;
	hold->door_fd = ends[0];
	hold->guest_fd = ends[1];
}

/* Half of the room is for what an svscan that was killed has named, until the
 * next one has said what of that it wants. */
char *hold_hand_down(const struct hold *hold)
{
	static char entry[KEEPING_ENTRY_SIZE];

	if (hold->guest_fd == -1)
		return NULL;
	keeping_entry(entry, hold->guest_fd, hold->most / 2);
	fcntl(hold->guest_fd, F_SETFD, 0);
	return entry;
}

void hold_restore_limit(const struct hold *hold)
{
	if (hold->has_raised_limit)
		setrlimit(RLIMIT_NOFILE, &hold->limit);
}
