/*
 * fuzz_unit.c -- any unit file, and any Procfile: a plan of it can be drawn,
 * within its directory, and each line that is told of says what to do.
 */
#include <string.h>

#include "fuzz.h"
#include "make/import.h"
#include "make/sketch.h"

static void on_note(void *with, const struct import_note *note)
{
	(void)with;
	MUST(note->key && *note->why && *note->advice);
}

static int draw(void *with, struct import *import)
{
	struct sketch sketch = {.entries = NULL};

	(void)with;
	plan_draw(&import->plan, &sketch);
	MUST(!sketch.is_short);
	for (size_t i = 0; i < sketch.count; i++) {
		MUST(sketch.entries[i].path[0] != '/');
		MUST(!strstr(sketch.entries[i].path, "../"));
	}
	sketch_free(&sketch);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import unit = {.name = "any@one-two", .tell = on_note};
	struct import processes = {.tell = on_note};
	char *text = fuzz_text(data, size);

	if (import_unit(&unit, text, size) == 0)
		draw(NULL, &unit);
	import_free(&unit);
	free(text);
	text = fuzz_text(data, size);
	import_procfile(&processes, "/srv/app", text, size, draw);
	import_free(&processes);
	free(text);
	return 0;
}
