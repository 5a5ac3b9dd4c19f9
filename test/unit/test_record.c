/* test_record.c -- KEY=VALUE: what is written is read, whatever surrounds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "service/record.h"

struct sample {
	char before_it; /* none of these may be touched */
	int64_t number;
	bool flag;
	char text[8];
	char after_it;
};

/* clang-format off */
static const struct record_field fields[] = {
	{RECORD_NUMBER, "number", offsetof(struct sample, number), 0},
	{RECORD_FLAG, "flag", offsetof(struct sample, flag), 0},
	{RECORD_TEXT, "text", offsetof(struct sample, text), 8},
	{RECORD_END, NULL, 0, 0},
};
/* clang-format on */

static const struct sample blank = {'B', 42, true, "old", 'A'};

/* From a copy that ends where the text does, so that reading on is noticed. */
static unsigned read_bytes(const char *text, size_t len, struct sample *sample)
{
	char *copy = malloc(len > 0 ? len : 1);
	unsigned understood;

	assert_non_null(copy);
	memcpy(copy, text, len);
	*sample = blank;
	understood = record_read(copy, len, fields, sample, '\n');
	assert_int_equal(sample->before_it, 'B');
	assert_int_equal(sample->after_it, 'A');
	free(copy);
	return understood;
}

static unsigned read_text(const char *text, struct sample *sample)
{
	return read_bytes(text, strlen(text), sample);
}

static void assert_blank(const struct sample *sample)
{
	assert_int_equal(sample->number, blank.number);
	assert_int_equal(sample->flag, blank.flag);
	assert_string_equal(sample->text, blank.text);
}

static void a_record_is_one_field_after_another(void **unused)
{
	const struct sample sample = {'B', -7, true, "some", 'A'};
	char room[64];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	record_write(&text, fields, &sample, '\n');
	assert_string_equal(room, "number=-7\nflag=1\ntext=some\n");
	text = strb_on(room, sizeof(room));
	record_write(&text, fields, &sample, ' ');
	assert_string_equal(room, "number=-7 flag=1 text=some ");
}

static void what_is_written_is_read(void **unused)
{
	static const int64_t numbers[] = {0,         1,         -1,
					  INT64_MAX, INT64_MIN, INT64_MIN + 1};
	static const char *const texts[] = {"",    "a", "1234567",
					    "a=b", "=", "\xc3\xa4"};

	(void)unused;
	for (int i = 0; i < 6; i++) {
		struct sample sample = blank, back;
		char room[64];
		struct strb text = strb_on(room, sizeof(room));

		sample.number = numbers[i];
		sample.flag = i % 2 == 0;
		strcpy(sample.text, texts[i]);
		record_write(&text, fields, &sample, '\n');
		assert_false(text.is_cut);
		assert_int_equal(read_text(room, &back), 3);
		assert_int_equal(back.number, sample.number);
		assert_int_equal(back.flag, sample.flag);
		assert_string_equal(back.text, sample.text);
	}
}

static void a_text_cannot_pass_for_a_field(void **unused)
{
	struct sample sample = {.text = "a\nb\x01 c"}, back;
	char room[64];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	record_write(&text, fields, &sample, '\n');
	assert_int_equal(read_text(room, &back), 3);
	assert_string_equal(back.text, "a?b? c");
	text = strb_on(room, sizeof(room));
	record_write(&text, fields, &sample, ' ');
	assert_string_equal(room, "number=0 flag=0 text=a?b??c ");
}

static void order_and_company_do_not_matter(void **unused)
{
	struct sample sample;

	(void)unused;
	assert_int_equal(
		read_text("\n\ntext=x\nnews=1\nflag=0\n\nnumber=5\nend",
			  &sample),
		3);
	assert_int_equal(sample.number, 5);
	assert_false(sample.flag);
	assert_string_equal(sample.text, "x");
	/* The last of the same counts, as one, and the last needs no end. */
	assert_int_equal(read_text("number=1\nnumber=2", &sample), 1);
	assert_int_equal(sample.number, 2);
}

static void what_is_not_understood_changes_nothing(void **unused)
{
	static const char *const noise[] = {
		"",
		"\n",
		"number",
		"number=",
		"number=-",
		"number=+1",
		"number= 1",
		"number=1 ",
		"number=1x",
		"number=0x1",
		"number=--1",
		"number=1-",
		"number=9223372036854775808",
		"number=-9223372036854775809",
		"number=18446744073709551616",
		"number=99999999999999999999999999999999",
		"flag=",
		"flag=2",
		"flag=10",
		"flag=true",
		"text=12345678",
		"text=123456789012345678901234567890",
		"=1",
		"==",
		"=",
		"numbe=1",
		"numbers=1",
		"Number=1",
		" number=1",
		"number =1",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		struct sample sample;

		if (read_text(noise[i], &sample) != 0)
			fail_msg("\"%s\" was understood", noise[i]);
		assert_blank(&sample);
	}
}

static void a_nul_ends_the_text(void **unused)
{
	static const char text[] = "flag=0\n\0number=5\n";
	struct sample sample;

	(void)unused;
	assert_int_equal(read_bytes(text, sizeof(text) - 1, &sample), 1);
	assert_int_equal(sample.number, blank.number);
	assert_int_equal(read_bytes("number=5\0", 9, &sample), 1);
	assert_int_equal(sample.number, 5);
}

/* A record that was cut anywhere gives its whole fields, and no other value
 * than a prefix of what stood there. */
static void a_truncated_record_is_read_as_far_as_it_goes(void **unused)
{
	static const char whole[] = "flag=0\nnumber=123\ntext=abc\n";

	(void)unused;
	for (size_t len = 0; len < sizeof(whole); len++) {
		struct sample sample;

		read_bytes(whole, len, &sample);
		if (len >= strlen("flag=0"))
			assert_false(sample.flag);
		if (len < strlen("flag=0\nnumber=1"))
			assert_int_equal(sample.number, blank.number);
		else
			assert_true(sample.number == 1 || sample.number == 12 ||
				    sample.number == 123);
		if (len >= strlen("flag=0\nnumber=123\ntext="))
			assert_memory_equal("abc", sample.text,
					    strlen(sample.text));
	}
}

static void what_does_not_fit_is_cut_and_says_so(void **unused)
{
	char room[12];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	record_write(&text, fields, &blank, '\n');
	assert_true(text.is_cut);
	assert_string_equal(room, "number=42\nf");
}

/* Bytes at random, then records with bytes at random in them. */
static void nothing_that_is_read_does_harm(void **unused)
{
	static const char whole[] = "number=-12345\nflag=1\ntext=abcdefg\n";
	char text[sizeof(whole) - 1];
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 40000; i++) {
		size_t len = next_random(&seed) % (sizeof(text) + 1);
		struct sample sample;

		if (i % 2 == 0) {
			fill_random(&seed, text, len);
		} else {
			memcpy(text, whole, len);
			for (uint32_t j = next_random(&seed) % 4;
			     len > 0 && j > 0; j--)
				fill_random(&seed,
					    text + next_random(&seed) % len, 1);
		}
		assert_true(read_bytes(text, len, &sample) <= len);
		assert_true(strnlen(sample.text, sizeof(sample.text)) <
			    sizeof(sample.text));
		assert_true(sample.flag == 0 || sample.flag == 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_one_field_after_another),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_text_cannot_pass_for_a_field),
		cmocka_unit_test(order_and_company_do_not_matter),
		cmocka_unit_test(what_is_not_understood_changes_nothing),
		cmocka_unit_test(a_nul_ends_the_text),
		cmocka_unit_test(a_truncated_record_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_does_not_fit_is_cut_and_says_so),
		cmocka_unit_test(nothing_that_is_read_does_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
