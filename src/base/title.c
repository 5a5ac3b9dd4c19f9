/* title.c -- see title.h. */
#include <string.h>

#include "base/title.h"

static size_t without_nuls(char *bytes, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (bytes[i] != '\0')
			bytes[kept++] = bytes[i];
	return kept;
}

void title_append(char *window, size_t window_len, char *bytes, size_t count)
{
	count = without_nuls(bytes, count);
	if (count > window_len) {
		bytes += count - window_len;
		count = window_len;
	}
	memmove(window, window + count, window_len - count);
	memcpy(window + window_len - count, bytes, count);
}
