/* limits.c -- see limits.h. */
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include "base/number.h"
#include "chain/limits.h"

/* What a letter sets, in order; what a system lacks drops out. */
static const struct meaning {
	char letter;
	int resource;
} meanings[] = {
	{'c', RLIMIT_CORE},    {'d', RLIMIT_DATA},    {'f', RLIMIT_FSIZE},
	{'o', RLIMIT_NOFILE},  {'s', RLIMIT_STACK},   {'t', RLIMIT_CPU},
	{'m', RLIMIT_DATA},    {'m', RLIMIT_STACK},
#ifdef RLIMIT_MEMLOCK
	{'l', RLIMIT_MEMLOCK}, {'m', RLIMIT_MEMLOCK},
#endif
#ifdef RLIMIT_AS
	{'a', RLIMIT_AS},      {'m', RLIMIT_AS},
#endif
#if defined(RLIMIT_VMEM) && !defined(RLIMIT_AS)
	{'a', RLIMIT_VMEM},    {'m', RLIMIT_VMEM},
#endif
#ifdef RLIMIT_NPROC
	{'p', RLIMIT_NPROC},
#endif
#ifdef RLIMIT_RSS
	{'r', RLIMIT_RSS},
#endif
};

int limits_parse(const char *text, struct limit *limit)
{
	*limit = (struct limit){.kind = LIMIT_NUMBER};
	if (strcmp(text, "=") == 0)
		limit->kind = LIMIT_HARD;
	else if (strcmp(text, "-") == 0)
		limit->kind = LIMIT_NONE;
	else if (*text)
		return number_parse(text, UINT64_MAX, &limit->number);
	return 0;
}

static const char *set_one(int resource, const struct limit *limit)
{
	struct rlimit both;

	if (getrlimit(resource, &both) == -1)
		return "getrlimit";
	if (limit->kind == LIMIT_NONE)
		both.rlim_max = RLIM_INFINITY;
	both.rlim_cur = both.rlim_max;
	if (limit->kind == LIMIT_NUMBER && limit->number < both.rlim_max)
		both.rlim_cur = (rlim_t)limit->number;
	return setrlimit(resource, &both) == -1 ? "setrlimit" : NULL;
}

const char *limits_set(char letter, const struct limit *limit)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const char *failed = NULL;

		if (meanings[i].letter == letter)
			failed = set_one(meanings[i].resource, limit);
		if (failed)
			return failed;
	}
	return NULL;
}
