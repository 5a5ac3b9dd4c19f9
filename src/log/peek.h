/*
 * peek.h -- reading a pipe without taking the bytes away; used by input only.
 *
 * What peek_read() returned stays in the pipe until peek_drop() is told that
 * it is safe. Whoever opens the pipe after this process was killed reads the
 * same bytes again. So the bytes that were read and not dropped ("held") are
 * at the head of the pipe, as long as nobody else reads from it.
 *
 * One thing limits that: a pipe with a write in each of its slots takes no
 * more, however few bytes it holds. If all of it is held and more is needed
 * to end a line, what is held is dropped early.
 */
#ifndef LOG_PEEK_H
#define LOG_PEEK_H

#include <stdbool.h>
#include <stddef.h>

struct peek {
	int fd;                      /* borrowed: the pipe */
	int copy_in_fd, copy_out_fd; /* owned: a pipe that shares its pages */
	int null_fd;                 /* owned: where dropped bytes go */
	int slot_bytes;              /* the size of the pipe, as we know it */
	bool has_grown;              /* ... or could not */
	bool is_watched;             /* a change of the pipe sends a signal */
	bool is_calm;                /* the last read got little */
	size_t held_bytes;           /* read, and still in the pipe */
	size_t gone_bytes;           /* dropped early, before what is held */
};

/*
 * A pipe that is found well filled is made larger, once, if the system lets
 * us: fewer system calls for the same bytes. One that stays almost empty
 * costs no more than it did.
 */
#define PEEK_PIPE_BYTES (512 * 1024)

/*
 * True if `fd` is a pipe and the system can do it; false leaves nothing open,
 * and ordinary reads are the way.
 */
bool peek_open(struct peek *peek, int fd);

/* As input_read(). */
long peek_read(struct peek *peek, void *out, size_t size_bytes);

/* Takes the next `count` of the bytes read out of the pipe. */
void peek_drop(struct peek *peek, size_t count);

void peek_close(struct peek *peek);

#endif
