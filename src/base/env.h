/*
 * env.h -- an environment put together for the next program of a chain.
 *
 * entries[] is at all times a list that execve(2) takes: NULL-terminated, each
 * "NAME=VALUE". The process's own environment is never changed, so a PATH that
 * is set here has no say in where the next program is found.
 */
#ifndef BASE_ENV_H
#define BASE_ENV_H

#include <stddef.h>

struct env {
	char **entries;        /* owned, but see borrowed_count */
	size_t count;          /* of entries, the final NULL not counted */
	size_t borrowed_count; /* the first ones: the caller's; others owned */
	size_t room;           /* entries that fit, the final NULL included */
};

/*
 * Starts `env` with the entries of `envp`, whose strings are borrowed until
 * env_free(). Returns 0, or -1 with ENOMEM; then there is nothing to free.
 */
int env_start(struct env *env, char *const envp[]);

/*
 * Sets `name` to `value`, or removes it where `value` is NULL; every earlier
 * entry of that name goes. A name that holds '=' is no name: what follows the
 * '=' is then the beginning of the value, or all of it where `value` is NULL.
 * Both strings are copied. Returns 0, or -1 with ENOMEM; then `env` is as it
 * was. Source: the 0.76 specification, 4.1, on names with '='.
 */
int env_set(struct env *env, const char *name, const char *value);

/* The same for a name put together from two parts. */
int env_set_prefixed(struct env *env, const char *prefix, const char *name,
		     const char *value);

/* Frees what `env` owns, and empties it. */
void env_free(struct env *env);

#endif
