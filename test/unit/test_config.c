/* test_config.c -- what service directories say, alone and in every mixture. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "service/config.h"

#define BIT(name) (UINT64_C(1) << (name))

/* ---- evidence: all combinations ---- */

/* All that can be evidence, and `run`, which start and stop depend on. */
enum sign {
	RUN_IS_THERE,
	RUN_IS_EXECLINE,
	FINISH_IS_EXECLINE,
	LOG_IS_INLINE,
	HAS_FLAG_NEWPIDNS,
	HAS_NOTIFICATION_FD,
	HAS_TIMEOUT_KILL,
	HAS_TIMEOUT_FINISH,
	HAS_DOWN_SIGNAL,
	HAS_RELOAD_SIGNAL,
	HAS_LOCK_FD,
	HAS_TALLY,
	HAS_CONTROL,
	HAS_CHECK,
	HAS_CONF,
	HAS_NOTIFY,
	HAS_NO_SETSID,
	HAS_START,
	HAS_STOP,
	SIGN_COUNT
};

/* clang-format off */
static const struct {
	enum config_name name;
	bool is_line;
} names_of[SIGN_COUNT] = {
	[RUN_IS_THERE] = {CONFIG_RUN, false},
	[LOG_IS_INLINE] = {CONFIG_LOG, false},
	[HAS_FLAG_NEWPIDNS] = {CONFIG_FLAG_NEWPIDNS, false},
	[HAS_NOTIFICATION_FD] = {CONFIG_NOTIFICATION_FD, true},
	[HAS_TIMEOUT_KILL] = {CONFIG_TIMEOUT_KILL, true},
	[HAS_TIMEOUT_FINISH] = {CONFIG_TIMEOUT_FINISH, true},
	[HAS_DOWN_SIGNAL] = {CONFIG_DOWN_SIGNAL, true},
	[HAS_RELOAD_SIGNAL] = {CONFIG_RELOAD_SIGNAL, true},
	[HAS_LOCK_FD] = {CONFIG_LOCK_FD, true},
	[HAS_TALLY] = {CONFIG_MAX_DEATH_TALLY, true},
	[HAS_CONTROL] = {CONFIG_CONTROL, false},
	[HAS_CHECK] = {CONFIG_CHECK, false},
	[HAS_CONF] = {CONFIG_CONF, false},
	[HAS_NOTIFY] = {CONFIG_NOTIFY, false},
	[HAS_NO_SETSID] = {CONFIG_NO_SETSID, false},
	[HAS_START] = {CONFIG_START, false},
	[HAS_STOP] = {CONFIG_STOP, false},
};
/* clang-format on */

static void set_signs(struct service_config *config, unsigned signs)
{
	config_defaults(config);
	config->is_run_execline = (signs >> RUN_IS_EXECLINE & 1) != 0;
	config->is_finish_execline = (signs >> FINISH_IS_EXECLINE & 1) != 0;
	if (signs >> LOG_IS_INLINE & 1)
		config->log = CONFIG_LOG_INLINE;
	for (int i = 0; i < SIGN_COUNT; i++) {
		if (i == RUN_IS_EXECLINE || i == FINISH_IS_EXECLINE ||
		    (signs >> i & 1) == 0)
			continue;
		config->there |= BIT(names_of[i].name);
		/* Lines count whether they are understood or not. */
		if (!names_of[i].is_line)
			config->usable |= BIT(names_of[i].name);
	}
}

/* The rule in words of its own: the contract's. */
static unsigned expected_evidence(unsigned signs)
{
	const unsigned of_s6 =
		1U << RUN_IS_EXECLINE | 1U << FINISH_IS_EXECLINE |
		1U << HAS_FLAG_NEWPIDNS | 1U << HAS_NOTIFICATION_FD |
		1U << HAS_TIMEOUT_KILL | 1U << HAS_TIMEOUT_FINISH |
		1U << HAS_DOWN_SIGNAL | 1U << HAS_RELOAD_SIGNAL |
		1U << HAS_LOCK_FD | 1U << HAS_TALLY;
	const unsigned of_runit =
		1U << HAS_CONTROL | 1U << HAS_CHECK | 1U << HAS_CONF;
	const unsigned of_encore =
		1U << LOG_IS_INLINE | 1U << HAS_NOTIFY | 1U << HAS_NO_SETSID;
	const unsigned of_encore_at_last = 1U << HAS_START | 1U << HAS_STOP;
	unsigned evidence = 0;

	if (signs & of_s6)
		evidence |= 1U << CONFIG_S6;
	if (signs & of_runit)
		evidence |= 1U << CONFIG_RUNIT;
	if ((signs & of_encore) ||
	    (evidence == 0 && (signs & of_encore_at_last)))
		evidence |= 1U << CONFIG_ENCORE;
	return evidence;
}

static enum config_dialect expected_dialect(unsigned evidence)
{
	if (evidence & 1U << CONFIG_S6)
		return CONFIG_S6;
	if (evidence & 1U << CONFIG_RUNIT)
		return CONFIG_RUNIT;
	if (evidence & 1U << CONFIG_ENCORE)
		return CONFIG_ENCORE;
	return CONFIG_DAEMONTOOLS;
}

static void check_conclusion(const struct service_config *config,
			     unsigned signs, unsigned evidence)
{
	bool honours = (evidence & 1U << CONFIG_ENCORE) != 0 ||
		       (signs & 1U << RUN_IS_THERE) == 0;
	uint32_t finish_ms =
		evidence & 1U << CONFIG_S6 ? CONFIG_FINISH_DEFAULT_MS : 0;

	if (config->evidence != evidence ||
	    config->dialect != expected_dialect(evidence))
		fail_msg("signs %x are evidence of %x", signs,
			 config->evidence);
	if (config_has(config, CONFIG_START) !=
		    (honours && (signs >> HAS_START & 1)) ||
	    config_has(config, CONFIG_STOP) !=
		    (honours && (signs >> HAS_STOP & 1)))
		fail_msg("signs %x: start and stop", signs);
	if (config->timeout_finish_ms != finish_ms)
		fail_msg("signs %x: %u ms for finish", signs,
			 (unsigned)config->timeout_finish_ms);
}

static void every_mixture_of_evidence_is_settled(void **unused)
{
	(void)unused;
	for (unsigned signs = 0; signs < 1U << SIGN_COUNT; signs++) {
		struct service_config config;

		set_signs(&config, signs);
		config_conclude(&config);
		check_conclusion(&config, signs, expected_evidence(signs));
	}
}

static void the_file_dialect_has_the_last_word(void **unused)
{
	(void)unused;
	/* Each dialect with each mixture, but for half of the s6 names. */
	for (unsigned signs = 0; signs < 1U << SIGN_COUNT; signs++) {
		struct service_config config;
		char text[20];
		struct strb wrong = strb_on(text, sizeof(text));

		if (signs & (1U << HAS_DOWN_SIGNAL | 1U << HAS_RELOAD_SIGNAL |
			     1U << HAS_LOCK_FD | 1U << HAS_TALLY))
			continue;
		for (int i = 0; i < CONFIG_DIALECT_COUNT; i++) {
			enum config_dialect dialect = (enum config_dialect)i;

			set_signs(&config, signs);
			snprintf(text, sizeof(text), "%s\n",
				 config_dialect_name(dialect));
			assert_true(config_take(&config, CONFIG_DIALECT, text,
						&wrong));
			config_conclude(&config);
			check_conclusion(&config, signs,
					 i == CONFIG_DAEMONTOOLS ? 0 : 1U << i);
		}
	}
}

static void what_was_concluded_is_explained(void **unused)
{
	/* clang-format off */
	static const struct {
		unsigned signs;
		const char *text;
	} rows[] = {
		{1U << RUN_IS_THERE, "daemontools (nothing of another suite)"},
		{1U << HAS_TIMEOUT_KILL | 1U << HAS_LOCK_FD,
		 "s6 (timeout-kill, lock-fd)"},
		{1U << RUN_IS_EXECLINE | 1U << FINISH_IS_EXECLINE,
		 "s6 (run for execlineb, finish for execlineb)"},
		{1U << HAS_CONTROL | 1U << HAS_CHECK,
		 "runit (check, control)"},
		{1U << HAS_START | 1U << RUN_IS_THERE, "encore (start)"},
		{1U << HAS_START | 1U << HAS_CONF, "runit (conf)"},
		{1U << LOG_IS_INLINE | 1U << HAS_NOTIFICATION_FD,
		 "s6 (notification-fd) and encore (log)"},
		{1U << HAS_NOTIFY | 1U << HAS_CONF | 1U << HAS_TALLY,
		 "s6 (max-death-tally) and runit (conf) and encore (notify)"},
	};
	/* clang-format on */

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[300];
		struct strb text = strb_on(room, sizeof(room));
		struct service_config config;

		set_signs(&config, rows[i].signs);
		config_conclude(&config);
		config_explain(&config, &text);
		assert_string_equal(room, rows[i].text);
	}
}

/* The longest explanation is longer than any buffer of a caller may be. */
static void an_explanation_that_does_not_fit_is_cut(void **unused)
{
	char room[20];
	struct strb text = strb_on(room, sizeof(room));
	struct service_config config;

	(void)unused;
	set_signs(&config, (1U << SIGN_COUNT) - 1);
	config_conclude(&config);
	config_explain(&config, &text);
	assert_true(text.is_cut);
}

/* ---- finish ---- */

static void finish_gets_the_numbers_of_its_suite(void **unused)
{
	static const struct {
		unsigned signs;
		int killed_first;
		bool counts_core;
	} rows[] = {
		{0, -1, true},
		{1U << HAS_CONF, -1, true},
		{1U << HAS_NOTIFY, -1, false},
		{1U << HAS_TIMEOUT_KILL, 256, false},
		{1U << HAS_TIMEOUT_KILL | 1U << HAS_CONF, 256, false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct service_config config;
		int first, second;

		set_signs(&config, rows[i].signs);
		config_conclude(&config);
		config_finish_numbers(&config, 7, 0, false, &first, &second);
		assert_int_equal(first, 7);
		assert_int_equal(second, 0);
		config_finish_numbers(&config, 0, SIGSEGV, false, &first,
				      &second);
		assert_int_equal(first, rows[i].killed_first);
		assert_int_equal(second, SIGSEGV);
		config_finish_numbers(&config, 0, SIGSEGV, true, &first,
				      &second);
		assert_int_equal(first, rows[i].killed_first);
		assert_int_equal(second,
				 SIGSEGV + (rows[i].counts_core ? 128 : 0));
	}
}

/* ---- #! lines ---- */

static void execline_is_known_by_its_name(void **unused)
{
	static const char *const good[] = {
		"#!/bin/execlineb -P\nfoo",         "#!/bin/execlineb",
		"#! /usr/bin/execlineb -S0",        "#!/usr/bin/env execlineb",
		"#!/usr/bin/env -S execlineb -P\n", "#!execlineb\r\n",
		"#!\t/command/execlineb\t-P\n",
	};
	static const char *const bad[] = {
		"",
		"#",
		"#!",
		"#!/bin/sh\n# execlineb",
		"# !/bin/execlineb",
		"#!/bin/execlineb2",
		"#!/bin/myexeclineb",
		"#!/execlineb/sh",
		"/bin/execlineb",
		"\n#!/bin/execlineb",
		"#!/bin/execline",
		"#!/bin/execlineb/",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!config_is_execline(good[i]))
			fail_msg("\"%s\" is for execlineb", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (config_is_execline(bad[i]))
			fail_msg("\"%s\" isn't for execlineb", bad[i]);
	}
}

/* ---- values ---- */

static uint32_t member_of(const struct service_config *config,
			  enum config_name name)
{
	switch (name) {
	case CONFIG_NOTIFICATION_FD: return (uint32_t)config->notification_fd;
	case CONFIG_LOCK_FD: return (uint32_t)config->lock_fd;
	case CONFIG_TIMEOUT_KILL: return config->timeout_kill_ms;
	case CONFIG_TIMEOUT_FINISH: return config->timeout_finish_ms;
	case CONFIG_TIMEOUT_UP: return config->timeout_up_ms;
	case CONFIG_TIMEOUT_DOWN: return config->timeout_down_ms;
	case CONFIG_DOWN_SIGNAL: return (uint32_t)config->down_signal;
	case CONFIG_RELOAD_SIGNAL: return (uint32_t)config->reload_signal;
	case CONFIG_MAX_DEATH_TALLY: return config->max_death_tally;
	case CONFIG_RESTART: return config->policy.when;
	case CONFIG_ON_GIVING_UP: return config->giving_up.is_shutdown;
	case CONFIG_ON_EXIT: return config->ends_all;
	case CONFIG_KILL_SCOPE: return config->kill_scope;
	case CONFIG_DIALECT: return config->dialect;
	case CONFIG_TYPE: return config->type;
	default: fail_msg("%s holds no line", config_file(name)); return 0;
	}
}

struct value {
	enum config_name name;
	const char *text;
	uint32_t value;
	const char *wrong; /* the line about it has that in it; NULL: none */
};

#define NONE UINT32_MAX

/* clang-format off */
static const struct value values[] = {
	{CONFIG_NOTIFICATION_FD, "3\n", 3, NULL},
	{CONFIG_NOTIFICATION_FD, "1", 1, NULL},
	{CONFIG_NOTIFICATION_FD, " 7 \nmore", 7, NULL},
	{CONFIG_NOTIFICATION_FD, "", NONE, "\"\" is not the number of a desc"},
	{CONFIG_NOTIFICATION_FD, "\n3\n", NONE, "\"\" is not the number"},
	{CONFIG_NOTIFICATION_FD, "-1\n", NONE, "\"-1\" is not the number"},
	{CONFIG_NOTIFICATION_FD, "1048576\n", NONE, "using none"},
	{CONFIG_NOTIFICATION_FD, "3 4\n", NONE, "\"3 4\" is not the number"},
	{CONFIG_LOCK_FD, "5\r\n", 5, NULL},
	{CONFIG_LOCK_FD, "five\n", NONE, "\"five\" is not the number"},
	{CONFIG_TIMEOUT_KILL, "0", 0, NULL},
	{CONFIG_TIMEOUT_KILL, "4294967295\n", UINT32_MAX, NULL},
	{CONFIG_TIMEOUT_KILL, "4294967296\n", 0, "using 0, no limit"},
	{CONFIG_TIMEOUT_KILL, "5s\n", 0, "\"5s\" is not a number of mill"},
	{CONFIG_TIMEOUT_KILL, "-5\n", 0, "using 0, no limit"},
	{CONFIG_TIMEOUT_FINISH, "2500\n", 2500, NULL},
	{CONFIG_TIMEOUT_FINISH, "0\n", 0, NULL},
	{CONFIG_TIMEOUT_FINISH, "x\n", CONFIG_FINISH_DEFAULT_MS, "using 5000"},
	{CONFIG_TIMEOUT_UP, "10000\n", 10000, NULL},
	{CONFIG_TIMEOUT_UP, "soon\n", 0, "using 0, no limit"},
	{CONFIG_TIMEOUT_DOWN, "10000\n", 10000, NULL},
	{CONFIG_TIMEOUT_DOWN, "1.5\n", 0, "\"1.5\" is not"},
	{CONFIG_DOWN_SIGNAL, "SIGINT\n", SIGINT, NULL},
	{CONFIG_DOWN_SIGNAL, "quit\n", SIGQUIT, NULL},
	{CONFIG_DOWN_SIGNAL, "9", 9, NULL},
	{CONFIG_DOWN_SIGNAL, "STOPP\n", SIGTERM, "\"STOPP\" is not the name"},
	{CONFIG_DOWN_SIGNAL, "0", SIGTERM, "using TERM"},
	{CONFIG_RELOAD_SIGNAL, "USR1\n", SIGUSR1, NULL},
	{CONFIG_RELOAD_SIGNAL, "65536", SIGHUP, "using HUP"},
	{CONFIG_MAX_DEATH_TALLY, "0\n", 0, NULL},
	{CONFIG_MAX_DEATH_TALLY, "5000\n", CONFIG_TALLY_MAX, NULL},
	{CONFIG_MAX_DEATH_TALLY, "all\n", CONFIG_TALLY_DEFAULT, "using 100"},
	{CONFIG_RESTART, "on-failure delay=1s\n", POLICY_ON_FAILURE, NULL},
	{CONFIG_RESTART, "often\n", POLICY_ALWAYS, "using \"always\""},
	{CONFIG_RESTART, "", POLICY_ALWAYS, "using \"always\""},
	/* Not meant for us: somebody's helper. */
	{CONFIG_RESTART, "#!/bin/sh\nsvc -t .\n", POLICY_ALWAYS, NULL},
	{CONFIG_ON_GIVING_UP, "shutdown 3\n", true, NULL},
	{CONFIG_ON_GIVING_UP, "reboot\n", false, "using \"nothing\""},
	{CONFIG_ON_EXIT, "shutdown\n", true, NULL},
	{CONFIG_ON_EXIT, "nothing\n", false, NULL},
	{CONFIG_ON_EXIT, "shutdown 3\n", false, "using \"nothing\""},
	{CONFIG_KILL_SCOPE, "process\n", CONFIG_SCOPE_PROCESS, NULL},
	{CONFIG_KILL_SCOPE, "group\n", CONFIG_SCOPE_GROUP, NULL},
	{CONFIG_KILL_SCOPE, "cgroup\n", CONFIG_SCOPE_CGROUP, NULL},
	{CONFIG_KILL_SCOPE, "all\n", CONFIG_SCOPE_PROCESS, "using process"},
	{CONFIG_DIALECT, "s6\n", CONFIG_S6, NULL},
	{CONFIG_DIALECT, "encore\n", CONFIG_ENCORE, NULL},
	{CONFIG_DIALECT, "runit", CONFIG_RUNIT, NULL},
	{CONFIG_DIALECT, "daemontools\n", CONFIG_DAEMONTOOLS, NULL},
	{CONFIG_DIALECT, "S6\n", CONFIG_DAEMONTOOLS, "what the other files"},
	{CONFIG_TYPE, "longrun\n", CONFIG_TYPE_LONGRUN, NULL},
	{CONFIG_TYPE, "oneshot\n", CONFIG_TYPE_ONESHOT, NULL},
	{CONFIG_TYPE, "bundle\n", CONFIG_TYPE_BUNDLE, NULL},
	{CONFIG_TYPE, "web\n", CONFIG_TYPE_NONE, "\"web\" is not longrun"},
	{CONFIG_TYPE, "\n", CONFIG_TYPE_NONE, "\"\" is not longrun"},
	/* What can't be shown isn't. */
	{CONFIG_KILL_SCOPE, "a\tb\033c\177\377\n", CONFIG_SCOPE_PROCESS,
	 "\"a?b?c?\377\" is not"},
	{CONFIG_KILL_SCOPE,
	 "0123456789012345678901234567890123456789abc\n",
	 CONFIG_SCOPE_PROCESS,
	 "\"0123456789012345678901234567890123456789...\" is not"},
	{CONFIG_KILL_SCOPE,
	 "0123456789012345678901234567890123456789\n",
	 CONFIG_SCOPE_PROCESS,
	 "\"0123456789012345678901234567890123456789\" is not"},
};
/* clang-format on */

static void check_value(const struct service_config *config,
			const struct value *value, const char *said)
{
	const char *file = config_file(value->name);
	bool is_helper = !value->wrong && strncmp(value->text, "#!", 2) == 0;

	if (member_of(config, value->name) != value->value)
		fail_msg("%s \"%s\" is taken for %u", file, value->text,
			 (unsigned)member_of(config, value->name));
	if ((*said != '\0') != (value->wrong != NULL) ||
	    !strstr(said, value->wrong ? value->wrong : ""))
		fail_msg("%s \"%s\": %s", file, value->text, said);
	assert_true((config->there & BIT(value->name)) != 0);
	assert_int_equal(config_has(config, value->name),
			 !value->wrong && !is_helper);
	assert_int_equal(config->troubled, value->wrong ? BIT(value->name) : 0);
}

static void every_value_is_taken_or_told_of(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char text[200], room[300];
		struct strb wrong = strb_on(room, sizeof(room));
		struct service_config config;

		config_defaults(&config);
		snprintf(text, sizeof(text), "%s", values[i].text);
		assert_int_equal(
			config_take(&config, values[i].name, text, &wrong),
			!values[i].wrong);
		/* What depends on evidence is set last. */
		config_conclude(&config);
		if (values[i].name == CONFIG_DIALECT && values[i].wrong)
			assert_int_equal(config.evidence, 0);
		check_value(&config, &values[i], room);
	}
}

static void both_descriptors_cannot_be_one(void **unused)
{
	char text[2][4] = {"5", "5"}, room[200];
	struct strb wrong = strb_on(room, sizeof(room));
	struct service_config config;

	(void)unused;
	config_defaults(&config);
	assert_true(
		config_take(&config, CONFIG_NOTIFICATION_FD, text[0], &wrong));
	assert_false(config_take(&config, CONFIG_LOCK_FD, text[1], &wrong));
	assert_int_equal(config.notification_fd, 5);
	assert_int_equal(config.lock_fd, -1);
	assert_non_null(strstr(room, "notification-fd"));
}

/* ---- directories ---- */

static struct service_config read_dir(const struct dir *dir, const char *said)
{
	char room[CONFIG_TROUBLES_SIZE];
	struct strb troubles = strb_on(room, sizeof(room));
	struct service_config config;

	assert_int_equal(config_read(dir->fd, &config, &troubles), 0);
	assert_string_equal(room, said);
	return config;
}

static void write_text(const struct dir *dir, const char *name,
		       const char *text)
{
	write_file(dir, name, text, strlen(text));
}

static void write_script(const struct dir *dir, const char *name,
			 const char *text)
{
	write_text(dir, name, text);
	assert_int_equal(fchmodat(dir->fd, name, 0755, 0), 0);
}

static void make_dir(const struct dir *dir, const char *name)
{
	assert_int_equal(mkdirat(dir->fd, name, 0755), 0);
}

static void an_empty_directory_says_nothing(void **state)
{
	struct service_config config = read_dir(*state, ""), defaults;

	config_defaults(&defaults);
	assert_memory_equal(&config, &defaults, sizeof(config));
	assert_int_equal(config.dialect, CONFIG_DAEMONTOOLS);
}

static void a_classic_directory_is_what_it_was(void **state)
{
	struct dir *dir = *state;
	struct service_config config;

	write_script(dir, "run", "#!/bin/sh\n");
	make_dir(dir, "log");
	make_dir(dir, "env");
	make_dir(dir, "supervise");
	write_text(dir, "down", "");
	write_text(dir, "Makefile", "restart:\n");
	config = read_dir(dir, "");
	assert_int_equal(config.there, config.usable);
	assert_int_equal(config.usable,
			 BIT(CONFIG_RUN) | BIT(CONFIG_LOG) | BIT(CONFIG_DOWN));
	assert_int_equal(config.log, CONFIG_LOG_DIRECTORY);
	assert_int_equal(config.dialect, CONFIG_DAEMONTOOLS);
	assert_int_equal(config.timeout_finish_ms, 0);
}

static void every_line_is_read_from_its_file(void **state)
{
	struct dir *dir = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const char *file = config_file(values[i].name);
		char room[CONFIG_TROUBLES_SIZE];
		struct strb troubles = strb_on(room, sizeof(room));
		struct service_config config;

		write_text(dir, file, values[i].text);
		assert_int_equal(config_read(dir->fd, &config, &troubles), 0);
		assert_int_equal(config.there, BIT(values[i].name));
		check_value(&config, &values[i], room);
		if (values[i].wrong) {
			assert_memory_equal(room, file, strlen(file));
			assert_memory_equal(room + strlen(file), ": ", 2);
			assert_int_equal(room[troubles.len - 1], '\n');
			assert_ptr_equal(strchr(room, '\n'),
					 room + troubles.len - 1);
		}
		assert_int_equal(config_read(dir->fd, &config, NULL), 0);
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
	}
}

static void a_script_is_a_file_that_can_be_executed(void **state)
{
	static const enum config_name scripts[] = {CONFIG_RUN,   CONFIG_FINISH,
						   CONFIG_START, CONFIG_STOP,
						   CONFIG_CHECK, CONFIG_NOTIFY};
	struct dir *dir = *state;

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const char *file = config_file(scripts[i]);
		struct service_config config;

		write_text(dir, file, "#!/bin/sh\n");
		config = read_dir(dir, "");
		assert_int_equal(config.there, BIT(scripts[i]));
		assert_int_equal(config.usable, 0);
		assert_int_equal(config.evidence, 0);
		assert_int_equal(fchmodat(dir->fd, file, 0700, 0), 0);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, BIT(scripts[i]));
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
		/* Nor is a directory one, though it has the bits. */
		make_dir(dir, file);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, 0);
		assert_int_equal(unlinkat(dir->fd, file, AT_REMOVEDIR), 0);
		/* A link is what it leads to. */
		assert_int_equal(symlinkat("/bin/true", dir->fd, file), 0);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, BIT(scripts[i]));
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
		assert_int_equal(symlinkat("nowhere", dir->fd, file), 0);
		config = read_dir(dir, "");
		assert_int_equal(config.there, 0);
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
	}
}

static void a_log_is_a_directory_or_a_program(void **state)
{
	struct dir *dir = *state;
	struct service_config config;

	write_text(dir, "log", "");
	config = read_dir(dir, "");
	assert_int_equal(config.log, CONFIG_LOG_UNUSABLE);
	assert_false(config_has(&config, CONFIG_LOG));
	assert_int_equal(config.dialect, CONFIG_DAEMONTOOLS);
	assert_int_equal(fchmodat(dir->fd, "log", 0755, 0), 0);
	config = read_dir(dir, "");
	assert_int_equal(config.log, CONFIG_LOG_INLINE);
	assert_int_equal(config.dialect, CONFIG_ENCORE);
	assert_int_equal(unlinkat(dir->fd, "log", 0), 0);
	make_dir(dir, "elsewhere");
	assert_int_equal(symlinkat("elsewhere", dir->fd, "log"), 0);
	config = read_dir(dir, "");
	assert_int_equal(config.log, CONFIG_LOG_DIRECTORY);
	assert_int_equal(config.dialect, CONFIG_DAEMONTOOLS);
	assert_int_equal(unlinkat(dir->fd, "elsewhere", AT_REMOVEDIR), 0);
	config = read_dir(dir, "");
	assert_int_equal(config.log, CONFIG_LOG_NONE);
	assert_int_equal(unlinkat(dir->fd, "log", 0), 0);
	assert_int_equal(mkfifoat(dir->fd, "log", 0700), 0);
	config = read_dir(dir, "");
	assert_int_equal(config.log, CONFIG_LOG_UNUSABLE);
}

static void directories_and_marks_are_seen(void **state)
{
	static const enum config_name folders[] = {CONFIG_CONTROL,
						   CONFIG_DEPENDENCIES,
						   CONFIG_WANTS, CONFIG_AFTER};
	static const enum config_name marks[] = {
		CONFIG_DOWN, CONFIG_CONF, CONFIG_NOTIFY_SOCKET,
		CONFIG_FLAG_NEWPIDNS, CONFIG_NO_SETSID};
	struct dir *dir = *state;
	struct service_config config;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		const char *file = config_file(folders[i]);

		write_text(dir, file, "");
		config = read_dir(dir, "");
		assert_int_equal(config.usable, 0);
		assert_int_equal(config.evidence, 0);
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
		assert_int_equal(symlinkat(".", dir->fd, file), 0);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, BIT(folders[i]));
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
		make_dir(dir, file);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, BIT(folders[i]));
		assert_int_equal(unlinkat(dir->fd, file, AT_REMOVEDIR), 0);
	}
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *file = config_file(marks[i]);

		make_dir(dir, file);
		config = read_dir(dir, "");
		assert_int_equal(config.usable, BIT(marks[i]));
		assert_int_equal(unlinkat(dir->fd, file, AT_REMOVEDIR), 0);
		assert_int_equal(symlinkat("nowhere", dir->fd, file), 0);
		config = read_dir(dir, "");
		assert_int_equal(config.there | config.usable, 0);
		assert_int_equal(unlinkat(dir->fd, file, 0), 0);
	}
}

static void links_are_what_they_lead_to(void **state)
{
	static const enum config_name names[] = {CONFIG_RUN, CONFIG_CONTROL,
						 CONFIG_DOWN, CONFIG_CONF,
						 CONFIG_LOCK_FD};
	struct dir *dir = *state;
	struct service_config config;
	uint64_t all = 0;

	/* All at once, so that each is looked at. */
	write_script(dir, "script", "#!/bin/sh\n");
	make_dir(dir, "folder");
	write_text(dir, "number", "5\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *target = names[i] == CONFIG_RUN       ? "script"
				     : names[i] == CONFIG_CONTROL ? "folder"
								  : "number";

		assert_int_equal(
			symlinkat(target, dir->fd, config_file(names[i])), 0);
		all |= BIT(names[i]);
	}
	config = read_dir(dir, "");
	assert_int_equal(config.there, all);
	assert_int_equal(config.usable, all);
	assert_int_equal(config.lock_fd, 5);
}

static void sources_of_s6_rc_are_understood(void **state)
{
	struct dir *dir = *state;
	struct service_config config;

	write_text(dir, "up", "mount /proc\n");
	write_text(dir, "down", "umount /proc\n");
	make_dir(dir, "contents.d");
	/* Without a type, only `down` has the meaning that it has. */
	config = read_dir(dir, "");
	assert_int_equal(config.usable, BIT(CONFIG_DOWN));
	write_text(dir, "type", "oneshot\n");
	config = read_dir(dir, "");
	assert_int_equal(config.type, CONFIG_TYPE_ONESHOT);
	assert_int_equal(config.usable, BIT(CONFIG_UP) | BIT(CONFIG_TYPE));
	assert_true((config.there & BIT(CONFIG_DOWN)) != 0);
	assert_int_equal(config.dialect, CONFIG_S6);
	write_text(dir, "type", "bundle\n");
	config = read_dir(dir, "");
	assert_true(config_has(&config, CONFIG_CONTENTS));
	write_text(dir, "type", "longrun\n");
	config = read_dir(dir, "");
	assert_int_equal(config.usable, BIT(CONFIG_DOWN) | BIT(CONFIG_TYPE));
}

static void a_users_own_type_is_left_alone(void **state)
{
	struct dir *dir = *state;
	struct service_config config;

	write_script(dir, "run", "#!/bin/sh\n");
	write_text(dir, "type", "web server\n");
	config = read_dir(dir, "");
	assert_int_equal(config.type, CONFIG_TYPE_NONE);
	assert_int_equal(config.evidence, 0);
	assert_int_equal(config.troubled, 0);
	/* In a directory of s6's it is a slip. */
	write_text(dir, "notification-fd", "3\n");
	config =
		read_dir(dir, "type: \"web server\" is not longrun, oneshot or "
			      "bundle; using none\n");
	assert_int_equal(config.troubled, BIT(CONFIG_TYPE));
}

static void each_trouble_is_a_line(void **state)
{
	struct dir *dir = *state;
	struct service_config config;
	char long_text[2000];

	write_file(dir, "timeout-kill", "5\0000", 3);
	make_dir(dir, "notification-fd");
	assert_int_equal(mkfifoat(dir->fd, "kill-scope", 0600), 0);
	memset(long_text, '7', sizeof(long_text));
	write_file(dir, "timeout-up", long_text, sizeof(long_text));
	assert_int_equal(symlinkat("dialect", dir->fd, "dialect"), 0);
	assert_int_equal(symlinkat("nowhere", dir->fd, "lock-fd"), 0);
	write_text(dir, "restart", "never limit=many\n");
	config = read_dir(
		dir,
		"notification-fd: unable to read it: is a directory; using "
		"none\n"
		"timeout-kill: \"5?0\" is not a number of milliseconds; using "
		"0, no limit\n"
		"timeout-up: \"7777777777777777777777777777777777777777...\" "
		"is not a number of milliseconds; using 0, no limit\n"
		"restart: \"limit=many\" is not a count and a span, 5/10s; "
		"ignoring it\n"
		"kill-scope: \"\" is not process, group or cgroup; using "
		"process\n"
		"dialect: unable to read it: symbolic link loop; using what "
		"the other files show\n");
	assert_int_equal(config.policy.when, POLICY_NEVER);
	assert_true((config.there & BIT(CONFIG_LOCK_FD)) == 0);
	/* What was meant for s6 still tells. */
	assert_int_equal(config.dialect, CONFIG_S6);
}

static void the_first_line_of_scripts_is_evidence(void **state)
{
	struct dir *dir = *state;
	struct service_config config;

	write_script(dir, "run", "#!/bin/execlineb -P\n");
	config = read_dir(dir, "");
	assert_int_equal(config.dialect, CONFIG_S6);
	assert_true(config.is_run_execline);
	write_script(dir, "run", "#!/bin/sh\n");
	write_script(dir, "finish", "#!/usr/bin/env execlineb\n");
	config = read_dir(dir, "");
	assert_int_equal(config.dialect, CONFIG_S6);
	assert_true(config.is_finish_execline && !config.is_run_execline);
	assert_int_equal(config.timeout_finish_ms, CONFIG_FINISH_DEFAULT_MS);
	/* The numbers of s6's servicedir page. */
	assert_int_equal(CONFIG_FINISH_DEFAULT_MS, 5000);
	assert_int_equal(CONFIG_TALLY_DEFAULT, 100);
	assert_int_equal(CONFIG_TALLY_MAX, 4096);
}

/* ---- what the system does to a reading ---- */

static void a_shortage_leaves_what_was_known(void **state)
{
	struct dir *dir = *state;
	struct rlimit limit, none;
	struct service_config config, before;
	int result, error;

	write_text(dir, "timeout-kill", "100\n");
	assert_int_equal(config_read(dir->fd, &config, NULL), 0);
	before = config;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	result = config_read(dir->fd, &config, NULL);
	error = errno;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(result, -1);
	assert_int_equal(error, EMFILE);
	assert_memory_equal(&config, &before, sizeof(config));
	assert_int_equal(config_read(-1, &config, NULL), -1);
	assert_int_equal(errno, EBADF);
	assert_memory_equal(&config, &before, sizeof(config));
}

/* With another user's eyes, where the test is root's. */
static void what_cannot_be_listed_is_asked_for(void **state)
{
	struct dir *dir = *state;
	struct service_config config;
	bool is_root = geteuid() == 0;
	char room[CONFIG_TROUBLES_SIZE];
	struct strb troubles = strb_on(room, sizeof(room));
	int result;

	write_script(dir, "run", "#!/bin/execlineb\n");
	write_script(dir, "finish", "#!/bin/sh\n");
	assert_int_equal(fchmodat(dir->fd, "finish", 0711, 0), 0);
	write_script(dir, "check", "#!/bin/sh\n");
	assert_int_equal(fchmodat(dir->fd, "check", 0744, 0), 0);
	write_text(dir, "timeout-kill", "100\n"); /* mode 0600 */
	write_text(dir, "down-signal", "INT\n");
	assert_int_equal(fchmodat(dir->fd, "down-signal", 0644, 0), 0);
	make_dir(dir, "control");
	assert_int_equal(fchmod(dir->fd, 0111), 0);
	if (is_root)
		assert_int_equal(seteuid(65534), 0);
	result = config_read(dir->fd, &config, &troubles);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fchmod(dir->fd, 0755), 0);
	assert_int_equal(result, 0);
	assert_int_equal(config.down_signal, SIGINT);
	assert_true(config_has(&config, CONFIG_RUN));
	assert_true(config_has(&config, CONFIG_FINISH));
	assert_true(config_has(&config, CONFIG_CONTROL));
	assert_true(config.is_run_execline);
	assert_int_equal(config_has(&config, CONFIG_CHECK), !is_root);
	assert_int_equal(config.there & BIT(CONFIG_LOCK_FD), 0);
	if (is_root)
		assert_string_equal(room, "timeout-kill: unable to read it: "
					  "access denied; using 0, no limit\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mixture_of_evidence_is_settled),
		cmocka_unit_test(the_file_dialect_has_the_last_word),
		cmocka_unit_test(what_was_concluded_is_explained),
		cmocka_unit_test(an_explanation_that_does_not_fit_is_cut),
		cmocka_unit_test(finish_gets_the_numbers_of_its_suite),
		cmocka_unit_test(execline_is_known_by_its_name),
		cmocka_unit_test(every_value_is_taken_or_told_of),
		cmocka_unit_test(both_descriptors_cannot_be_one),
		dir_test(an_empty_directory_says_nothing),
		dir_test(a_classic_directory_is_what_it_was),
		dir_test(every_line_is_read_from_its_file),
		dir_test(a_script_is_a_file_that_can_be_executed),
		dir_test(a_log_is_a_directory_or_a_program),
		dir_test(directories_and_marks_are_seen),
		dir_test(links_are_what_they_lead_to),
		dir_test(sources_of_s6_rc_are_understood),
		dir_test(a_users_own_type_is_left_alone),
		dir_test(each_trouble_is_a_line),
		dir_test(the_first_line_of_scripts_is_evidence),
		dir_test(a_shortage_leaves_what_was_known),
		dir_test(what_cannot_be_listed_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
