/* lookup.c -- see lookup.h. */
#include <stdlib.h>

#include "base/lookup.h"

#define BUCKETS_FIRST 16 /* a power of two */

struct lookup lookup_by(uint32_t (*hash)(const struct lookup_link *link))
{
	return (struct lookup){.hash = hash};
}

void lookup_end(struct lookup *lookup)
{
	free(lookup->buckets);
	*lookup = lookup_by(lookup->hash);
}

static struct lookup_link **bucket_of(struct lookup *lookup, uint32_t hash)
{
	return lookup->buckets ? &lookup->buckets[hash & lookup->mask]
			       : &lookup->only;
}

static void put(struct lookup *lookup, struct lookup_link *link)
{
	struct lookup_link **bucket = bucket_of(lookup, lookup->hash(link));

	link->next = *bucket;
	*bucket = link;
}

static void grow(struct lookup *lookup)
{
	struct lookup old = *lookup;
	size_t count = old.buckets ? 2 * (old.mask + 1) : BUCKETS_FIRST;
	struct lookup_link **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		return;
	lookup->buckets = buckets;
	lookup->only = NULL;
	lookup->mask = count - 1;
	for (size_t i = 0; i <= old.mask; i++) {
		struct lookup_link *link = lookup_bucket(&old, i);

		while (link) {
			struct lookup_link *next = link->next;

			put(lookup, link);
			link = next;
		}
	}
	free(old.buckets);
}

void lookup_add(struct lookup *lookup, struct lookup_link *link)
{
	if (lookup->count > lookup->mask)
		grow(lookup);
	put(lookup, link);
	lookup->count++;
}

void lookup_remove(struct lookup *lookup, struct lookup_link *link)
{
	struct lookup_link **at = bucket_of(lookup, lookup->hash(link));

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	lookup->count--;
}

struct lookup_link *lookup_first(const struct lookup *lookup, uint32_t hash)
{
	return lookup_bucket(lookup, hash & lookup->mask);
}

struct lookup_link *lookup_bucket(const struct lookup *lookup, size_t i)
{
	return lookup->buckets ? lookup->buckets[i] : lookup->only;
}

/* FNV-1a. */
uint32_t lookup_hash_text(const char *text)
{
	uint32_t mixed = 2166136261U;

	for (; *text; text++)
		mixed = (mixed ^ (unsigned char)*text) * 16777619U;
	return mixed;
}

/* The high half of a product depends on all bits below it. */
uint32_t lookup_hash_numbers(uint64_t first, uint64_t second)
{
	uint64_t mixed =
		(first ^ second * 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;

	return (uint32_t)(mixed >> 32);
}
