/* mains.c -- see mains.h. */
#include <stdlib.h>
#include <string.h>

#include "service/mains.h"

#define ANY "any:"
#define ALL "all:"

void mains_take(struct mains *mains)
{
	const char *value = getenv(MAINS_VARIABLE);

	*mains = (struct mains){0};
	if (value && (strncmp(value, ANY, strlen(ANY)) == 0 ||
		      strncmp(value, ALL, strlen(ALL)) == 0))
		mains->value = strdup(value);
	if (mains->value) {
		mains->needs_all = strncmp(value, ALL, strlen(ALL)) == 0;
		mains->names = mains->value + strlen(ANY);
	}
	unsetenv(MAINS_VARIABLE);
}

void mains_free(struct mains *mains)
{
	free(mains->value);
	*mains = (struct mains){0};
}

void mains_hand_down(const struct mains *mains, bool keep)
{
	if (mains->value && keep)
		setenv(MAINS_VARIABLE, mains->value, 1);
	else
		unsetenv(MAINS_VARIABLE);
}

const char *mains_next(const char **at, size_t *len)
{
	const char *name = *at + strspn(*at, ",");

	*len = strcspn(name, ",");
	*at = name + *len;
	return *len > 0 ? name : NULL;
}

bool mains_has(const struct mains *mains, const char *name)
{
	const char *at = mains->names, *each;
	size_t len;

	while (at && (each = mains_next(&at, &len))) {
		if (strlen(name) == len && strncmp(name, each, len) == 0)
			return true;
	}
	return false;
}
