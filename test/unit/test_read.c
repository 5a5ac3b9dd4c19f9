/* test_read.c -- the small parts of reading: merging, JSON, stamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "read/heap.h"
#include "read/json.h"
#include "read/moment.h"
#include "read/stamp.h"

/* ---- merging ---- */

#define SEQUENCES 13

/* Each has one item in the heap, as when logs are merged. */
static void heap_merges_sequences_in_order(void **unused)
{
	struct heap_item items[SEQUENCES], item, last = {{-1, 0}, 0};
	struct heap heap = {.items = items};
	unsigned left[SEQUENCES], total = 0, taken = 0;
	struct timespec next[SEQUENCES];
	uint32_t seed = 9;

	(void)unused;
	for (size_t i = 0; i < SEQUENCES; i++) {
		left[i] = next_random(&seed) % 500;
		total += left[i];
		next[i] = (struct timespec){0, 0};
		if (left[i] > 0)
			heap_push(&heap, (struct heap_item){next[i], i});
	}
	while (heap_pop(&heap, &item)) {
		struct timespec *at = &next[item.sequence];

		assert_false(moment_is_before(item.at, last.at));
		if (!moment_is_before(last.at, item.at))
			assert_true(item.sequence >= last.sequence);
		assert_int_equal(item.at.tv_sec, at->tv_sec);
		last = item;
		taken++;
		if (--left[item.sequence] == 0)
			continue;
		at->tv_sec += 1 + next_random(&seed) % 3;
		at->tv_nsec = next_random(&seed) % 2;
		heap_push(&heap, (struct heap_item){*at, item.sequence});
	}
	assert_int_equal(taken, total);
	assert_int_equal(heap.count, 0);
}

static void earlier_is_earlier(void **unused)
{
	const struct timespec a = {1, 5}, b = {1, 6}, c = {2, 0};

	(void)unused;
	assert_true(moment_is_before(a, b) && moment_is_before(b, c));
	assert_false(moment_is_before(b, a) || moment_is_before(c, b));
	assert_false(moment_is_before(a, a));
}

/* ---- JSON ---- */

static size_t escape(const char *bytes, size_t count, size_t piece, char *out)
{
	struct json_text text = {.held_count = 0};
	size_t len = 0;

	for (size_t at = 0; at < count; at += piece) {
		size_t part = count - at < piece ? count - at : piece;

		len += json_escape(&text, bytes + at, part, out + len);
	}
	return len + json_end(&text, out + len);
}

static void check_json(const char *bytes, size_t count, const char *wanted)
{
	char out[JSON_ROOM(64) + 1];

	for (size_t piece = 1; piece <= count + 1; piece++) {
		out[escape(bytes, count, piece, out)] = '\0';
		assert_string_equal(out, wanted);
	}
}

#define JSON(bytes, wanted) check_json(bytes, sizeof(bytes) - 1, wanted)

static void json_escapes_what_it_must(void **unused)
{
	(void)unused;
	JSON("", "");
	JSON("plain /text\x7e", "plain /text~");
	JSON("\"\\\b\f\n\r\t", "\\\"\\\\\\b\\f\\n\\r\\t");
	JSON("\0\x01\x1f\x7f", "\\u0000\\u0001\\u001f\\u007f");
	JSON("gr\xc3\xbc\xc3\x9f"
	     "e",
	     "gr\xc3\xbc\xc3\x9f"
	     "e");
	JSON("\xe2\x82\xac\xf0\x9f\x90\x8b\xf4\x8f\xbf\xbf",
	     "\xe2\x82\xac\xf0\x9f\x90\x8b\xf4\x8f\xbf\xbf");
}

static void json_keeps_what_is_not_utf8(void **unused)
{
	(void)unused;
	JSON("\x80\xff", "\\udc80\\udcff");
	JSON("\xc3", "\\udcc3");
	JSON("\xc3(", "\\udcc3(");
	JSON("\xe2\x82", "\\udce2\\udc82");
	JSON("\xe2\x82\xc3\xbc", "\\udce2\\udc82\xc3\xbc");
	/* Overlong, a half of a pair, beyond the last. */
	JSON("\xc0\x80", "\\udcc0\\udc80");
	JSON("\xe0\x9f\xbf", "\\udce0\\udc9f\\udcbf");
	JSON("\xed\xb2\x80", "\\udced\\udcb2\\udc80");
	JSON("\xf0\x8f\xbf\xbf", "\\udcf0\\udc8f\\udcbf\\udcbf");
	JSON("\xf4\x90\x80\x80", "\\udcf4\\udc90\\udc80\\udc80");
}

/* ---- stamps ---- */

static size_t parse(const char *line, struct timespec *moment)
{
	return stamp_parse(line, strlen(line), moment);
}

static void stamp_is_a_label_and_nothing_more(void **unused)
{
	struct timespec moment = {1, 2};

	(void)unused;
	assert_int_equal(parse("", &moment), 0);
	assert_int_equal(parse("@400000003b4a39c23294b13 x", &moment), 0);
	assert_int_equal(parse("@400000003b4a39c23294b13c0", &moment), 0);
	assert_int_equal(parse("@400000003B4a39c23294b13c ", &moment), 0);
	assert_int_equal(parse(" @400000003b4a39c23294b13c", &moment), 0);
	assert_int_equal(moment.tv_sec, 1);
	assert_int_equal(parse("@400000003b4a39c23294b13c text", &moment), 25);
	assert_int_equal(moment.tv_sec, 994720184);
	assert_int_equal(parse("@400000003b4a39c23294b13c", &moment), 25);
	assert_int_equal(parse("@400000003b4a39c23294b13cg", &moment), 25);
}

static void stamp_may_be_a_date_of_svlogd(void **unused)
{
	static const char *const others[] = {
		"2026-11-22_14:00:05.1234 text",  "2026-11-22_14:00:05.123456",
		"2026-11-22 14:00:05.12345 text", "2026-13-22_14:00:05.12345",
		"2026-11-00_14:00:05.12345 text", "2026-11-22_14:00:05,12345",
		"2026-11-22_14:00:05.1234x",
	};
	struct timespec moment = {1, 2};

	(void)unused;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(parse(others[i], &moment), 0);
	assert_int_equal(moment.tv_sec, 1);
	assert_int_equal(parse("2026-11-22_14:00:05.12345 text", &moment), 25);
	assert_int_equal(moment.tv_sec, 1795356005);
	assert_int_equal(moment.tv_nsec, 123450000);
	assert_int_equal(parse("1970-01-01T00:00:00.00000", &moment), 25);
	assert_int_equal(moment.tv_sec, 0);
	assert_int_equal(moment.tv_nsec, 0);
}

static void beginnings_of_stamps_are_known(void **unused)
{
	const char *stamp = "@400000003b4a39c23294b13c text";

	(void)unused;
	assert_false(stamp_may_begin(stamp, 0));
	for (size_t len = 1; len <= strlen(stamp); len++)
		assert_true(stamp_may_begin(stamp, len));
	assert_false(stamp_may_begin("@40x", 4));
	assert_false(stamp_may_begin("40", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_merges_sequences_in_order),
		cmocka_unit_test(earlier_is_earlier),
		cmocka_unit_test(json_escapes_what_it_must),
		cmocka_unit_test(json_keeps_what_is_not_utf8),
		cmocka_unit_test(stamp_is_a_label_and_nothing_more),
		cmocka_unit_test(stamp_may_be_a_date_of_svlogd),
		cmocka_unit_test(beginnings_of_stamps_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
