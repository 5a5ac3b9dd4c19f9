/*
 * trust.h -- whose word is in a file: who could have written it.
 *
 * What is on record in supervise/ says whom a supervisor signals and kills, so
 * it counts only where nobody could write there but the user who runs the
 * supervisor, and root: the directory and the file belong to one of them, no
 * group or others may write, and the file has no second name elsewhere. A
 * "supervise" that is a link is as good as the directory that it leads to. No
 * file in it is reached by a link.
 */
#ifndef SERVICE_TRUST_H
#define SERVICE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

/* A directory of records. */
struct trust_place {
	int dir_fd;     /* the directory that "supervise" is in */
	bool is_within; /* which is itself in a supervise/, and counts as well
			 */
};

/* Whether nobody else may write in the open directory and, if it `is_within`
 * another that counts, in that one. */
bool trust_directory(int dir_fd, bool is_within);

/* Whether nobody else may write in supervise/ there. */
bool trust_place(const struct trust_place *place);

/*
 * Reads a small file of supervise/, at most `size_bytes` of it; `name` is its
 * name in there. *is_trusted: nobody else can have written it. Returns the
 * count, or -1 with errno (ELOOP: it is a link).
 */
long trust_read(const struct trust_place *place, const char *name, void *out,
		size_t size_bytes, bool *is_trusted);

#endif
