/*
 * fuzz_chain.c -- any ini file, file of quoted variables, and any text for an
 * option of chpst.
 *
 * The bytes up to the first '\0' are the text, all of them the file.
 */
#include <string.h>

#include "chain/envfile.h"
#include "chain/favour.h"
#include "chain/ids.h"
#include "chain/ini.h"
#include "chain/limits.h"
#include "chain/redirect.h"
#include "fuzz.h"

#define ROOM 2048 /* bytes */

/* Each has a name of its own, which may be the prefix only, and one line. */
static void check_variables(const struct env *env)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *equals = strchr(env->entries[i], '=');

		MUST(equals);
		MUST(env->entries[i][0] == 'P');
		MUST(!strchr(env->entries[i], '\n'));
		MUST(equals[strlen(equals) - 1] != ' ');
		for (size_t j = 0; j < i; j++)
			MUST(strncmp(env->entries[i], env->entries[j],
				     (size_t)(equals + 1 - env->entries[i])) !=
			     0);
	}
	MUST(!env->entries[env->count]);
}

static void read_ini(const uint8_t *data, size_t size)
{
	char *const none[] = {NULL};
	char *text = malloc(size + 1); /* of that size, so overruns are seen */
	struct env env;

	MUST(text && env_start(&env, none) == 0);
	if (size > 0)
		memcpy(text, data, size);
	MUST(ini_apply(text, size, "P", &env) == 0);
	check_variables(&env);
	env_free(&env);
	free(text);
}

static void read_envfile(const uint8_t *data, size_t size)
{
	char *const none[] = {NULL};
	char *text = malloc(size + 1);
	struct env env;

	MUST(text && env_start(&env, none) == 0);
	if (size > 0)
		memcpy(text, data, size);
	MUST(envfile_apply(text, size, &env) == 0);
	for (size_t i = 0; i < env.count; i++)
		MUST(strchr(env.entries[i], '=') > env.entries[i]);
	env_free(&env);
	free(text);
}

/* Numbers only: names would depend on this machine's accounts. */
static void read_ids(const char *text)
{
	struct ids ids;

	if (*text != ':' || !ids_parse(text, &ids))
		return;
	MUST(ids.group_count >= 1 && ids.group_count <= IDS_GROUP_COUNT_MAX);
	MUST(ids.uid != (uid_t)-1);
	MUST(strspn(text, ":0123456789") == strlen(text));
	MUST(!strstr(text, "::") && text[strlen(text) - 1] != ':');
}

static void read_options(const char *text)
{
	struct io_priority priority;
	struct redirect redirect;
	struct limit limit;

	if (limits_parse(text, &limit) == 0 && limit.kind == LIMIT_NUMBER)
		MUST(strspn(text, "0123456789") == strlen(text));
	if (favour_parse_io(text, &priority) == 0)
		MUST(priority.level <= 7);
	for (int kind = REDIRECT_CLOSE; kind <= REDIRECT_COPY; kind++) {
		if (redirect_parse((enum redirect_kind)kind, text, &redirect) ==
		    -1)
			continue;
		MUST(redirect.fd >= 0 && redirect.from_fd >= 0);
		MUST(kind == REDIRECT_CLOSE ||
		     (redirect.path > text && *redirect.path));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[ROOM] = "";

	if (size >= sizeof(text))
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	read_ids(text);
	read_options(text);
	read_ini(data, size);
	read_envfile(data, size);
	return 0;
}
