/* object.c -- see object.h. */
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "read/json.h"
#include "view/object.h"

/* Bytes that are escaped at once. */
#define PART_BYTES 256

static void put_text(struct object *object, const char *value)
{
	struct json_text text = {.held_count = 0};
	size_t left = strlen(value);
	char room[JSON_ROOM(PART_BYTES)];

	fputc('"', object->file);
	while (left > 0) {
		size_t part = left < PART_BYTES ? left : PART_BYTES;

		fwrite(room, 1, json_escape(&text, value, part, room),
		       object->file);
		value += part;
		left -= part;
	}
	fwrite(room, 1, json_end(&text, room), object->file);
	fputc('"', object->file);
}

static void put_key(struct object *object, const char *key)
{
	if (object->has_member[object->depth])
		fputc(',', object->file);
	object->has_member[object->depth] = true;
	if (!key)
		return;
	put_text(object, key);
	fputc(':', object->file);
}

static void begin(struct object *object, const char *key, char sign)
{
	if (object->depth > 0)
		put_key(object, key);
	object->depth++;
	object->has_member[object->depth] = false;
	fputc(sign, object->file);
}

void object_begin(struct object *object, const char *key)
{
	begin(object, key, '{');
}

void object_end(struct object *object)
{
	object->depth--;
	fputs(object->depth == 0 ? "}\n" : "}", object->file);
}

void object_begin_array(struct object *object, const char *key)
{
	begin(object, key, '[');
}

void object_end_array(struct object *object)
{
	object->depth--;
	fputc(']', object->file);
}

void object_null(struct object *object, const char *key)
{
	put_key(object, key);
	fputs("null", object->file);
}

void object_text(struct object *object, const char *key, const char *value)
{
	if (!value) {
		object_null(object, key);
		return;
	}
	put_key(object, key);
	put_text(object, value);
}

void object_number(struct object *object, const char *key, int64_t value)
{
	put_key(object, key);
	fprintf(object->file, "%" PRId64, value);
}

void object_flag(struct object *object, const char *key, bool value)
{
	put_key(object, key);
	fputs(value ? "true" : "false", object->file);
}

void object_number_if(struct object *object, const char *key, bool is_known,
		      int64_t value)
{
	if (is_known)
		object_number(object, key, value);
	else
		object_null(object, key);
}

void object_time(struct object *object, const char *key, int64_t unix_s)
{
	struct timespec moment = {.tv_sec = (time_t)unix_s};
	struct calendar calendar = {.is_utc = true, .is_iso = true};
	char text[CALENDAR_SIZE];
	size_t len = unix_s == 0 ? 0 : calendar_format(&calendar, moment, text);
	/* The fraction is none. */
	const char *dot = len ? memchr(text, '.', len) : NULL;

	if (!dot) {
		object_null(object, key);
		return;
	}
	text[dot - text] = 'Z';
	text[dot - text + 1] = '\0';
	object_text(object, key, text);
}
