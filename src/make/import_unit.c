/* import_unit.c -- see import.h: a unit, line by line. */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/signame.h"
#include "base/span.h"
#include "base/strb.h"
#include "make/place.h"
#include "make/unit.h"

/* ---- values of keys ---- */

static void tell_bad(struct unit *unit)
{
	char room[80];
	struct strb shown = strb_on(room, sizeof(room));

	strb_add_shown(&shown, unit->line->value, 40);
	unit_tell(unit, "see systemd.directives(7) for what it may be",
		  "%s isn't understood", room);
}

static void take_text(struct unit *unit, int which)
{
	const char *value = unit_expand(unit, unit->line->value);

	unit->texts[which] = value && *value != '\0' ? value : NULL;
	unit->lines[which] = unit->line->number;
}

/* Not what chpst or chown would take for more than one, or for an option. */
static bool is_account(struct unit *unit, const char *name)
{
	if (name && *name != '-' && !strchr(name, ':'))
		return true;
	/* Who can't tell whom to run it as doesn't run it as root. */
	unit->is_doubtful = true;
	if (name)
		tell_bad(unit);
	return false;
}

static void take_account(struct unit *unit, int which)
{
	const char *value = unit_expand(unit, unit->line->value);

	if (!is_account(unit, value))
		value = NULL;
	unit->texts[which] = value && *value != '\0' ? value : NULL;
	unit->lines[which] = unit->line->number;
}

static void take_exec(struct unit *unit, int which)
{
	unit_take_exec(unit, (enum unit_exec)which);
}

static void take_type(struct unit *unit, int which)
{
	static const struct {
		const char *word;
		enum unit_type type;
	} types[] = {
		{"simple", UNIT_SIMPLE},
		{"exec", UNIT_SIMPLE},
		{"idle", UNIT_SIMPLE},
		{"notify", UNIT_NOTIFY},
		{"notify-reload", UNIT_NOTIFY_RELOAD},
		{"oneshot", UNIT_ONESHOT},
		{"forking", UNIT_FORKING},
		{"dbus", UNIT_SIMPLE},
	};

	(void)which;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(unit->line->value, types[i].word) != 0)
			continue;
		unit->type = types[i].type;
		unit->has_type = true;
		if (strcmp(types[i].word, "dbus") == 0)
			unit_tell(unit, "write a script check that asks for it",
				  "a name on the bus doesn't make it ready");
		if (unit->type == UNIT_FORKING) {
			unit->is_doubtful = true;
			unit_tell(unit,
				  "give it the option to stay in the "
				  "foreground in run, or put fghack before it",
				  "what goes into the background can't be "
				  "supervised");
		}
		return;
	}
	tell_bad(unit);
}

static void take_boolean(struct unit *unit, bool *is_true)
{
	if (!unit_boolean(unit->line->value, is_true))
		tell_bad(unit);
}

static void take_remains(struct unit *unit, int which)
{
	(void)which;
	take_boolean(unit, &unit->remains);
}

static void take_kill(struct unit *unit, int which)
{
	bool is_killed = !unit->never_killed;

	(void)which;
	take_boolean(unit, &is_killed);
	unit->never_killed = !is_killed;
}

static void take_privileges(struct unit *unit, int which)
{
	(void)which;
	take_boolean(unit, &unit->import->plan.refuses_privileges);
}

static void take_dynamic(struct unit *unit, int which)
{
	bool is_true = false;

	(void)which;
	take_boolean(unit, &is_true);
	if (!is_true)
		return;
	unit->is_doubtful = true;
	unit_tell(unit, "make an account, and put chpst -u before it in run",
		  "there are no accounts for a while");
}

/* Where it would find other files, or be somebody else. */
static void take_doubt(struct unit *unit, int which)
{
	(void)which;
	if (*unit->line->value == '\0')
		return;
	unit->is_doubtful = true;
	unit_tell(unit, "see chpst(8) for what run can do instead",
		  "it isn't the same without that");
}

static void take_span(struct unit *unit, int which)
{
	int64_t span_ns;

	if (!unit_span(unit->line->value, &span_ns)) {
		tell_bad(unit);
		return;
	}
	unit->numbers[which] = span_ns;
	unit->has_number[which] = true;
}

static void take_timeouts(struct unit *unit, int which)
{
	take_span(unit, which);
	unit->numbers[UNIT_START_TIMEOUT] = unit->numbers[which];
	unit->has_number[UNIT_START_TIMEOUT] = unit->has_number[which];
}

static void take_count(struct unit *unit, int which)
{
	uint64_t count;

	if (number_parse(unit->line->value, UINT32_MAX, &count) == -1) {
		tell_bad(unit);
		return;
	}
	unit->numbers[which] = (int64_t)count;
	unit->has_number[which] = true;
}

static void take_umask(struct unit *unit, int which)
{
	uint64_t mask;

	(void)which;
	if (number_parse_octal(unit->line->value, 0777, &mask) == -1)
		tell_bad(unit);
	else
		unit->import->plan.umask =
			import_keep(unit->import, unit->line->value);
}

static void take_nice(struct unit *unit, int which)
{
	int64_t number;

	(void)which;
	if (number_parse_signed(unit->line->value, -20, 19, &number) == -1)
		tell_bad(unit);
	else
		unit->import->plan.nice =
			import_keep(unit->import, unit->line->value);
}

static void take_oom_score(struct unit *unit, int which)
{
	int64_t number;

	(void)which;
	if (number_parse_signed(unit->line->value, -1000, 1000, &number) == -1)
		tell_bad(unit);
	else
		unit->import->plan.oom_score =
			import_keep(unit->import, unit->line->value);
}

static void take_kill_signal(struct unit *unit, int which)
{
	int number = signame_parse(unit->line->value);
	char name[SIGNAME_SIZE];

	(void)which;
	if (number <= 0)
		tell_bad(unit);
	else
		unit->import->plan.down_signal =
			import_keep(unit->import, signame_of(number, name));
}

/* ---- lists ---- */

/* The words of the value, with specifiers replaced; an empty value empties
 * `words`, which wrong ones aren't added to. */
static void take_words(struct unit *unit, struct list *words)
{
	struct list raw = {.items = NULL};
	const char *text = unit->line->value;
	const char *wrong = unit_words(&text, false, &raw);

	if (*unit->line->value == '\0')
		list_free(words);
	if (wrong)
		unit_tell(unit, "close it, and import it again", "%s", wrong);
	for (size_t i = 0; !wrong && i < raw.count; i++) {
		const char *word = unit_expand(unit, raw.items[i]);

		if (word)
			list_add(words, word);
	}
	if (raw.is_short)
		words->is_short = true;
	list_free(&raw);
}

static void take_environment(struct unit *unit, int which)
{
	struct list words = {.items = NULL};

	(void)which;
	if (*unit->line->value == '\0')
		list_free(&unit->import->plan.environment);
	take_words(unit, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (plan_is_variable(words.items[i]))
			import_set(unit->import, words.items[i]);
		else
			unit_tell(unit, "set it in run",
				  "that isn't NAME=VALUE");
	}
	if (words.is_short)
		unit->import->plan.environment.is_short = true;
	list_free(&words);
}

static void take_env_file(struct unit *unit, int which)
{
	struct list *files = &unit->import->plan.env_files;
	const char *path = unit_expand(unit, unit->line->value);
	bool may_miss = path && *path == '-';

	(void)which;
	if (!path)
		return;
	if (*path == '\0')
		list_free(files);
	else if (path[may_miss] != '/')
		tell_bad(unit);
	else if (strpbrk(path, "*?["))
		unit_tell(unit, "name each file after chpst --env-file in run",
			  "files aren't searched for");
	else
		list_add(files, path);
}

static void take_groups(struct unit *unit, int which)
{
	struct list words = {.items = NULL};

	(void)which;
	if (*unit->line->value == '\0')
		list_free(&unit->groups);
	take_words(unit, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (is_account(unit, words.items[i]))
			list_add(&unit->groups, words.items[i]);
	}
	if (words.is_short)
		unit->groups.is_short = true;
	list_free(&words);
}

static void take_directories(struct unit *unit, int which)
{
	take_words(unit, &unit->directories[which]);
}

static void take_mode(struct unit *unit, int which)
{
	uint64_t mode;

	if (number_parse_octal(unit->line->value, 07777, &mode) == -1)
		tell_bad(unit);
	else
		unit->modes[which] =
			import_keep(unit->import, unit->line->value);
}

/* The names of services; others can't be waited for. */
static void take_names(struct unit *unit, struct list *names)
{
	static const char suffix[] = ".service";
	struct list words = {.items = NULL};
	char name[512];

	take_words(unit, &words);
	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];
		size_t len = strlen(word);

		if (len < sizeof(suffix) ||
		    strcmp(word + len - (sizeof(suffix) - 1), suffix) != 0) {
			struct strb shown = strb_on(name, sizeof(name));

			strb_add_shown(&shown, word, 60);
			unit_tell(unit,
				  "nothing, if that is there when svscan "
				  "starts",
				  "%s isn't a service", name);
			continue;
		}
		if (unit_unescape(word, len - (sizeof(suffix) - 1), false, name,
				  sizeof(name)) &&
		    !place_name_trouble(name) &&
		    strcmp(name, unit->import->name) != 0)
			list_add(names, name);
		else
			unit_tell(unit, "see service-dirs(7)",
				  "that can't be the name of a service it "
				  "waits for");
	}
	if (words.is_short)
		names->is_short = true;
	list_free(&words);
}

static void take_after(struct unit *unit, int which)
{
	(void)which;
	take_names(unit, &unit->after);
}

static void take_wants(struct unit *unit, int which)
{
	(void)which;
	take_names(unit, &unit->wants);
}

static void take_needs(struct unit *unit, int is_bound)
{
	take_names(unit, &unit->needs);
	if (is_bound)
		unit_tell(unit, "nothing, or see notify in service-dirs(7)",
			  "it isn't ended when one of those dies");
}

static void take_limit(struct unit *unit, int which)
{
	const char *value = unit->line->value, *colon = strchr(value, ':');
	char name[32], room[64];
	struct strb text = strb_on(room, sizeof(room));
	bool is_time = strcmp(unit->line->key, "LimitCPU") == 0;
	uint64_t number = 0;
	int64_t span_ns = 0;

	(void)which;
	/* "LimitNOFILE": the name is lower, and softlimit knows it. */
	for (size_t i = 0; i < sizeof(name); i++) {
		name[i] = unit->line->key[strlen("Limit") + i];
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] - 'A' + 'a');
		if (name[i] == '\0')
			break;
	}
	name[sizeof(name) - 1] = '\0';
	strb_add_format(&text, "%.*s", colon ? (int)(colon - value) : 60,
			value);
	if (strcmp(room, "infinity") != 0) {
		if (is_time ? !unit_span(room, &span_ns)
			    : !unit_bytes(room, &number)) {
			tell_bad(unit);
			return;
		}
		text = strb_on(room, sizeof(room));
		strb_add_format(&text, "%" PRIu64,
				is_time ? (uint64_t)(span_ns / SPAN_SECOND_NS)
					: number);
	}
	if (colon)
		unit_tell(unit, "start svscan with the hard one",
			  "only the soft limit is set");
	text = strb_on(name + strlen(name), sizeof(name) - strlen(name));
	strb_add_format(&text, "=%s", room);
	if (text.is_cut || !plan_add_limit(&unit->import->plan, name))
		unit_tell(unit, "put prlimit(1) before the program in run",
			  "softlimit doesn't set that");
}

static void take_post(struct unit *unit, int which)
{
	(void)which;
	if (*unit->line->value != '\0')
		unit_tell(unit,
			  "make it a one-shot of its own that needs this "
			  "service",
			  "nothing is run when a service is up");
}

static void take_final(struct unit *unit, int which)
{
	struct list codes = {.items = NULL};
	uint64_t code;

	(void)which;
	take_words(unit, &codes);
	for (size_t i = 0; i < codes.count; i++) {
		if (number_parse(codes.items[i], 255, &code) == -1)
			unit_tell(unit, "see `finish` in service-dirs(7)",
				  "only numbers of exits are known");
		else if (code != 0)
			list_add(&unit->import->plan.for_good, codes.items[i]);
	}
	list_free(&codes);
}

static void take_wanted_by(struct unit *unit, int which)
{
	struct list words = {.items = NULL};

	(void)which;
	take_words(unit, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (!strstr(words.items[i], ".target"))
			unit_tell(unit,
				  "make a file for it in the wants.d of that "
				  "one",
				  "it says so of another service");
	}
	list_free(&words);
}

static void take_alias(struct unit *unit, int which)
{
	(void)which;
	unit_tell(unit, "nothing, unless somebody uses it",
		  "a service has one name");
}

/* ---- the table ---- */

static const struct row {
	const char *section, *key;
	void (*take)(struct unit *unit, int which);
	int which;
} rows[] = {
	{"Unit", "After", take_after, 0},
	{"Unit", "Requires", take_needs, false},
	{"Unit", "Requisite", take_needs, false},
	{"Unit", "BindsTo", take_needs, true},
	{"Unit", "Wants", take_wants, 0},
	{"Unit", "StartLimitIntervalSec", take_span, UNIT_LIMIT_SPAN},
	{"Unit", "StartLimitBurst", take_count, UNIT_LIMIT_COUNT},
	{"Service", "StartLimitInterval", take_span, UNIT_LIMIT_SPAN},
	{"Service", "StartLimitIntervalSec", take_span, UNIT_LIMIT_SPAN},
	{"Service", "StartLimitBurst", take_count, UNIT_LIMIT_COUNT},
	{"Service", "Type", take_type, 0},
	{"Service", "RemainAfterExit", take_remains, 0},
	{"Service", "ExecStart", take_exec, UNIT_EXEC_START},
	{"Service", "ExecStartPre", take_exec, UNIT_EXEC_START_PRE},
	{"Service", "ExecStartPost", take_post, 0},
	{"Service", "ExecStop", take_exec, UNIT_EXEC_STOP},
	{"Service", "ExecStopPost", take_exec, UNIT_EXEC_STOP_POST},
	{"Service", "ExecReload", take_exec, UNIT_EXEC_RELOAD},
	{"Service", "ReloadSignal", take_text, UNIT_RELOAD_SIGNAL},
	{"Service", "User", take_account, UNIT_USER},
	{"Service", "Group", take_account, UNIT_GROUP},
	{"Service", "SupplementaryGroups", take_groups, 0},
	{"Service", "DynamicUser", take_dynamic, 0},
	{"Service", "PAMName", take_doubt, 0},
	{"Service", "RootDirectory", take_doubt, 0},
	{"Service", "RootImage", take_doubt, 0},
	{"Service", "Environment", take_environment, 0},
	{"Service", "EnvironmentFile", take_env_file, 0},
	{"Service", "WorkingDirectory", take_text, UNIT_CWD},
	{"Service", "StandardInput", take_text, UNIT_INPUT},
	{"Service", "StandardOutput", take_text, UNIT_OUTPUT},
	{"Service", "StandardError", take_text, UNIT_ERROR},
	{"Service", "Restart", take_text, UNIT_RESTART},
	{"Service", "RestartSec", take_span, UNIT_RESTART_DELAY},
	{"Service", "RestartPreventExitStatus", take_final, 0},
	{"Service", "SuccessExitStatus", take_text, UNIT_SUCCESS},
	{"Service", "TimeoutSec", take_timeouts, UNIT_STOP_TIMEOUT},
	{"Service", "TimeoutStartSec", take_span, UNIT_START_TIMEOUT},
	{"Service", "TimeoutStopSec", take_span, UNIT_STOP_TIMEOUT},
	{"Service", "KillSignal", take_kill_signal, 0},
	{"Service", "KillMode", take_text, UNIT_KILL_MODE},
	{"Service", "SendSIGKILL", take_kill, 0},
	{"Service", "UMask", take_umask, 0},
	{"Service", "Nice", take_nice, 0},
	{"Service", "OOMScoreAdjust", take_oom_score, 0},
	{"Service", "IOSchedulingClass", take_text, UNIT_IO_CLASS},
	{"Service", "IOSchedulingPriority", take_text, UNIT_IO_PRIORITY},
	{"Service", "NoNewPrivileges", take_privileges, 0},
	{"Service", "RuntimeDirectory", take_directories, UNIT_RUNTIME},
	{"Service", "StateDirectory", take_directories, UNIT_STATE},
	{"Service", "CacheDirectory", take_directories, UNIT_CACHE},
	{"Service", "LogsDirectory", take_directories, UNIT_LOGS},
	{"Service", "ConfigurationDirectory", take_directories,
	 UNIT_CONFIGURATION},
	{"Service", "RuntimeDirectoryMode", take_mode, UNIT_RUNTIME},
	{"Service", "StateDirectoryMode", take_mode, UNIT_STATE},
	{"Service", "CacheDirectoryMode", take_mode, UNIT_CACHE},
	{"Service", "LogsDirectoryMode", take_mode, UNIT_LOGS},
	{"Service", "ConfigurationDirectoryMode", take_mode,
	 UNIT_CONFIGURATION},
	{"Install", "WantedBy", take_wanted_by, 0},
	{"Install", "Alias", take_alias, 0},
};

static const struct row *find_row(const struct unit_line *line)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(line->key, rows[i].key) == 0 &&
		    strcmp(line->section, rows[i].section) == 0)
			return &rows[i];
	}
	return NULL;
}

static void take_line(struct unit *unit)
{
	const struct unit_line *line = unit->line;
	const char *why, *advice;
	const struct row *row;

	if (!line->key) {
		/* What comes next may belong elsewhere, its user included. */
		unit->is_doubtful = true;
		import_tell(unit->import, line->number, "",
			    "correct it, and import it again",
			    "neither a section nor KEY=VALUE");
		return;
	}
	row = find_row(line);
	if (row)
		row->take(unit, row->which);
	else if (strncmp(line->key, "Limit", strlen("Limit")) == 0 &&
		 strcmp(line->section, "Service") == 0)
		take_limit(unit, 0);
	else if (unit_find_lost(line->section, line->key, &why, &advice))
		unit_tell(unit, advice, "%s", why);
}

static void free_lists(struct unit *unit)
{
	list_free(&unit->groups);
	list_free(&unit->after);
	list_free(&unit->needs);
	list_free(&unit->wants);
	list_free(&unit->start);
	list_free(&unit->command);
	for (int i = 0; i < UNIT_DIRECTORY_COUNT; i++)
		list_free(&unit->directories[i]);
}

int import_unit(struct import *import, char *text, size_t len)
{
	struct unit_reader reader = {.at = text, .end = text + len};
	struct unit unit = {.import = import};
	struct unit_line line;
	int result = -1;

	if (strlen(text) != len) {
		import_tell(import, 0, "", "import a unit file",
			    "it isn't text: there is a byte 0 in it");
		return -1;
	}
	while (unit_next(&reader, &line)) {
		unit.line = &line;
		take_line(&unit);
	}
	if (unit.command.count == 0) {
		import_tell(import, 0, "ExecStart", "see systemd.service(5)",
			    "there is no program to run");
		goto out;
	}
	unit_conclude(&unit);
	result = 0;
out:
	free_lists(&unit);
	return result;
}
