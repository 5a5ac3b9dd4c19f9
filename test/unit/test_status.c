/* test_status.c -- the 20 bytes that other suites' clients read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "random.h"
#include "service/status.h"

/* 2001-07-09 23:09:44.848605500 UTC, the 0.76 specification, 1.5. */
#define MOMENT                                                                 \
	{                                                                      \
		.tv_sec = 994720184, .tv_nsec = 848605500                      \
	}

struct row {
	const char *what;
	struct status status;
	unsigned char bytes[STATUS_SIZE];
};

/* Source: the 0.76 specification, 5.4; the last two bytes: runit's sv(8). */
/* clang-format off */
static const struct row rows[] = {
	{"up, wanted up",
	 {MOMENT, 0x01020304, false, 'u', false, STATUS_RUN},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  4, 3, 2, 1, 0, 'u', 0, 1}},
	{"paused",
	 {MOMENT, 300, true, 'u', false, STATUS_RUN},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  44, 1, 0, 0, 1, 'u', 0, 1}},
	{"told to end, wanted down",
	 {MOMENT, 300, false, 'd', true, STATUS_RUN},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  44, 1, 0, 0, 0, 'd', 1, 1}},
	{"down after once: neither is wanted",
	 {MOMENT, 0, false, 0, false, STATUS_DOWN},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  0, 0, 0, 0, 0, 0, 0, 0}},
	{"what is down is neither paused nor told to end",
	 {MOMENT, 0, true, 'd', true, STATUS_DOWN},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  0, 0, 0, 0, 0, 'd', 0, 0}},
	{"finishing",
	 {MOMENT, 300, false, 'u', false, STATUS_FINISH},
	 {0x40, 0, 0, 0, 0x3b, 0x4a, 0x39, 0xc2, 0x32, 0x94, 0xb1, 0x3c,
	  44, 1, 0, 0, 0, 'u', 0, 2}},
	{"the greatest pid",
	 {{0, 0}, UINT32_MAX, false, 'u', false, STATUS_RUN},
	 {0x40, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0,
	  255, 255, 255, 255, 0, 'u', 0, 1}},
};
/* clang-format on */

static void each_byte_has_its_place(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char out[STATUS_SIZE];

		memset(out, 0xaa, sizeof(out));
		status_pack(&rows[i].status, out);
		if (memcmp(out, rows[i].bytes, sizeof(out)) != 0)
			fail_msg("%s", rows[i].what);
	}
}

static void what_was_packed_is_unpacked(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct status *before = &rows[i].status;
		struct status after;

		status_unpack(rows[i].bytes, &after);
		assert_int_equal(after.changed_at.tv_sec,
				 before->changed_at.tv_sec);
		assert_int_equal(after.changed_at.tv_nsec,
				 before->changed_at.tv_nsec);
		assert_int_equal(after.run_pid, before->run_pid);
		assert_int_equal(after.wanted, before->wanted);
		assert_int_equal(after.is_paused,
				 before->is_paused && before->run_pid != 0);
	}
}

/* Whoever wrote them: a reader must survive it, and read only what is his. */
static void any_bytes_are_some_status(void **unused)
{
	unsigned char in[STATUS_CLASSIC_SIZE], out[STATUS_SIZE];
	uint32_t seed = 1;

	(void)unused;
	for (int i = 0; i < 20000; i++) {
		struct status status, again;

		fill_random(&seed, in, sizeof(in));
		status_unpack(in, &status);
		assert_false(status.is_term_sent);
		status_pack(&status, out);
		status_unpack(out, &again);
		assert_int_equal(again.run_pid, status.run_pid);
		assert_int_equal(again.wanted, status.wanted);
		assert_int_equal(again.changed_at.tv_sec,
				 status.changed_at.tv_sec);
		assert_memory_equal(in, out, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_has_its_place),
		cmocka_unit_test(what_was_packed_is_unpacked),
		cmocka_unit_test(any_bytes_are_some_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
