/*
 * logdir.h -- a directory that keeps the latest lines ("./DIR").
 *
 * One process writes it at a time: it holds a lock. Lines go to `current`.
 * Before that would grow past the limit it becomes `previous` and then an old
 * file (archive.h), by way of a processor if there is one. A file ends at a
 * line's end wherever one falls within its last bytes, its tail. The mode of a
 * file tells its state: 744 is complete and synced, 644 isn't. At each
 * instant every byte written is in exactly one file, so a crash loses none.
 *
 * Lines come in chunks of up to 512 bytes, or one longer line, and a file
 * ends with the first chunk that reaches its last 2000 bytes. (A shorter tail
 * takes shorter chunks, so that each still ends within it.) Chunks have no
 * other effect and cost nothing, but with them files end at the very line
 * where those of 0.76 do, whatever sizes of reads and writes are in use.
 *
 * What is put isn't copied, only noted, and must stay where it is until the
 * next flush; nothing is allocated after logdir_open(). What fails is tried
 * until it succeeds (trouble.h). A directory that gave up is "stuck": what
 * comes is still written if that is possible, without rotation.
 *
 * Source of names, modes and the rule: the 0.76 specification, 3.7.
 */
#ifndef LOG_LOGDIR_H
#define LOG_LOGDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "log/archive.h"

/* The tail of files of multilog. */
#define TAIL_BYTES 2000

/* The size of the original's buffer, of which files still bear the mark. */
#define CHUNK_BYTES 512

/* Pieces noted before a flush is forced; below any system's IOV_MAX. */
#define LOGDIR_PIECES 512

/* All texts are borrowed and must outlive the directory. */
struct logdir_config {
	const char *path;
	const char *processor; /* NULL for none */
	const char *code;      /* of its old files, ARCHIVE_CODE_MAX; or NULL */
	const char *prefix;    /* of its lines, behind stamps; or NULL */
	bool is_optional; /* must be there; what is wrong is a warning only */
	unsigned long size_limit; /* bytes; 4096 to 2147483647 for multilog */
	/* Bytes before it within which the end of a line ends a file; at most
	 * size_limit. */
	unsigned long tail_bytes;
	unsigned long count_limit; /* files, `current` included; at least 2 */
	unsigned long total_limit; /* bytes of all files; 0 for none */
	unsigned long age_limit_s; /* of the first line of `current`; 0: none */
	bool is_yielding;          /* on a full disk old files make room ... */
	unsigned long kept_count;  /* ... but for the last so many */
};

struct logdir {
	struct logdir_config config;
	struct archive archive;
	int dir_fd, lock_fd; /* owned */
	int current_fd;      /* owned; when stuck maybe of `previous` */
	uint64_t size_bytes; /* of what current_fd is open on */
	uint64_t lost_bytes; /* put, but not written when stuck */
	bool is_open;        /* between logdir_open() and logdir_close() */
	bool is_stuck;
	bool has_leftovers; /* `previous` or `processed`, found at start */
	int64_t due_ms;     /* request_now_ms() to rotate at; 0: never */

	/*
	 * Called before a rotation, which may take long; NULL for nothing. The
	 * owner sets it after logdir_open(), and puts nothing from in there.
	 */
	void (*before_rotation)(void *context);
	void *context;

	size_t first_piece, piece_count; /* the unwritten ones */
	size_t pending_bytes;            /* in these pieces */
	size_t chunk_bytes, chunk_limit; /* of the unfinished chunk */
	struct iovec *pieces;            /* owned; LOGDIR_PIECES, put */
};

/*
 * Makes the directory if need be, locks it, brings it to order after an
 * outage and opens `current`. 0, or -1 after saying what is wrong; then
 * nothing is left open.
 */
int logdir_open(struct logdir *dir, const struct logdir_config *config);

/*
 * Notes bytes for `current`: a line, or a piece of a long one. Flushes when
 * there is no room to do so, or a file is due to end.
 */
void logdir_put(struct logdir *dir, const char *bytes, size_t count);

/* Ends a chunk, so that the next line won't be part of it. */
void logdir_end_chunk(struct logdir *dir);

/* Where the first of the bytes is that aren't written yet; NULL if all are. */
const char *logdir_first_pending(const struct logdir *dir);

/* Writes all that was put, rotating as needed. */
void logdir_flush(struct logdir *dir);

/* Rotates now, unless `current` is empty. Nothing may be pending. */
void logdir_rotate(struct logdir *dir);

/* Rotates if `current` is older than it may be. Nothing may be pending. */
void logdir_rotate_aged(struct logdir *dir);

/*
 * Flushes, syncs, marks `current` as complete if all is well, and closes. 0,
 * or -1 after saying that lines were lost or what isn't complete.
 */
int logdir_close(struct logdir *dir);

/* Closes with nothing pending; the next start finds `current` unfinished. */
void logdir_abandon(struct logdir *dir);

#endif
