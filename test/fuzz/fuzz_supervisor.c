/*
 * fuzz_supervisor.c -- any configuration of supervisord, of one file or two,
 * with the byte 0x1e between: plans can be drawn, each within its directory,
 * and each line that is told of says what to do.
 */
#include <string.h>

#include "fuzz.h"
#include "make/place.h"
#include "make/sketch.h"
#include "make/supervisor.h"

#define BETWEEN 0x1e

static void on_note(void *with, const struct import_note *note)
{
	(void)with;
	MUST(note->key && *note->why && *note->advice);
}

/* No mark is left of what only a shell knows. */
static void look_at_text(const char *text)
{
	MUST(!strpbrk(text, "\001\002\003"));
}

static int draw(void *with, struct import *import)
{
	struct sketch sketch = {.entries = NULL};

	(void)with;
	MUST(!place_name_trouble(import->name));
	plan_draw(&import->plan, &sketch);
	MUST(!sketch.is_short);
	for (size_t i = 0; i < sketch.count; i++) {
		MUST(sketch.entries[i].path[0] != '/');
		MUST(!strstr(sketch.entries[i].path, "../"));
		if (sketch.entries[i].text)
			look_at_text(sketch.entries[i].text);
	}
	sketch_free(&sketch);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import import = {.tell = on_note};
	struct supervisor supervisor = {.import = &import};
	struct list patterns = {.items = NULL};
	const uint8_t *second = size ? memchr(data, BETWEEN, size) : NULL;
	size_t len = second ? (size_t)(second - data) : size;
	int result = supervisor_read(&supervisor, "main", "/srv",
				     fuzz_text(data, len), len);

	if (result == 0)
		supervisor_includes(&supervisor, &patterns);
	for (size_t i = 0; i < patterns.count; i++) {
		MUST(patterns.items[i][0] == '/');
		supervisor_tell_missing(&supervisor, patterns.items[i]);
	}
	if (result == 0 && second)
		result = supervisor_read(&supervisor, "more", "/srv/more",
					 fuzz_text(second + 1, size - len - 1),
					 size - len - 1);
	if (result == 0)
		supervisor_finish(&supervisor, draw);
	list_free(&patterns);
	supervisor_free(&supervisor);
	import_free(&import);
	return 0;
}
