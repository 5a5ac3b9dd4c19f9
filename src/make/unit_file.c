/* unit_file.c -- see unit_file.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/span.h"
#include "base/strb.h"
#include "make/lines.h"
#include "make/unit_file.h"

#define BLANKS " \t\n\r"

static bool is_blank(char byte)
{
	return byte != '\0' && strchr(BLANKS, byte);
}

/* ---- lines ---- */

static char *take_line(struct unit_reader *reader)
{
	reader->number++;
	return lines_take(&reader->at, reader->end);
}

static char *trim(char *text)
{
	return lines_trim(text, BLANKS);
}

static bool is_comment(const char *line)
{
	line += strspn(line, BLANKS);
	return *line == '#' || *line == ';';
}

/* Whether the last byte is a backslash that no other one is before, which
 * becomes a blank; a CR before the newline is nothing. */
static bool goes_on(char *line, size_t *len)
{
	size_t count = 0;

	if (*len > 0 && line[*len - 1] == '\r')
		line[--*len] = '\0';
	while (count < *len && line[*len - 1 - count] == '\\')
		count++;
	if (count % 2 == 0)
		return false;
	line[*len - 1] = ' ';
	return true;
}

/* A line with those that it goes on with, moved together; comments between them
 * go. */
static char *take_joined(struct unit_reader *reader)
{
	char *joined = take_line(reader), *next;
	size_t len = strlen(joined), more;
	bool is_open;

	if (is_comment(joined))
		return joined;
	is_open = goes_on(joined, &len);
	while (is_open && reader->at < reader->end) {
		next = take_line(reader);
		if (is_comment(next))
			continue;
		more = strlen(next);
		memmove(joined + len, next, more + 1);
		len += more;
		is_open = goes_on(joined, &len);
	}
	return joined;
}

bool unit_next(struct unit_reader *reader, struct unit_line *line)
{
	while (reader->at < reader->end) {
		unsigned number = reader->number + 1;
		char *text = take_joined(reader), *equals;

		if (is_comment(text))
			continue;
		text = trim(text);
		if (*text == '\0')
			continue;
		if (*text == '[' && text[strlen(text) - 1] == ']') {
			text[strlen(text) - 1] = '\0';
			reader->section = text + 1;
			continue;
		}
		*line = (struct unit_line){
			.number = number,
			.section = reader->section ? reader->section : "",
			.value = text,
		};
		equals = strchr(text, '=');
		if (equals && equals > text) {
			*equals = '\0';
			line->key = trim(text);
			line->value = trim(equals + 1);
		}
		return true;
	}
	return false;
}

/* ---- words ---- */

static int digit_of(char byte)
{
	static const char digits[] = "0123456789abcdef";
	const char *at;

	if (byte >= 'A' && byte <= 'F')
		byte = (char)(byte - 'A' + 'a');
	at = byte == '\0' ? NULL : strchr(digits, byte);
	return at ? (int)(at - digits) : -1;
}

/* `count` digits of that base; false: there are not as many. */
static bool take_digits(const char *text, unsigned count, int base,
			uint32_t *number)
{
	*number = 0;
	for (unsigned i = 0; i < count; i++) {
		int digit = digit_of(text[i]);

		if (digit == -1 || digit >= base)
			return false;
		*number = *number * (uint32_t)base + (uint32_t)digit;
	}
	return true;
}

static bool add_utf8(struct strb *out, uint32_t number)
{
	unsigned char bytes[4];
	size_t count = number < 0x80      ? 1
		       : number < 0x800   ? 2
		       : number < 0x10000 ? 3
					  : 4;
	static const unsigned char heads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (number == 0 || number > 0x10ffff ||
	    (number >= 0xd800 && number < 0xe000))
		return false;
	for (size_t i = count; i-- > 0; number >>= 6)
		bytes[i] = (unsigned char)(0x80 | (number & 0x3f));
	if (count == 1)
		bytes[0] &= 0x7f;
	else
		bytes[0] = (unsigned char)((bytes[0] & (0x7f >> count)) |
					   heads[count]);
	strb_add_bytes(out, bytes, count);
	return true;
}

/* A number after a backslash; 0: none that can be, else how many bytes. */
static size_t take_number(const char *text, struct strb *out)
{
	static const struct {
		char letter;
		unsigned count;
	} kinds[] = {{'x', 2}, {'u', 4}, {'U', 8}};
	uint32_t number;
	unsigned char byte;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (*text != kinds[i].letter)
			continue;
		if (!take_digits(text + 1, kinds[i].count, 16, &number) ||
		    number == 0)
			return 0;
		byte = (unsigned char)number;
		if (i == 0)
			strb_add_bytes(out, &byte, 1);
		else if (!add_utf8(out, number))
			return 0;
		return kinds[i].count + 1;
	}
	if (!take_digits(text, 3, 8, &number) || number == 0 || number > 255)
		return 0;
	byte = (unsigned char)number;
	strb_add_bytes(out, &byte, 1);
	return 3;
}

/* What stands behind a backslash; returns how many bytes that is. What means
 * nothing stays, backslash and all, as systemd has it. */
static size_t take_escape(const char *text, struct strb *out)
{
	static const char letters[] = "abfnrtvs\\\"'",
			  meant[] = "\a\b\f\n\r\t\v \\\"'";
	const char *at = *text == '\0' ? NULL : strchr(letters, *text);
	size_t taken;

	if (at) {
		strb_add_bytes(out, &meant[at - letters], 1);
		return 1;
	}
	taken = take_number(text, out);
	if (taken > 0)
		return taken;
	strb_add(out, "\\");
	strb_add_bytes(out, text, *text != '\0');
	return *text != '\0';
}

/* One word into `out`, which has room for all of the text. */
static const char *take_word(const char **text, struct strb *out)
{
	char quote = '\0';

	for (; **text != '\0'; ++*text) {
		char byte = **text;

		if (byte == '\\') {
			*text += take_escape(*text + 1, out);
		} else if (byte == quote) {
			quote = '\0';
		} else if (quote == '\0' && (byte == '\'' || byte == '"')) {
			quote = byte;
		} else if (quote == '\0' && is_blank(byte)) {
			break;
		} else {
			strb_add_bytes(out, &byte, 1);
		}
	}
	return quote == '\0' ? NULL : "a quote isn't closed";
}

static bool is_lone(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strncmp(text, word, len) == 0 &&
	       (text[len] == '\0' || is_blank(text[len]));
}

const char *unit_words(const char **text, bool is_command, struct list *words)
{
	size_t size = strlen(*text) + 1;
	char *room = malloc(size);
	const char *wrong = NULL;

	if (!room) {
		words->is_short = true;
		return NULL;
	}
	while (!wrong) {
		struct strb word = strb_on(room, size);

		*text += strspn(*text, BLANKS);
		if (**text == '\0')
			break;
		if (is_command && is_lone(*text, ";")) {
			++*text;
			break;
		}
		if (is_command && is_lone(*text, "\\;")) {
			*text += 2;
			list_add(words, ";");
			continue;
		}
		wrong = take_word(text, &word);
		list_add_bytes(words, word.data, word.len);
	}
	free(room);
	return wrong;
}

/* ---- values ---- */

bool unit_span(const char *text, int64_t *span_ns)
{
	static const struct {
		const char *names; /* each between blanks */
		int64_t ns;
	} units[] = {
		{" us usec \xc2\xb5s \xce\xbcs ", 1000},
		{" ms msec ", SPAN_MILLISECOND_NS},
		{"  s sec second seconds ", SPAN_SECOND_NS},
		{" m min minute minutes ", 60 * SPAN_SECOND_NS},
		{" h hr hour hours ", 3600 * SPAN_SECOND_NS},
		{" d day days ", 86400 * SPAN_SECOND_NS},
		{" w week weeks ", 604800 * SPAN_SECOND_NS},
		{" M month months ", 2629800 * SPAN_SECOND_NS},
		{" y year years ", 31557600 * SPAN_SECOND_NS},
	};
	const int64_t most = INT64_MAX / 4;
	double sum = 0;

	if (strcmp(text, "infinity") == 0) {
		*span_ns = -1;
		return true;
	}
	if (*text == '\0')
		return false;
	while (*text != '\0') {
		char digits[32], name[16];
		size_t len = strspn(text, "0123456789."), i = 0;
		double number;

		if (len == 0 || *text == '.' || len >= sizeof(digits))
			return false;
		memcpy(digits, text, len);
		digits[len] = '\0';
		number = strtod(digits, NULL);
		text += len + strspn(text + len, BLANKS);
		len = strcspn(text, "0123456789" BLANKS);
		if (len + 3 > sizeof(name))
			return false;
		snprintf(name, sizeof(name), " %.*s ", (int)len, text);
		while (i < sizeof(units) / sizeof(units[0]) &&
		       !strstr(units[i].names, name))
			i++;
		if (i == sizeof(units) / sizeof(units[0]))
			return false;
		sum += number * (double)units[i].ns;
		text += len + strspn(text + len, BLANKS);
	}
	*span_ns = sum > (double)most ? most : (int64_t)(sum + 0.5);
	return true;
}

bool unit_boolean(const char *text, bool *is_true)
{
	static const char *const words[] = {"1", "yes",   "y", "true",
					    "t", "on",    "0", "no",
					    "n", "false", "f", "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) != 0)
			continue;
		*is_true = i < 6;
		return true;
	}
	return false;
}

bool unit_bytes(const char *text, uint64_t *bytes)
{
	static const char letters[] = "KMGTPE";
	char digits[24];
	size_t len = strspn(text, "0123456789");
	const char *letter = NULL;
	unsigned shift = 0;

	if (len == 0 || len >= sizeof(digits))
		return false;
	if (text[len] != '\0') {
		letter = strchr(letters, text[len]);
		if (!letter || text[len + 1] != '\0')
			return false;
		shift = 10 * (unsigned)(letter - letters + 1);
	}
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (number_parse(digits, UINT64_MAX >> shift, bytes) == -1)
		return false;
	*bytes <<= shift;
	return true;
}

bool unit_unescape(const char *name, size_t len, bool has_slashes, char *out,
		   size_t size_bytes)
{
	struct strb text = strb_on(out, size_bytes);

	for (size_t i = 0; i < len; i++) {
		char byte = name[i];
		uint32_t number;

		if (byte == '-' && has_slashes)
			byte = '/';
		if (byte == '\\' && len - i >= 4 && name[i + 1] == 'x' &&
		    take_digits(name + i + 2, 2, 16, &number)) {
			byte = (char)number;
			i += 3;
		}
		if (byte == '\0')
			return false;
		strb_add_bytes(&text, &byte, 1);
	}
	return !text.is_cut;
}
