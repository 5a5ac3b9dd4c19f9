/* favour.c -- see favour.h: what is the same on all systems. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "chain/favour.h"

#define LEVEL_MAX     7
#define LEVEL_DEFAULT 4

static const struct io_class_name {
	const char *name;
	enum io_class class;
} names[] = {
	{"idle", IO_IDLE},
	{"best-effort", IO_BEST_EFFORT},
	{"realtime", IO_REALTIME},
};

int favour_parse_io(const char *text, struct io_priority *priority)
{
	size_t len = strcspn(text, ":");
	uint64_t level = LEVEL_DEFAULT;
	size_t i = 0;

	while (i < sizeof(names) / sizeof(names[0]) &&
	       (strlen(names[i].name) != len ||
		strncmp(text, names[i].name, len) != 0))
		i++;
	if (i == sizeof(names) / sizeof(names[0]))
		goto bad;
	priority->class = names[i].class;
	if (priority->class == IO_IDLE && text[len] == ':')
		goto bad; /* its levels mean nothing */
	if (text[len] == ':' &&
	    number_parse(text + len + 1, LEVEL_MAX, &level) == -1)
		goto bad;
	priority->level = priority->class == IO_IDLE ? 0 : (unsigned)level;
	return 0;
bad:
	errno = EINVAL;
	return -1;
}
