/* test_signame.c -- signals by name, there and back. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/signame.h"

static void names_and_numbers_are_read(void **unused)
{
	static const struct {
		const char *text;
		int number;
	} rows[] = {
		{"TERM", SIGTERM},    {"SIGTERM", SIGTERM}, {"term", SIGTERM},
		{"sigterm", SIGTERM}, {"15", SIGTERM},      {"HUP", SIGHUP},
		{"INT", SIGINT},      {"QUIT", SIGQUIT},    {"KILL", SIGKILL},
		{"USR1", SIGUSR1},    {"SIGUSR2", SIGUSR2}, {"CONT", SIGCONT},
		{"1", SIGHUP},        {"09", SIGKILL},      {"ALRM", SIGALRM},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(signame_parse(rows[i].text), rows[i].number);
}

static void other_texts_are_refused(void **unused)
{
	static const char *const bad[] = {
		"",       "0",          "-1",        "SIG",      "SIGSIGTERM",
		"TERM ",  " TERM",      "TERMINATE", "1x",       "999",
		"SIG15",  "RTMIN-1",    "RTMAX+1",   "RTMIN+99", "RTMIN+",
		"RTMINx", "4294967311", "NSIG",      "T",        "SIGRT",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (signame_parse(bad[i]) != -1)
			fail_msg("\"%s\" passed for a signal", bad[i]);
	}
}

#ifdef SIGRTMIN
static void real_time_signals_count_from_either_end(void **unused)
{
	/* With musl it was 35, so "RTMIN+3" was not what systemd sends. */
	const int first =
#ifdef __linux__
		34;
#else
		SIGRTMIN;
#endif
	char text[32];

	(void)unused;
	assert_int_equal(signame_parse("RTMIN"), first);
	assert_int_equal(signame_parse("SIGRTMIN+3"), first + 3);
	assert_int_equal(signame_parse("rtmax"), SIGRTMAX);
	assert_int_equal(signame_parse("SIGRTMAX-2"), SIGRTMAX - 2);
	snprintf(text, sizeof(text), "RTMIN+%d", SIGRTMAX - first);
	assert_int_equal(signame_parse(text), SIGRTMAX);
	snprintf(text, sizeof(text), "RTMIN+%d", SIGRTMAX - first + 1);
	assert_int_equal(signame_parse(text), -1);
}
#endif

static void every_signal_comes_back_from_its_name(void **unused)
{
	(void)unused;
	for (int number = 1; number < NSIG; number++) {
		char name[SIGNAME_SIZE];

		assert_ptr_equal(signame_of(number, name), name);
		assert_int_equal(signame_parse(name), number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_are_read),
		cmocka_unit_test(other_texts_are_refused),
#ifdef SIGRTMIN
		cmocka_unit_test(real_time_signals_count_from_either_end),
#endif
		cmocka_unit_test(every_signal_comes_back_from_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
