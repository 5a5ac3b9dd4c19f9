/*
 * envdir.h -- variables from the files of a directory.
 *
 * A file's name is the variable's, its first line the value; an empty file
 * removes the variable; names that begin with a dot are no variables. It is all
 * or nothing: a program must not run with half of its settings.
 * Source: the 0.76 specification, 4.1.
 */
#ifndef CHAIN_ENVDIR_H
#define CHAIN_ENVDIR_H

#include <limits.h>

#include "base/env.h"

/* What could not be done. */
enum envdir_step {
	ENVDIR_REMEMBER, /* where we are, to come back */
	ENVDIR_ENTER,
	ENVDIR_LIST,
	ENVDIR_READ, /* the file `name` */
	ENVDIR_RETURN,
	ENVDIR_ALLOCATE,
};

struct envdir {
	struct env *env;    /* borrowed */
	const char *path;   /* borrowed */
	const char *prefix; /* of all names; borrowed */
	/* Told of each directory, with errno; NULL: a directory is trouble. */
	void (*pass_over)(const char *path, const char *name);
	enum envdir_step step;   /* after a failure */
	char name[NAME_MAX + 1]; /* likewise */
};

/*
 * Changes `env` as the directory says. 0, or -1 with errno and `step`; then the
 * environment is half changed, and the working directory may be another.
 */
int envdir_apply(struct envdir *envdir);

#endif
