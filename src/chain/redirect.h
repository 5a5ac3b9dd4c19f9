/*
 * redirect.h -- descriptors that a program is started with, closed or opened.
 *
 * Redirections are made one by one, as a shell makes them: a later one sees
 * what an earlier one did.
 */
#ifndef CHAIN_REDIRECT_H
#define CHAIN_REDIRECT_H

enum redirect_kind {
	REDIRECT_CLOSE,
	REDIRECT_READ,
	REDIRECT_WRITE,  /* the file is made, or emptied */
	REDIRECT_APPEND, /* the file is made if need be */
	REDIRECT_COPY,
};

struct redirect {
	enum redirect_kind kind;
	int fd;           /* what it is about */
	int from_fd;      /* REDIRECT_COPY: of which it becomes a copy */
	const char *path; /* of the file; borrowed */
};

/*
 * Reads "FD" (REDIRECT_CLOSE), "FD:FROM" (REDIRECT_COPY) or "FD:PATH". 0, or
 * -1 with EINVAL; `text` is borrowed as long as `redirect` is used.
 */
int redirect_parse(enum redirect_kind kind, const char *text,
		   struct redirect *redirect);

/*
 * Does it; what it opens is kept across exec. To close what isn't open is done
 * already. 0, or -1 with errno.
 */
int redirect_do(const struct redirect *redirect);

#endif
