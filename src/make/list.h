/*
 * list.h -- texts in a row, as the makers of services gather them.
 *
 * items[count] is always NULL, so a list can stand for an argv. Memory that is
 * short is remembered: add on without checking, ask once at the end.
 */
#ifndef MAKE_LIST_H
#define MAKE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* Starts as all zeros; `items` is NULL while it is empty. */
struct list {
	char **items; /* owned, and what they point to */
	size_t count;
	bool is_short; /* something is missing, as memory was short */
};

/* Adds a copy. */
void list_add(struct list *list, const char *text);
void list_add_bytes(struct list *list, const char *text, size_t count);
/* Adds a text made as printf(3) does. */
void list_add_format(struct list *list, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Whether it holds that text. */
bool list_has(const struct list *list, const char *text);

/* The items up to a NULL, also of an empty list. */
const char *const *list_words(const struct list *list);

/* Frees all, and makes it empty again. */
void list_free(struct list *list);

#endif
