/*
 * fuzz.h -- what the targets share: libFuzzer's entry, and holding it to
 * account.
 *
 * A target gets bytes that end where they are said to, so reading on is
 * noticed. It must leave nothing behind and may only depend on these bytes.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold; the fuzzer saves the input that made it false. */
#define MUST(condition)                                                        \
	((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))

static inline void fuzz_broken(const char *condition, const char *file,
			       int line)
{
	fprintf(stderr, "%s:%d: doesn't hold: %s\n", file, line, condition);
	abort();
}

/* The bytes as a text, of just that size, so that overruns are seen; to be
 * freed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* Whether there is a '\0' within the array `text`. */
#define IS_TEXT(text) (strnlen(text, sizeof(text)) < sizeof(text))

#endif
