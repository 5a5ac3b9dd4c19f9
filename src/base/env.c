/* env.c -- see env.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/env.h"
#include "base/strb.h"

/* Room for one more entry and the final NULL. 0, or -1 with ENOMEM. */
static int make_room(struct env *env)
{
	/* Grows from what is there: env_start() comes with many. */
	size_t room = env->count + env->count / 2 + 8;
	char **entries;

	if (env->count + 2 <= env->room)
		return 0;
	entries = realloc(env->entries, room * sizeof(*entries));
	if (!entries)
		return -1;
	env->entries = entries;
	env->room = room;
	return 0;
}

int env_start(struct env *env, char *const envp[])
{
	size_t count = 0;

	while (envp[count])
		count++;
	*env = (struct env){.count = count, .borrowed_count = count};
	if (make_room(env) == -1)
		return -1;
	memcpy(env->entries, envp, (count + 1) * sizeof(*envp));
	return 0;
}

static bool is_named(const char *entry, const char *name, size_t name_len)
{
	return strncmp(entry, name, name_len) == 0 && entry[name_len] == '=';
}

/* Removes every entry of that name; the others keep their order. */
static void remove_all(struct env *env, const char *name, size_t name_len)
{
	size_t kept = 0, kept_borrowed = 0;

	for (size_t i = 0; i < env->count; i++) {
		bool is_borrowed = i < env->borrowed_count;
		char *entry = env->entries[i];

		if (!is_named(entry, name, name_len)) {
			env->entries[kept++] = entry;
			kept_borrowed += is_borrowed;
		} else if (!is_borrowed) {
			free(entry);
		}
	}
	env->entries[kept] = NULL;
	env->count = kept;
	env->borrowed_count = kept_borrowed;
}

/* "NAME=VALUE" in new memory, or "NAME" when `value` is NULL. */
static char *join(const char *name, const char *value)
{
	size_t name_len = strlen(name), value_len = value ? strlen(value) : 0;
	char *entry = malloc(name_len + 1 + value_len + 1);

	if (!entry)
		return NULL;
	memcpy(entry, name, name_len);
	if (value) {
		entry[name_len++] = '=';
		memcpy(entry + name_len, value, value_len);
	}
	entry[name_len + value_len] = '\0';
	return entry;
}

int env_set(struct env *env, const char *name, const char *value)
{
	size_t name_len = strcspn(name, "=");
	char *entry;

	if (!value && name[name_len] == '\0') {
		remove_all(env, name, name_len);
		return 0;
	}
	entry = join(name, value);
	if (!entry)
		return -1;
	if (make_room(env) == -1) {
		free(entry);
		return -1;
	}
	remove_all(env, name, name_len);
	env->entries[env->count++] = entry;
	env->entries[env->count] = NULL;
	return 0;
}

int env_set_prefixed(struct env *env, const char *prefix, const char *name,
		     const char *value)
{
	size_t size = strlen(prefix) + strlen(name) + 1;
	char *room = malloc(size);
	struct strb whole;
	int result;

	if (!room)
		return -1;
	whole = strb_on(room, size);
	strb_add(&whole, prefix);
	strb_add(&whole, name);
	result = env_set(env, room, value);
	free(room);
	return result;
}

void env_free(struct env *env)
{
	for (size_t i = env->borrowed_count; i < env->count; i++)
		free(env->entries[i]);
	free(env->entries);
	*env = (struct env){0};
}
