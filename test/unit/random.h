/*
 * random.h -- the same numbers in every run: Marsaglia's xorshift.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* `seed` must not be 0. */
static inline uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline void fill_random(uint32_t *seed, void *out, size_t count)
{
	unsigned char *bytes = out;

	for (size_t i = 0; i < count; i++)
		bytes[i] = (unsigned char)(next_random(seed) >> 8);
}

#endif
