/*
 * fuzz_shortage.c -- any bytes as a line of the kernel's log.
 *
 * What is taken for the end of a process names it, and is refused for one that
 * has another number, or started long after.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/shortage.h"
#include "fuzz.h"

#define VICTIM 101

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);

	if (shortage_is_told(line, VICTIM, 0)) {
		MUST(strstr(line, "101 ("));
		MUST(!shortage_is_told(line, VICTIM + 1, 0));
		MUST(!shortage_is_told(line, VICTIM, INT64_MAX));
	}
	free(line);
	return 0;
}
