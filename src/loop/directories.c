/* directories.c -- see directories.h. */
#include <stddef.h>

#include "loop/directories.h"

static size_t bucket_of(int descriptor)
{
	return (size_t)descriptor % DIRECTORY_BUCKETS;
}

void directories_add(struct directories *all, struct loop_directory *directory)
{
	struct loop_directory **bucket =
		&all->buckets[bucket_of(directory->descriptor)];

	directory->next = *bucket;
	*bucket = directory;
}

void directories_remove(struct directories *all,
			struct loop_directory *directory)
{
	struct loop_directory **link =
		&all->buckets[bucket_of(directory->descriptor)];

	while (*link && *link != directory)
		link = &(*link)->next;
	if (*link)
		*link = directory->next;
	directory->next = NULL;
}

bool directories_has(const struct directories *all, int descriptor)
{
	const struct loop_directory *directory =
		all->buckets[bucket_of(descriptor)];

	while (directory && directory->descriptor != descriptor)
		directory = directory->next;
	return directory != NULL;
}
