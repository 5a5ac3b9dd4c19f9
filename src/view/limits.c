/* limits.c -- see limits.h; proc(5). */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/fd.h"
#include "base/strb.h"
#include "view/limits.h"

/* Where the columns of the file begin. */
#define SOFT_AT 26
#define HARD_AT 47

static void copy_word(char out[LIMITS_TEXT], const char *from, size_t most)
{
	struct strb text = strb_on(out, LIMITS_TEXT);
	size_t len = most;

	while (len > 0 && from[len - 1] == ' ')
		len--;
	strb_add_bytes(&text, from, len);
}

void limits_each(int64_t pid,
		 void (*take)(void *owner, const struct limit *limit),
		 void *owner)
{
	char room[64], text[4096];
	struct strb path = strb_on(room, sizeof(room));
	char *line, *rest = text;
	long len;

	strb_add_format(&path, "/proc/%" PRId64 "/limits", pid);
	len = fd_read_file(AT_FDCWD, room, text, sizeof(text) - 1);
	if (len <= 0)
		return;
	text[len] = '\0';
	strtok_r(rest, "\n", &rest); /* the heading */
	while ((line = strtok_r(NULL, "\n", &rest))) {
		struct limit limit;

		if (strncmp(line, "Max ", 4) != 0 || strlen(line) <= HARD_AT)
			continue;
		copy_word(limit.name, line + 4, SOFT_AT - 4);
		copy_word(limit.soft, line + SOFT_AT,
			  strcspn(line + SOFT_AT, " "));
		copy_word(limit.hard, line + HARD_AT,
			  strcspn(line + HARD_AT, " "));
		take(owner, &limit);
	}
}
