/* test_control.c -- the letters of supervise/control, against the contract. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/control.h"

/* By letters: what the suites that have them say that they do. */
/* clang-format off */
static const struct control contract[] = {
	{'u', CONTROL_UP,           0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'d', CONTROL_DOWN,         0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'o', CONTROL_ONCE,         0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'x', CONTROL_LEAVE,        0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'p', CONTROL_PAUSE,        SIGSTOP,  NULL, CONTROL_DOWN_LEFT,    false},
	{'c', CONTROL_CONTINUE,     SIGCONT,  NULL, CONTROL_DOWN_LEFT,    false},
	{'h', CONTROL_SIGNAL,       SIGHUP,   NULL, CONTROL_DOWN_LEFT,    false},
	{'a', CONTROL_SIGNAL,       SIGALRM,  NULL, CONTROL_DOWN_LEFT,    false},
	{'i', CONTROL_SIGNAL,       SIGINT,   NULL, CONTROL_DOWN_LEFT,    false},
	{'t', CONTROL_SIGNAL,       SIGTERM,  NULL, CONTROL_DOWN_LEFT,    false},
	{'k', CONTROL_SIGNAL,       SIGKILL,  NULL, CONTROL_DOWN_LEFT,    false},
	{'q', CONTROL_SIGNAL,       SIGQUIT,  NULL, CONTROL_DOWN_LEFT,    false},
	{'1', CONTROL_SIGNAL,       SIGUSR1,  NULL, CONTROL_DOWN_LEFT,    false},
	{'2', CONTROL_SIGNAL,       SIGUSR2,  NULL, CONTROL_DOWN_LEFT,    false},
	{'w', CONTROL_SIGNAL,       SIGWINCH, NULL, CONTROL_DOWN_LEFT,    false},
	{'y', CONTROL_SIGNAL,       SIGWINCH, NULL, CONTROL_DOWN_LEFT,    false},
	{'b', CONTROL_SIGNAL,       SIGABRT,  NULL, CONTROL_DOWN_LEFT,    false},
	{'r', CONTROL_RESTART,      0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'l', CONTROL_RELOAD,       SIGHUP,   NULL, CONTROL_DOWN_LEFT,    false},
	{'P', CONTROL_PAUSE,        SIGSTOP,  NULL, CONTROL_DOWN_LEFT,    true},
	{'C', CONTROL_CONTINUE,     SIGCONT,  NULL, CONTROL_DOWN_LEFT,    true},
	{'K', CONTROL_SIGNAL,       SIGKILL,  NULL, CONTROL_DOWN_LEFT,    true},
	{'D', CONTROL_DOWN,         0,        NULL, CONTROL_DOWN_MADE,    false},
	{'U', CONTROL_UP,           0,        NULL, CONTROL_DOWN_REMOVED, false},
	{'O', CONTROL_AT_MOST_ONCE, 0,        NULL, CONTROL_DOWN_LEFT,    false},
	{'Q', CONTROL_AT_MOST_ONCE, 0,        NULL, CONTROL_DOWN_MADE,    false},
};
/* clang-format on */

static const struct control *promised(char letter)
{
	for (size_t i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		if (contract[i].letter == letter)
			return &contract[i];
	}
	return NULL;
}

static void every_byte_is_as_the_contract_has_it(void **unused)
{
	(void)unused;
	for (int byte = 0; byte <= UINT8_MAX; byte++) {
		const struct control *row = control_find((char)byte);
		const struct control *wanted = promised((char)byte);

		if (!row != !wanted)
			fail_msg("byte %d is %s", byte,
				 row ? "not for us" : "missing");
		if (!row || !wanted)
			continue;
		if (row->effect != wanted->effect ||
		    row->signal_number != wanted->signal_number ||
		    row->down_file != wanted->down_file ||
		    row->is_to_group != wanted->is_to_group)
			fail_msg("'%c' does something else", byte);
	}
}

static void every_letter_stands_for_one_thing(void **unused)
{
	const struct control *row;
	unsigned count = 0;

	(void)unused;
	for (; (row = control_row(count)); count++) {
		assert_ptr_equal(control_find(row->letter), row);
		assert_true(row->effect < CONTROL_EFFECT_COUNT);
		assert_true(strlen(row->name) > 0);
		assert_int_equal(row->signal_number != 0,
				 row->effect == CONTROL_SIGNAL ||
					 row->effect == CONTROL_RELOAD ||
					 row->effect == CONTROL_PAUSE ||
					 row->effect == CONTROL_CONTINUE);
	}
	assert_int_equal(count, sizeof(contract) / sizeof(contract[0]));
	assert_null(control_row(count));
	assert_null(control_row(UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_as_the_contract_has_it),
		cmocka_unit_test(every_letter_stands_for_one_thing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
