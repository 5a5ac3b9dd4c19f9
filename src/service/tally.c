/* tally.c -- see tally.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"
#include "service/tally.h"

#define KILLED                                                                 \
	128 /* plus the signal's number: the exit code of such a death         \
	     */

static void pack(const struct tally_death *death,
		 unsigned char out[TALLY_RECORD_SIZE])
{
	struct timespec at = death->at;
	uint8_t signal_number = death->signal_number;

	at.tv_sec += TALLY_LEAP_S;
	tai64n_pack(at, out);
	out[TAI64N_SIZE] = death->exit_code;
	if (signal_number != 0)
		out[TAI64N_SIZE] = (unsigned char)(KILLED + signal_number);
	out[TAI64N_SIZE + 1] = signal_number;
}

static void unpack(const unsigned char in[TALLY_RECORD_SIZE],
		   struct tally_death *death)
{
	death->at = tai64n_unpack(in);
	/* Unsigned: any bytes give some moment. */
	death->at.tv_sec = (time_t)((uint64_t)death->at.tv_sec - TALLY_LEAP_S);
	death->exit_code = in[TAI64N_SIZE];
	death->signal_number = in[TAI64N_SIZE + 1];
	if (death->signal_number != 0)
		death->exit_code = 0;
}

/* The file's whole records, at most TALLY_MAX, and where the last `max_count`
 * of them begin. How many those are; -1 with errno. */
static int read_last(int dir_fd, unsigned char *room, uint32_t max_count,
		     unsigned char **first)
{
	long got = fd_read_own_file(dir_fd, TALLY_FILE, room,
				    (size_t)TALLY_MAX * TALLY_RECORD_SIZE);
	uint32_t count;

	if (got == -1 && (errno == ENOENT || errno == ELOOP))
		got = 0;
	if (got == -1)
		return -1;
	count = (uint32_t)got / TALLY_RECORD_SIZE;
	*first = room;
	if (count > max_count) {
		*first += (size_t)(count - max_count) * TALLY_RECORD_SIZE;
		count = max_count;
	}
	return (int)count;
}

/*
 * Adds a record where there is room for one: much cheaper than a new file, and
 * one write, so a reader sees all of it or nothing. False: it can't be done, or
 * the file isn't one that we have made.
 */
static bool append(int dir_fd, const unsigned char *record, uint32_t max_count)
{
	int fd = openat(dir_fd, TALLY_FILE,
			O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
				O_NONBLOCK | O_CLOEXEC,
			0644);
	struct stat status;
	bool is_done;

	if (fd == -1)
		return false;
	is_done = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		  status.st_nlink == 1 &&
		  status.st_size % TALLY_RECORD_SIZE == 0 &&
		  status.st_size / TALLY_RECORD_SIZE < max_count &&
		  write(fd, record, TALLY_RECORD_SIZE) == TALLY_RECORD_SIZE;
	close(fd);
	return is_done;
}

int tally_add(int dir_fd, const struct tally_death *death, uint32_t max_count)
{
	/* One more than is read; it is added where the last one ends. */
	unsigned char room[(TALLY_MAX + 1) * TALLY_RECORD_SIZE], *first;
	unsigned char record[TALLY_RECORD_SIZE];
	int count;

	if (max_count == 0)
		return unlinkat(dir_fd, TALLY_FILE, 0) == 0 || errno == ENOENT
			       ? 0
			       : -1;
	if (max_count > TALLY_MAX)
		max_count = TALLY_MAX;
	pack(death, record);
	if (append(dir_fd, record, max_count))
		return 0;
	count = read_last(dir_fd, room, max_count - 1, &first);
	if (count == -1)
		return -1;
	memcpy(first + (size_t)count * TALLY_RECORD_SIZE, record,
	       sizeof(record));
	return fd_replace_file(dir_fd, TALLY_FILE, first,
			       ((size_t)count + 1) * TALLY_RECORD_SIZE, 0644);
}

int tally_read(int dir_fd, struct tally_death *deaths, uint32_t max_count)
{
	unsigned char room[TALLY_MAX * TALLY_RECORD_SIZE], *first;
	int count = read_last(dir_fd, room, max_count, &first);
	int state_fd =
		count == 0 ? state_place_find(dir_fd, SUPERVISE_DIR) : -1;

	if (state_fd != -1) {
		count = read_last(state_fd, room, max_count, &first);
		close(state_fd);
	}
	for (int i = 0; i < count; i++)
		unpack(first + (size_t)i * TALLY_RECORD_SIZE, &deaths[i]);
	return count;
}
