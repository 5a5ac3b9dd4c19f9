/*
 * listing.h -- the files of a log directory, oldest first.
 *
 * The order is that of the lines: old files by their labels, then `previous`
 * while it is being processed, then `current`. Each line of the log is in
 * exactly one of the files listed, however often the logger rotates meanwhile.
 * Source of the names: the 0.76 specification, 3.7.
 */
#ifndef READ_LISTING_H
#define READ_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

enum log_file_kind {
	LOG_OLD,     /* @LABEL...: has got its last name */
	LOG_FULL,    /* `previous`, or `processed` on its way to a label */
	LOG_CURRENT, /* `current`: lines may be added */
};

struct log_file {
	enum log_file_kind kind;
	bool is_processed;      /* LOG_FULL: `processed` */
	bool is_cut;            /* an outage ended it: its last line, too */
	struct timespec end_at; /* LOG_OLD: the label; no line is later */
	dev_t device;
	ino_t inode;      /* 0: not known */
	off_t size_bytes; /* when it was listed */
	int fd;           /* owned; -1 when it isn't open */
	char name[256];
};

struct listing {
	struct log_file *files; /* `count`; in the block, behind the gap */
	size_t count;
	struct log_file *block; /* owned; room for so many */
	size_t room, gap_count; /* the gap: of files that were dropped */
};

/*
 * Lists the directory open as `dir_fd`. `previous` and `current` are open in
 * the result unless the system refused that. What is in `known`, a listing of
 * the same directory or NULL, isn't looked at again. 0, or -1 with errno; then
 * there is nothing to free.
 */
int listing_read(int dir_fd, struct listing *listing,
		 const struct listing *known);

/* Opens `file` if it isn't. 0, or -1 with errno; ENOENT: it was removed. */
int listing_open(int dir_fd, struct log_file *file);

/* The file with that identity, or NULL. */
const struct log_file *listing_find(const struct listing *listing, dev_t device,
				    ino_t inode);

/* Whether there is an old file with that label. */
bool listing_has_label(const struct listing *listing, struct timespec label);

/* Adds a file, whose descriptor becomes the listing's. 0, or -1: ENOMEM. */
int listing_add(struct listing *listing, const struct log_file *file);

/* Closes the first `count` files and takes them out. */
void listing_drop(struct listing *listing, size_t count);

/* Closes and frees all; the listing is then empty. */
void listing_free(struct listing *listing);

#endif
