/*
 * directories.h -- the watched directories, found by inotify's descriptor.
 *
 * Two owners may watch one directory; then they share a descriptor.
 */
#ifndef LOOP_DIRECTORIES_H
#define LOOP_DIRECTORIES_H

#include "loop/loop.h"

#define DIRECTORY_BUCKETS 1024 /* a power of two */

struct directories {
	struct loop_directory *buckets[DIRECTORY_BUCKETS];
};

void directories_add(struct directories *all, struct loop_directory *directory);
void directories_remove(struct directories *all,
			struct loop_directory *directory);
bool directories_has(const struct directories *all, int descriptor);

#endif
