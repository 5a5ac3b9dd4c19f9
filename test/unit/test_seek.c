/* test_seek.c -- finding a moment in a file, against reading all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/tai64n.h"
#include "dir_fixture.h"
#include "random.h"
#include "read/moment.h"
#include "read/seek.h"
#include "read/stamp.h"

#define ROOM 400000

struct text {
	char *bytes;
	size_t len;
};

static void add(struct text *text, const void *bytes, size_t len)
{
	assert_true(text->len + len <= ROOM);
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
}

static void add_filling(struct text *text, size_t len)
{
	static char filling[20000];

	memset(filling, 'x', sizeof(filling));
	add(text, filling, len);
}

static void add_stamp(struct text *text, struct timespec at)
{
	char label[TAI64N_LABEL_SIZE];

	tai64n_format(at, label);
	add(text, label, sizeof(label));
}

/* What is to be found, by looking at each line. */
static off_t look(const struct text *text, struct timespec since)
{
	size_t at = 0;
	bool is_first = true;

	while (at < text->len) {
		const char *line = text->bytes + at;
		const char *end = memchr(line, '\n', text->len - at);
		struct timespec stamp;

		if (stamp_parse(line, text->len - at, &stamp) > 0) {
			if (!moment_is_before(stamp, since))
				return is_first ? 0 : (off_t)at;
			is_first = false;
		}
		if (!end)
			break;
		at = (size_t)(end - text->bytes) + 1;
	}
	return is_first ? 0 : (off_t)text->len;
}

static void check(const struct dir *dir, const struct text *text,
		  struct timespec since)
{
	int fd = openat(dir->fd, "file", O_RDONLY);
	off_t found = seek_moment(fd, (off_t)text->len, since);

	close(fd);
	assert_int_equal(found, look(text, since));
}

/* Lines of the lengths that matter, some without stamps. */
static void add_lines(struct text *text, uint32_t *seed, unsigned count,
		      unsigned longest, unsigned stamped_of_8)
{
	struct timespec at = {1000, 0};

	for (unsigned i = 0; i < count; i++) {
		size_t len = next_random(seed) % (longest + 1);

		if (next_random(seed) % 8 < stamped_of_8) {
			/* Several lines may share a moment. */
			at.tv_sec += next_random(seed) % 3;
			add_stamp(text, at);
			add(text, " ", 1);
		}
		add_filling(text, len);
		if (i + 1 < count || next_random(seed) % 4 > 0)
			add(text, "\n", 1);
	}
}

static void search_finds_what_reading_finds(void **state)
{
	static const unsigned longest[] = {0, 1, 40, 300, 5000, 20000};
	static const unsigned counts[] = {1, 2, 3, 17, 60};
	struct text text = {.bytes = malloc(ROOM)};
	uint32_t seed = 42;

	for (unsigned round = 0; round < 600; round++) {
		unsigned length = longest[round % 6];
		unsigned count = length > 300 ? 17 : counts[round % 5];

		text.len = 0;
		add_lines(&text, &seed, count, length, round / 6 % 9);
		write_file(*state, "file", text.bytes, text.len);
		for (long since = 999; since < 1000 + 2 * (long)count + 2;
		     since += 1 + count / 10)
			check(*state, &text, (struct timespec){since, 0});
	}
	free(text.bytes);
}

/* A stamp wherever the blocks that are read may end. */
static void stamps_across_blocks_are_seen(void **state)
{
	struct text text = {.bytes = malloc(ROOM)};

	for (size_t shift = 4096 - 60; shift < 4096 + 30; shift++) {
		text.len = 0;
		add_stamp(&text, (struct timespec){1, 0});
		add_filling(&text, shift - 25);
		add(&text, "\n", 1);
		add_stamp(&text, (struct timespec){5, 0});
		add(&text, "\n", 1);
		add_filling(&text, 3 * shift);
		add(&text, "\n", 1);
		add_stamp(&text, (struct timespec){9, 0});
		write_file(*state, "file", text.bytes, text.len);
		for (long since = 0; since < 11; since++)
			check(*state, &text, (struct timespec){since, 0});
	}
	free(text.bytes);
}

static void nothing_is_found_in_nothing(void **state)
{
	struct text text = {.bytes = malloc(ROOM)};

	write_file(*state, "file", "", 0);
	check(*state, &text, (struct timespec){1, 0});
	add_filling(&text, 20000);
	write_file(*state, "file", text.bytes, text.len);
	check(*state, &text, (struct timespec){1, 0});
	free(text.bytes);
	assert_int_equal(seek_moment(-1, 10, (struct timespec){1, 0}), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(search_finds_what_reading_finds),
		dir_test(stamps_across_blocks_are_seen),
		dir_test(nothing_is_found_in_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
