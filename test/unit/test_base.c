/* test_base.c -- labels, texts and reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <errno.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/strb.h"
#include "base/tai64n.h"

static void label_of_a_known_moment(void **unused)
{
	struct timespec moment = {.tv_sec = 994720184, .tv_nsec = 848605500};
	struct timespec back;
	char label[TAI64N_LABEL_SIZE + 1] = {0};

	(void)unused;
	tai64n_format(moment, label);
	/* Source: the 0.76 specification, 1.5. */
	assert_string_equal(label, "@400000003b4a39c23294b13c");
	assert_true(tai64n_parse(label, &back));
	assert_int_equal(back.tv_sec, moment.tv_sec);
	assert_int_equal(back.tv_nsec, moment.tv_nsec);
	label[3] = 'A';
	assert_false(tai64n_parse(label, &back));
}

static void text_that_does_not_fit_is_cut(void **unused)
{
	char room[8];
	struct strb text = strb_on(room, sizeof(room));

	(void)unused;
	strb_add(&text, "abc");
	strb_add_format(&text, "%d", 12);
	assert_false(text.is_cut);
	strb_add_format(&text, "%d", 345678);
	assert_true(text.is_cut);
	assert_string_equal(room, "abc1234");
}

static void reasons_do_not_depend_on_the_libc(void **unused)
{
	(void)unused;
	assert_string_equal(diag_reason(ENOENT), "file does not exist");
	assert_string_equal(diag_reason(EAGAIN), "temporary failure");
	assert_string_equal(diag_reason(-1), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label_of_a_known_moment),
		cmocka_unit_test(text_that_does_not_fit_is_cut),
		cmocka_unit_test(reasons_do_not_depend_on_the_libc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
