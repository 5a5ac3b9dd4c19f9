/* json.c -- see json.h. */
#include <stdbool.h>
#include <string.h>

#include "read/json.h"

static char *put_unit(char *out, unsigned unit)
{
	static const char digits[] = "0123456789abcdef";

	*out++ = '\\';
	*out++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*out++ = digits[unit >> shift & 15];
	return out;
}

static char *put_ascii(char *out, unsigned char byte)
{
	static const char short_forms[] = "\bb\tt\nn\ff\rr\"\"\\\\";

	for (const char *form = short_forms; *form; form += 2) {
		if (byte == (unsigned char)form[0]) {
			*out++ = '\\';
			*out++ = form[1];
			return out;
		}
	}
	if (byte < 0x20 || byte == 0x7f)
		return put_unit(out, byte);
	*out++ = (char)byte;
	return out;
}

/* How long a sequence is that begins so; 0: none does. RFC 3629. */
static size_t sequence_length(unsigned char first)
{
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;
	return 0;
}

/* Whether `byte` may come second: no overlong form, no surrogate, no more
 * than U+10FFFF. */
static bool may_follow(unsigned char first, unsigned char byte)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return byte >= low && byte <= high;
}

static char *put_byte(struct json_text *text, unsigned char byte, char *out)
{
	unsigned char *held = text->held;
	size_t count = text->held_count;

	if (count > 0 &&
	    (count == 1 ? may_follow(held[0], byte) : (byte & 0xc0) == 0x80)) {
		held[text->held_count++] = byte;
		if (text->held_count < sequence_length(held[0]))
			return out;
		memcpy(out, held, text->held_count);
		out += text->held_count;
		text->held_count = 0;
		return out;
	}
	out += json_end(text, out);
	if (byte < 0x80)
		return put_ascii(out, byte);
	if (sequence_length(byte) == 0)
		return put_unit(out, 0xdc00U + byte);
	held[text->held_count++] = byte;
	return out;
}

size_t json_escape(struct json_text *text, const char *bytes, size_t count,
		   char *out)
{
	char *start = out;

	for (size_t i = 0; i < count; i++)
		out = put_byte(text, (unsigned char)bytes[i], out);
	return (size_t)(out - start);
}

size_t json_end(struct json_text *text, char *out)
{
	char *start = out;

	for (size_t i = 0; i < text->held_count; i++)
		out = put_unit(out, 0xdc00U + text->held[i]);
	text->held_count = 0;
	return (size_t)(out - start);
}
