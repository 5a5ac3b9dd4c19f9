/* strb.c -- see strb.h. */
#include <stdio.h>
#include <string.h>

#include "base/strb.h"

struct strb strb_on(char *room, size_t size_bytes)
{
	room[0] = '\0';
	return (struct strb){.data = room, .size_bytes = size_bytes};
}

/* To begin a memcpy(3) may cost as much as a hundred bytes of it, and most of
 * what is added is a word. */
#define FEW_BYTES 32

static void copy(char *to, const char *from, size_t count)
{
	if (count > FEW_BYTES) {
		memcpy(to, from, count);
		return;
	}
	while (count-- > 0)
		*to++ = *from++;
}

void strb_add_bytes(struct strb *text, const void *more, size_t count)
{
	size_t room = text->size_bytes - 1 - text->len;

	if (count > room) {
		count = room;
		text->is_cut = true;
	}
	copy(text->data + text->len, more, count);
	text->len += count;
	text->data[text->len] = '\0';
}

void strb_add(struct strb *text, const char *more)
{
	strb_add_bytes(text, more, strlen(more));
}

void strb_add_number(struct strb *text, int64_t number)
{
	char digits[20];
	char *at = digits + sizeof(digits);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--at = '-';
	strb_add_bytes(text, at, (size_t)(digits + sizeof(digits) - at));
}

void strb_add_shown(struct strb *text, const char *more, size_t most)
{
	size_t count = strnlen(more, most);

	for (size_t i = 0; i < count; i++) {
		unsigned char byte = (unsigned char)more[i];
		bool is_plain = byte >= ' ' && byte != 0x7f;

		strb_add_bytes(text, is_plain ? &more[i] : "?", 1);
	}
	if (more[count] != '\0')
		strb_add(text, "...");
}

void strb_add_vformat(struct strb *text, const char *fmt, va_list args)
{
	size_t room = text->size_bytes - text->len;
	int wanted = vsnprintf(text->data + text->len, room, fmt, args);

	if (wanted < 0) {
		text->data[text->len] = '\0';
		text->is_cut = true;
	} else if ((size_t)wanted >= room) {
		text->len = text->size_bytes - 1;
		text->is_cut = true;
	} else {
		text->len += (size_t)wanted;
	}
}

void strb_add_format(struct strb *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strb_add_vformat(text, fmt, args);
	va_end(args);
}
