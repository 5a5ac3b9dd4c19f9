/* record.c -- see record.h. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "service/record.h"

static void write_text(struct strb *text, const char *value, char end)
{
	const char *begin = value;

	for (; *value; value++) {
		if ((unsigned char)*value >= ' ' && *value != end)
			continue;
		strb_add_bytes(text, begin, (size_t)(value - begin));
		strb_add_bytes(text, "?", 1);
		begin = value + 1;
	}
	strb_add_bytes(text, begin, (size_t)(value - begin));
}

void record_write(struct strb *text, const struct record_field *fields,
		  const void *from, char end)
{
	for (; fields->type != RECORD_END; fields++) {
		const char *member = (const char *)from + fields->offset;

		strb_add(text, fields->key);
		strb_add(text, "=");
		if (fields->type == RECORD_NUMBER)
			strb_add_number(text,
					*(const int64_t *)(const void *)member);
		else if (fields->type == RECORD_FLAG)
			strb_add(text, *(const bool *)member ? "1" : "0");
		else
			write_text(text, member, end);
		strb_add_bytes(text, &end, 1);
	}
}

/* A whole decimal number, with an optional '-'; false if it isn't one. */
static bool read_number(const char *value, size_t len, int64_t *number)
{
	bool is_negative = len > 0 && value[0] == '-';
	uint64_t most = (uint64_t)INT64_MAX + is_negative, sum = 0;

	if (len == is_negative)
		return false;
	for (size_t i = is_negative; i < len; i++) {
		uint64_t digit = (unsigned char)value[i] - (uint64_t)'0';

		if (digit > 9 || sum > (most - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	/* -INT64_MIN wouldn't fit, so not by way of its opposite. */
	*number =
		is_negative && sum > 0 ? -(int64_t)(sum - 1) - 1 : (int64_t)sum;
	return true;
}

static bool read_value(const struct record_field *field, const char *value,
		       size_t len, void *to)
{
	char *member = (char *)to + field->offset;

	switch (field->type) {
	case RECORD_NUMBER:
		return read_number(value, len, (int64_t *)(void *)member);
	case RECORD_FLAG:
		if (len != 1 || (*value != '0' && *value != '1'))
			return false;
		*(bool *)member = *value == '1';
		return true;
	case RECORD_TEXT:
		if (len >= field->size)
			return false;
		memcpy(member, value, len);
		member[len] = '\0';
		return true;
	case RECORD_END: break;
	}
	return false;
}

static bool is_key(const struct record_field *field, const char *text,
		   size_t len)
{
	return field->type != RECORD_END &&
	       strncmp(field->key, text, len) == 0 && field->key[len] == '\0';
}

/* The bit of the field that was read; 0 if it isn't understood. *next is the
 * number of the one after it: where fields are as they were written, it is
 * looked at first. */
static uint64_t read_field(const char *text, size_t len,
			   const struct record_field *fields, void *to,
			   unsigned *next)
{
	const char *equals = memchr(text, '=', len);
	size_t key_len = equals ? (size_t)(equals - text) : 0;
	unsigned i = *next;

	if (!equals)
		return 0;
	if (!is_key(&fields[i], text, key_len)) {
		for (i = 0; fields[i].type != RECORD_END; i++) {
			if (is_key(&fields[i], text, key_len))
				break;
		}
	}
	if (fields[i].type == RECORD_END)
		return 0;
	*next = i + 1;
	return (UINT64_C(1) << i) *
	       read_value(&fields[i], equals + 1, len - key_len - 1, to);
}

unsigned record_read(const char *text, size_t len,
		     const struct record_field *fields, void *to, char end)
{
	const char *stop = text + strnlen(text, len);
	uint64_t understood = 0; /* a bit for each, so that none counts twice */
	unsigned count = 0, next = 0;

	while (text < stop) {
		const char *at = memchr(text, end, (size_t)(stop - text));
		size_t field_len = (size_t)((at ? at : stop) - text);

		understood |= read_field(text, field_len, fields, to, &next);
		if (!at)
			break;
		text = at + 1;
	}
	for (; understood != 0; understood &= understood - 1)
		count++;
	return count;
}
