/*
 * object.h -- JSON objects on a stdio stream, one a line.
 *
 * Texts may be any bytes; read/json.h has how they are written. What isn't
 * known is null, so that each key is always there.
 */
#ifndef VIEW_OBJECT_H
#define VIEW_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What is open in each other at most. */
#define OBJECT_DEPTH 8

struct object {
	FILE *file; /* borrowed */
	unsigned depth;
	bool has_member[OBJECT_DEPTH];
};

/* An object, or within one an object or array; in arrays `key` is NULL, and
 * for the outermost object, too. */
void object_begin(struct object *object, const char *key);
void object_end(struct object *object);
void object_begin_array(struct object *object, const char *key);
void object_end_array(struct object *object);

void object_text(struct object *object, const char *key, const char *value);
void object_number(struct object *object, const char *key, int64_t value);
void object_flag(struct object *object, const char *key, bool value);
void object_null(struct object *object, const char *key);

/* A number if `is_known`, or null. */
void object_number_if(struct object *object, const char *key, bool is_known,
		      int64_t value);

/* Unix time as "2026-11-23T01:31:07Z"; null for 0. */
void object_time(struct object *object, const char *key, int64_t unix_s);

#endif
