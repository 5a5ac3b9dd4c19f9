/* test_chain.c -- ids, limits and ini files as they are written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strb.h"
#include "chain/envfile.h"
#include "chain/favour.h"
#include "chain/ids.h"
#include "chain/ini.h"
#include "chain/limits.h"
#include "chain/redirect.h"

static void numeric_ids_need_a_user_and_a_group(void **unused)
{
	struct ids ids;

	(void)unused;
	assert_true(ids_parse(":0:0", &ids));
	assert_int_equal(ids.uid, 0);
	assert_int_equal(ids.group_count, 1);
	assert_int_equal(ids.gids[0], 0);
	assert_true(ids_parse(":1000:7:8:4294967294", &ids));
	assert_int_equal(ids.uid, 1000);
	assert_int_equal(ids.group_count, 3);
	assert_int_equal(ids.gids[0], 7);
	assert_int_equal(ids.gids[1], 8);
	assert_true(ids.gids[2] == 4294967294U);
}

/*
 * An empty part must not be 0, which is root, nor a number that wraps round,
 * nor the one that means "leave as it is".
 */
static void no_slip_makes_a_root(void **unused)
{
	static const char *const bad[] = {
		"",
		":",
		"::",
		":1",
		":1:",
		"::1",
		":1::2",
		":1:2:",
		":x:1",
		":1:x",
		":1:2x",
		":-1:1",
		":1:-1",
		": 1:1",
		":4294967295:1",
		":4294967296:1",
		":1:4294967295",
		":1:18446744073709551616",
		"root:",
		"root::0",
		"root:0x",
		"no such user",
		"root:no such group",
	};
	struct ids ids;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ids_parse(bad[i], &ids))
			fail_msg("taken: %s", bad[i]);
}

static void groups_are_bounded(void **unused)
{
	char text[IDS_GROUP_COUNT_MAX * 3 + 16] = ":1";
	struct ids ids;

	(void)unused;
	for (int i = 0; i < IDS_GROUP_COUNT_MAX; i++)
		strcat(text, ":5");
	assert_true(ids_parse(text, &ids));
	assert_int_equal(ids.group_count, IDS_GROUP_COUNT_MAX);
	strcat(text, ":5");
	assert_false(ids_parse(text, &ids));
}

static void names_are_looked_up(void **unused)
{
	struct ids account, parsed;
	char long_name[1000];

	(void)unused;
	assert_true(ids_of_account("root", &account));
	assert_int_equal(account.uid, 0);
	assert_true(ids_parse("root", &parsed));
	assert_int_equal(parsed.gids[0], account.gids[0]);
	assert_false(ids_of_account("root:root", &account));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_false(ids_parse(long_name, &parsed));
}

static void ids_become_variables(void **unused)
{
	char *const none[] = {NULL};
	struct ids ids;
	struct env env;

	(void)unused;
	assert_true(ids_parse(":4294967294:12:13", &ids));
	assert_int_equal(env_start(&env, none), 0);
	assert_int_equal(ids_announce(&ids, &env), 0);
	assert_string_equal(env.entries[0], "GID=12");
	assert_string_equal(env.entries[1], "UID=4294967294");
	assert_null(env.entries[2]);
	env_free(&env);
}

static void limits_are_numbers_or_signs(void **unused)
{
	struct limit limit;

	(void)unused;
	assert_int_equal(limits_parse("", &limit), 0);
	assert_int_equal(limit.kind, LIMIT_NUMBER);
	assert_int_equal(limit.number, 0);
	assert_int_equal(limits_parse("12", &limit), 0);
	assert_int_equal(limit.number, 12);
	assert_int_equal(limits_parse("=", &limit), 0);
	assert_int_equal(limit.kind, LIMIT_HARD);
	assert_int_equal(limits_parse("-", &limit), 0);
	assert_int_equal(limit.kind, LIMIT_NONE);
	assert_int_equal(limits_parse("--", &limit), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(limits_parse("18446744073709551616", &limit), -1);
	assert_int_equal(errno, ERANGE);
}

/* What an ini file sets, joined by '|'. */
static void assert_ini(const char *text, const char *prefix, const char *wanted)
{
	char *const none[] = {NULL};
	char copy[256], found[256] = "";
	struct env env;

	snprintf(copy, sizeof(copy), "%s", text);
	assert_int_equal(env_start(&env, none), 0);
	assert_int_equal(ini_apply(copy, strlen(copy), prefix, &env), 0);
	for (size_t i = 0; i < env.count; i++) {
		strcat(found, env.entries[i]);
		strcat(found, "|");
	}
	assert_string_equal(found, wanted);
	env_free(&env);
}

static void ini_files_are_read_line_by_line(void **unused)
{
	(void)unused;
	assert_ini("", "", "");
	assert_ini("\n\n", "", "");
	assert_ini("a=b", "", "a=b|");
	assert_ini("a=b\n", "x", "xa=b|");
	assert_ini(" \ta\t = \tb c \t\n", "", "a=b c|");
	assert_ini("a=\nb==c=\n", "", "a=|b==c=|");
	assert_ini("a=1\na=2\n", "", "a=2|");
	assert_ini("a=1\n[s]\na=2\n[t]\na=3", "", "a=1|s_a=2|t_a=3|");
	assert_ini(" [ s ] \na=2\n", "p", "ps_a=2|");
	assert_ini("[]\na=2\n", "", "_a=2|");
	assert_ini("[s\na=1\n[\nb=2\n]\n", "", "a=1|b=2|");
	assert_ini("#a=1\n;b=2\n  # c=3\nword\n=4\n = 5\n", "", "");
	assert_ini("[s=t]\na=1\n", "", "s=t_a=1|");
}

static void ini_lines_end_at_nul(void **unused)
{
	char text[] = "a=1\0b=2\nc=3";
	char *const none[] = {NULL};
	struct env env;

	(void)unused;
	assert_int_equal(env_start(&env, none), 0);
	assert_int_equal(ini_apply(text, sizeof(text) - 1, "", &env), 0);
	assert_int_equal(env.count, 2);
	assert_string_equal(env.entries[0], "a=1");
	assert_string_equal(env.entries[1], "c=3");
	env_free(&env);
}

static void redirections_name_descriptors(void **unused)
{
	static const char *const bad[] = {
		"",
		"x",
		":",
		"1:",
		":x",
		"-1:x",
		"1x:",
		" 1:x",
		"99999999999:x",
		"2147483648:x",
	};
	struct redirect redirect;

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (int kind = REDIRECT_CLOSE; kind <= REDIRECT_COPY; kind++)
			if (redirect_parse(kind, bad[i], &redirect) == 0)
				fail_msg("taken: %s", bad[i]);
	}
	assert_int_equal(redirect_parse(REDIRECT_CLOSE, "3", &redirect), 0);
	assert_int_equal(redirect.fd, 3);
	assert_int_equal(redirect_parse(REDIRECT_CLOSE, "3:x", &redirect), -1);
	assert_int_equal(redirect_parse(REDIRECT_READ, "3", &redirect), -1);
	assert_int_equal(redirect_parse(REDIRECT_READ, "2:a:b", &redirect), 0);
	assert_string_equal(redirect.path, "a:b");
	assert_int_equal(redirect_parse(REDIRECT_COPY, "2:1", &redirect), 0);
	assert_int_equal(redirect.from_fd, 1);
	assert_int_equal(redirect_parse(REDIRECT_COPY, "2:x", &redirect), -1);
	assert_int_equal(errno, EINVAL);
}

static void disk_priorities_have_levels(void **unused)
{
	struct io_priority priority;

	(void)unused;
	assert_int_equal(favour_parse_io("idle", &priority), 0);
	assert_int_equal(priority.class, IO_IDLE);
	assert_int_equal(priority.level, 0);
	assert_int_equal(favour_parse_io("realtime:0", &priority), 0);
	assert_int_equal(priority.class, IO_REALTIME);
	assert_int_equal(priority.level, 0);
	assert_int_equal(favour_parse_io("best-effort", &priority), 0);
	assert_int_equal(priority.level, 4);
	assert_int_equal(favour_parse_io("best-effort:8", &priority), -1);
	assert_int_equal(favour_parse_io("idle:1", &priority), -1);
	assert_int_equal(favour_parse_io("", &priority), -1);
	assert_int_equal(favour_parse_io("best", &priority), -1);
}

/* What a file sets, as "NAME=VALUE|" one after the other. */
static void envfile_gives(const char *file, size_t len, const char *expected)
{
	char *const none[] = {NULL};
	char text[256], room[256];
	struct strb shown = strb_on(room, sizeof(room));
	struct env env;

	memcpy(text, file, len);
	assert_int_equal(env_start(&env, none), 0);
	assert_int_equal(envfile_apply(text, len, &env), 0);
	for (size_t i = 0; i < env.count; i++)
		strb_add_format(&shown, "%s|", env.entries[i]);
	assert_string_equal(room, expected);
	env_free(&env);
}

static void files_of_variables_have_a_shells_quotes(void **unused)
{
	static const struct {
		const char *file, *expected;
	} cases[] = {
		{"", ""},
		{"A=1", "A=1|"},
		{"A=1\nB=2\n", "A=1|B=2|"},
		{"  A = 1 2 \t\n", "A=1 2|"},
		{"A=\n", "A=|"},
		{"# A=1\n;B=2\n\n\nC=3\r\nD=4", "C=3|D=4|"},
		{"export A=1\n1A=2\nno name\nA-B=3\nB=4", "B=4|"},
		{"A=\"-a 'b' \" \n", "A=-a 'b' |"},
		{"A='$x \\ \"'\n", "A=$x \\ \"|"},
		{"A=\"\\\"\\\\\\$\\`\\n\"", "A=\"\\$`\\n|"},
		{"A='a'\"b\" c\n", "A=abc|"},
		{"A=a'b'\n", "A=a'b'|"},
		{"A=a\\ b\\c\\\nd\\ \n", "A=a bcd |"},
		{"A=\"two\nlines\"\nB=1", "A=two\nlines|B=1|"},
		{"A=\"not\nended", "A=not\nended|"},
		{"A=1\nA=2\n", "A=2|"},
		{"A=$(reboot)`x`;y\n", "A=$(reboot)`x`;y|"},
		{"A=\\", "A=|"},
		{"A=x\\", "A=x|"},
		{"=1\nA==1=\n", "A==1=|"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		envfile_gives(cases[i].file, strlen(cases[i].file),
			      cases[i].expected);
	/* A variable can't hold NUL; what follows it goes. */
	envfile_gives("A=a\0b\nB\0=1\nC=2", 14, "A=a|B=1|C=2|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_variables_have_a_shells_quotes),
		cmocka_unit_test(numeric_ids_need_a_user_and_a_group),
		cmocka_unit_test(no_slip_makes_a_root),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(ids_become_variables),
		cmocka_unit_test(limits_are_numbers_or_signs),
		cmocka_unit_test(ini_files_are_read_line_by_line),
		cmocka_unit_test(ini_lines_end_at_nul),
		cmocka_unit_test(redirections_name_descriptors),
		cmocka_unit_test(disk_priorities_have_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
