/*
 * fuzz_read.c -- JSON gives every byte back, however it comes in pieces, and
 * whatever is typed for a time is a moment or is refused.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "read/json.h"
#include "read/stamp.h"
#include "read/when.h"

#define MOST 2048

static unsigned hex(const char *digits)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		const char *all = "0123456789abcdef";
		const char *found = strchr(all, digits[i]);

		MUST(digits[i] != '\0' && found);
		value = value << 4 | (unsigned)(found - all);
	}
	return value;
}

/* The byte that an escape stands for; *len: how long it is. */
static unsigned char unescape(const char *escape, size_t *len)
{
	static const char letters[] = "b\bf\fn\nr\rt\t\"\"\\\\";
	unsigned unit;

	*len = 2;
	for (const char *letter = letters; *letter; letter += 2) {
		if (escape[1] == *letter)
			return (unsigned char)letter[1];
	}
	MUST(escape[1] == 'u');
	*len = 6;
	unit = hex(escape + 2);
	MUST(unit < 0x80 || (unit >= 0xdc80 && unit <= 0xdcff));
	return (unsigned char)(unit & 0xff);
}

static void check_json(const char *bytes, size_t count)
{
	static char whole[JSON_ROOM(MOST)], parts[JSON_ROOM(MOST)];
	struct json_text text = {.held_count = 0};
	size_t len = json_escape(&text, bytes, count, whole), at = 0;
	size_t middle = count > 0 ? (unsigned char)bytes[0] % count : 0;
	size_t again;

	len += json_end(&text, whole + len);
	again = json_escape(&text, bytes, middle, parts);
	again += json_escape(&text, bytes + middle, count - middle,
			     parts + again);
	again += json_end(&text, parts + again);
	MUST(again == len && memcmp(whole, parts, len) == 0);

	for (size_t i = 0; i < count; i++) {
		size_t step = 1;
		unsigned char byte = (unsigned char)whole[at];

		MUST(at < len && byte >= 0x20 && byte != '"');
		if (byte == '\\')
			byte = unescape(whole + at, &step);
		MUST(byte == (unsigned char)bytes[i]);
		at += step;
	}
	MUST(at == len);
}

static void check_when(const char *bytes, size_t count)
{
	const struct timespec now = {1795361445, 5};
	struct timespec moment = {12, 34};
	char text[200];

	if (count >= sizeof(text))
		return;
	memcpy(text, bytes, count);
	text[count] = '\0';
	if (when_parse(text, now, true, &moment))
		MUST(moment.tv_sec == 12 && moment.tv_nsec == 34);
	else if (text[0] != '@')
		MUST(moment.tv_nsec >= 0 && moment.tv_nsec < 1000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct timespec moment = {12, 34};
	size_t len;

	if (size > MOST)
		return 0;
	check_json(bytes, size);
	check_when(bytes, size);
	len = stamp_parse(bytes, size, &moment);
	MUST(len == 0 || len == STAMP_SIZE);
	MUST(len > 0 || (moment.tv_sec == 12 && moment.tv_nsec == 34));
	MUST(len == 0 || stamp_may_begin(bytes, size) || bytes[4] == '-');
	return 0;
}
