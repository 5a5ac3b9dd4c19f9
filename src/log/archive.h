/*
 * archive.h -- the old files of a log directory: @LABEL.s and @LABEL.u, or
 * another code than "s" that was chosen.
 *
 * A name, once given, stands for the same bytes until the file is trimmed.
 * The label is the moment of finishing; two files of a directory never share
 * one, and within a process later files have greater labels unless the clock
 * is set back. Source: the 0.76 specification, 3.7.
 */
#ifndef LOG_ARCHIVE_H
#define LOG_ARCHIVE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum archive_condition {
	ARCHIVE_SAFE,       /* complete and synced */
	ARCHIVE_UNFINISHED, /* found after an outage */
};

/* Bytes of a code, at most. */
#define ARCHIVE_CODE_MAX 32

struct logdir_config;

struct archive {
	const char *path;      /* borrowed: for messages */
	const char *safe_code; /* borrowed: of files that are safe */
	int dir_fd;            /* borrowed */
	DIR *entries; /* owned; kept open so that trimming allocates nothing */
	unsigned long count_limit; /* old files stay below it */
	uint64_t bytes_limit;      /* they stay within it; 0 for none */
	struct timespec last_at;   /* the last label given */
	bool has_warned;           /* of an entry that isn't removed */
};

/*
 * Takes its limits from `limits`. 0, or -1 with errno. The path and `dir_fd`
 * stay the caller's.
 */
int archive_open(struct archive *archive, const struct logdir_config *limits,
		 int dir_fd);

/*
 * Gives the file `name` its place among the old files, then trims. An absent
 * file is no trouble, and one that got its label before an outage only loses
 * its `name`. Tries until it succeeds or a stop is asked for: 0, or -1 when
 * it gave up.
 */
int archive_finish(struct archive *archive, const char *name,
		   enum archive_condition condition);

/*
 * Removes the file `name`, if it is there. As archive_finish() otherwise.
 */
int archive_remove(struct archive *archive, const char *name);

/*
 * Removes the oldest file, telling so, to make room on the disk, unless no
 * more than `kept_count` are left. Whether it did.
 */
bool archive_yield(struct archive *archive, unsigned long kept_count);

/* Makes changes of names last through a power failure; 0, or -1: gave up. */
int archive_sync(struct archive *archive);

void archive_close(struct archive *archive);

#endif
