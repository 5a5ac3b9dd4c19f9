/* text.c -- see text.h. */
#include <inttypes.h>
#include <string.h>

#include "base/span.h"
#include "view/text.h"

/* Says that something is missing; one column. */
#define MARK "~"

/* ---- characters ---- */

struct range {
	uint32_t first, last;
};

/* Marks that go with the letter before them, and what isn't seen. */
static const struct range narrow[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489},   {0x0591, 0x05bd},
	{0x064b, 0x065f}, {0x0e31, 0x0e31},   {0x0e34, 0x0e3a},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},   {0x200b, 0x200d},
	{0x20d0, 0x20ff}, {0x302a, 0x302d},   {0xfe00, 0xfe0f},
	{0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

/* Unicode's East Asian Width, W and F, and pictures. */
static const struct range wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},
	{0x2614, 0x2615},   {0x26a1, 0x26a1},   {0x2705, 0x2705},
	{0x274c, 0x274c},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
	{0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
	{0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
};

/* Those that give orders, or turn the text round, though they are no ASCII. */
static const struct range orders[] = {
	{0x80, 0x9f},     {0x200e, 0x200f}, {0x2028, 0x202e},
	{0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
};

static bool is_in(uint32_t character, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

#define IS_IN(character, ranges)                                               \
	is_in(character, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* The length of the sequence that begins with this byte; 0: none does. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* What `text` begins with; one byte of what isn't UTF-8. RFC 3629. */
static size_t decode(const char *text, uint32_t *character)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = sequence_length(bytes[0]);
	uint32_t value;

	*character = UINT32_MAX;
	if (length == 0)
		return 1;
	value = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (bytes[i] & 0x3fU);
	}
	if (value < least[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 1;
	*character = value;
	return length;
}

/* One character as it is shown. */
struct shown {
	char bytes[5];
	size_t len, columns;
};

/* Returns how many bytes of `text` it is. */
static size_t show(const char *text, struct shown *shown)
{
	uint32_t character;
	size_t length = decode(text, &character);

	*shown = (struct shown){.bytes = "?", .len = 1, .columns = 1};
	if (character == '\t') {
		shown->bytes[0] = ' ';
	} else if (character < 0x20 || character == 0x7f) {
		shown->bytes[0] = '^';
		shown->bytes[1] = (char)(character ^ 0x40);
		shown->len = shown->columns = 2;
	} else if (character != UINT32_MAX && !IS_IN(character, orders)) {
		memcpy(shown->bytes, text, length);
		shown->len = length;
		if (character >= 0x80)
			shown->columns = IS_IN(character, narrow) ? 0
					 : IS_IN(character, wide) ? 2
								  : 1;
	}
	return length;
}

/* ---- fitting ---- */

size_t text_width(const char *text)
{
	size_t columns = 0;
	struct shown shown;

	while (*text) {
		text += show(text, &shown);
		columns += shown.columns;
	}
	return columns;
}

size_t text_add_shown(struct strb *out, const char *text, size_t columns)
{
	bool is_cut = text_width(text) > columns;
	size_t room = is_cut && columns > 0 ? columns - 1 : columns, used = 0;
	struct shown shown;

	while (*text) {
		size_t length = show(text, &shown);

		if (used + shown.columns > room)
			break;
		strb_add_bytes(out, shown.bytes, shown.len);
		used += shown.columns;
		text += length;
	}
	if (is_cut && columns > 0) {
		strb_add(out, MARK);
		used++;
	}
	return used;
}

static void add_blanks(struct strb *out, size_t count)
{
	while (count-- > 0)
		strb_add(out, " ");
}

void text_add_left(struct strb *out, const char *text, size_t columns)
{
	add_blanks(out, columns - text_add_shown(out, text, columns));
}

void text_add_right(struct strb *out, const char *text, size_t columns)
{
	size_t width = text_width(text);

	if (width < columns)
		add_blanks(out, columns - width);
	text_add_shown(out, text, columns);
}

void text_add_wrapped(struct strb *out, const char *text, size_t indent,
		      size_t columns)
{
	size_t at = indent;

	while (*text) {
		char word[256];
		size_t len = strcspn(text, " "), width;

		len = len < sizeof(word) ? len : sizeof(word) - 1;
		memcpy(word, text, len);
		word[len] = '\0';
		width = text_width(word);
		if (at > indent && at + 1 + width > columns) {
			strb_add(out, "\n");
			add_blanks(out, indent);
			at = indent;
		} else if (at > indent) {
			strb_add(out, " ");
			at++;
		}
		at += text_add_shown(out, word, width);
		text += len + strspn(text + len, " ");
	}
}

/* ---- figures ---- */

void text_add_span(struct strb *out, int64_t seconds)
{
	int64_t days = seconds / 86400, hours = seconds / 3600 % 24;

	if (seconds < 0)
		seconds = 0;
	if (days > 0) {
		strb_add_format(out, "%" PRId64 "d", days);
		if (days < 100 && hours > 0)
			strb_add_format(out, "%" PRId64 "h", hours);
		return;
	}
	if (seconds >= 3600)
		seconds -= seconds % 60;
	span_add(out, seconds * SPAN_SECOND_NS);
}

void text_add_cpu(struct strb *out, int64_t milliseconds)
{
	if (milliseconds < 60000)
		strb_add_format(out, "%" PRId64 ".%" PRId64 "s",
				milliseconds / 1000, milliseconds % 1000 / 100);
	else
		text_add_span(out, milliseconds / 1000);
}

void text_add_bytes(struct strb *out, int64_t bytes)
{
	static const char units[] = "KMGTPE";
	int64_t tenths = bytes * 10 / 1024;
	size_t unit = 0;

	while (tenths >= 10240 && unit + 2 < sizeof(units)) {
		tenths /= 1024;
		unit++;
	}
	if (unit > 0 && tenths < 100)
		strb_add_format(out, "%" PRId64 ".%" PRId64 "%c", tenths / 10,
				tenths % 10, units[unit]);
	else
		strb_add_format(out, "%" PRId64 "%c", tenths / 10, units[unit]);
}
