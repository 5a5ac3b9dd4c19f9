/*
 * lookup.h -- finding things by a number made of their name, however many.
 *
 * The links are members of what is kept, at its beginning, so that adding one
 * allocates nothing for it; the room for buckets grows with the count, and
 * where there is no memory for more, things are found all the same, more
 * slowly. Finding, adding and removing cost the same with a dozen and with a
 * million.
 */
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

struct lookup_link {
	struct lookup_link *next; /* in its bucket */
};

struct lookup {
	struct lookup_link **buckets; /* owned; NULL: `only` is the one */
	struct lookup_link *only;
	size_t mask; /* their count, a power of two, minus 1 */
	size_t count;
	/* The number of what this is the link of: always the same one. */
	uint32_t (*hash)(const struct lookup_link *link);
};

/* An empty one. */
struct lookup lookup_by(uint32_t (*hash)(const struct lookup_link *link));
/* Frees the buckets; what they led to is the caller's. */
void lookup_end(struct lookup *lookup);

/* The link must be in none, and may not move until it is removed. */
void lookup_add(struct lookup *lookup, struct lookup_link *link);
/* It must be in this one. */
void lookup_remove(struct lookup *lookup, struct lookup_link *link);

/* The first of those among which all with this number are; NULL: none. */
struct lookup_link *lookup_first(const struct lookup *lookup, uint32_t hash);
/* The first of a bucket, 0 to `mask`: to visit all. */
struct lookup_link *lookup_bucket(const struct lookup *lookup, size_t i);

uint32_t lookup_hash_text(const char *text);
uint32_t lookup_hash_numbers(uint64_t first, uint64_t second);

#endif
