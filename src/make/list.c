/* list.c -- see list.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make/list.h"

/* Takes over `text`, which may be NULL: memory was short. */
static void take(struct list *list, char *text)
{
	char **items = NULL;

	if (text)
		items = realloc(list->items,
				(list->count + 2) * sizeof(*items));
	if (!items) {
		free(text);
		list->is_short = true;
		return;
	}
	list->items = items;
	items[list->count++] = text;
	items[list->count] = NULL;
}

void list_add(struct list *list, const char *text)
{
	take(list, strdup(text));
}

void list_add_bytes(struct list *list, const char *text, size_t count)
{
	take(list, strndup(text, count));
}

void list_add_format(struct list *list, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) == -1)
		text = NULL;
	va_end(args);
	take(list, text);
}

bool list_has(const struct list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

const char *const *list_words(const struct list *list)
{
	static const char *const none[] = {NULL};

	return list->items ? (const char *const *)list->items : none;
}

void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct list){.items = NULL};
}
