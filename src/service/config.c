/* config.c -- see config.h; what the names and values mean. The directory is
 * read in config_read.c. */
#include <signal.h>
#include <string.h>

#include "base/number.h"
#include "base/signame.h"
#include "service/config_row.h"

#define SHOWN_BYTES 40 /* of a value that isn't understood */
#define BIT(name)   (UINT64_C(1) << (name))

/* clang-format off */
static const char *const dialect_names[CONFIG_DIALECT_COUNT] = {
	[CONFIG_DAEMONTOOLS] = "daemontools",
	[CONFIG_S6] = "s6",
	[CONFIG_RUNIT] = "runit",
	[CONFIG_ENCORE] = "encore",
};
static const char *const scope_names[CONFIG_SCOPE_COUNT] = {
	[CONFIG_SCOPE_PROCESS] = "process",
	[CONFIG_SCOPE_GROUP] = "group",
	[CONFIG_SCOPE_CGROUP] = "cgroup",
};
static const char *const type_names[CONFIG_TYPE_COUNT] = {
	[CONFIG_TYPE_NONE] = "",
	[CONFIG_TYPE_LONGRUN] = "longrun",
	[CONFIG_TYPE_ONESHOT] = "oneshot",
	[CONFIG_TYPE_BUNDLE] = "bundle",
};
/* clang-format on */

/* ---- values ---- */

/* Which of `words` that is; -1 for none. */
static int find_word(const char *text, const char *const words[], int count)
{
	for (int i = 0; i < count; i++) {
		if (*text != '\0' && strcmp(text, words[i]) == 0)
			return i;
	}
	return -1;
}

static bool take_number(const struct config_row *row,
			struct service_config *config, char *text,
			struct strb *wrong)
{
	uint64_t number;

	(void)wrong;
	if (number_parse(text, row->most, &number) == -1)
		return false;
	/* Signed members are no larger, and get nothing that they can't hold.
	 */
	*(uint32_t *)(void *)((char *)config + row->offset) = (uint32_t)number;
	return true;
}

static bool take_tally(const struct config_row *row,
		       struct service_config *config, char *text,
		       struct strb *wrong)
{
	if (!take_number(row, config, text, wrong))
		return false;
	/* As s6 does. */
	if (config->max_death_tally > CONFIG_TALLY_MAX)
		config->max_death_tally = CONFIG_TALLY_MAX;
	return true;
}

static bool take_lock_fd(const struct config_row *row,
			 struct service_config *config, char *text,
			 struct strb *wrong)
{
	if (!take_number(row, config, text, wrong))
		return false;
	if (config->lock_fd != config->notification_fd)
		return true;
	config->lock_fd = -1;
	strb_add(wrong, "that is the number in notification-fd; using none");
	return false;
}

static bool take_signal(const struct config_row *row,
			struct service_config *config, char *text,
			struct strb *wrong)
{
	int number = signame_parse(text);

	(void)wrong;
	if (number == -1)
		return false;
	*(int32_t *)(void *)((char *)config + row->offset) = number;
	return true;
}

static bool take_restart(const struct config_row *row,
			 struct service_config *config, char *text,
			 struct strb *wrong)
{
	(void)row;
	return policy_parse(text, &config->policy, wrong);
}

static bool take_giving_up(const struct config_row *row,
			   struct service_config *config, char *text,
			   struct strb *wrong)
{
	(void)row;
	return giving_up_parse(text, &config->giving_up, wrong);
}

static bool take_on_exit(const struct config_row *row,
			 struct service_config *config, char *text,
			 struct strb *wrong)
{
	(void)row;
	(void)wrong;
	config->ends_all = strcmp(text, "shutdown") == 0;
	return config->ends_all || strcmp(text, "nothing") == 0;
}

static bool take_scope(const struct config_row *row,
		       struct service_config *config, char *text,
		       struct strb *wrong)
{
	int found = find_word(text, scope_names, CONFIG_SCOPE_COUNT);

	(void)row;
	(void)wrong;
	if (found != -1)
		config->kill_scope = (enum config_scope)found;
	return found != -1;
}

static bool take_dialect(const struct config_row *row,
			 struct service_config *config, char *text,
			 struct strb *wrong)
{
	int found = find_word(text, dialect_names, CONFIG_DIALECT_COUNT);

	(void)row;
	(void)wrong;
	if (found != -1)
		config->dialect = (enum config_dialect)found;
	return found != -1;
}

static bool take_type(const struct config_row *row,
		      struct service_config *config, char *text,
		      struct strb *wrong)
{
	int found = find_word(text, type_names, CONFIG_TYPE_COUNT);

	(void)row;
	(void)wrong;
	if (found != -1)
		config->type = (enum config_type)found;
	return found != -1;
}

/* ---- the table ---- */

#define NO_SUITE   CONFIG_DAEMONTOOLS
#define AT(member) offsetof(struct service_config, member)
#define FD_MAX     1048575 /* what Linux lets a process have */
#define FD         "the number of a descriptor"
#define MS         "a number of milliseconds"
#define SIGNAL     "the name or number of a signal"
#define NO_LIMIT   "0, no limit"

/* clang-format off */
const struct config_row config_rows[CONFIG_NAME_COUNT] = {
	[CONFIG_RUN] = {.file = "run", .kind = CONFIG_SCRIPT},
	[CONFIG_FINISH] = {.file = "finish", .kind = CONFIG_SCRIPT},
	[CONFIG_START] = {.file = "start",
		.kind = CONFIG_SCRIPT, .evidence = CONFIG_ENCORE},
	[CONFIG_STOP] = {.file = "stop",
		.kind = CONFIG_SCRIPT, .evidence = CONFIG_ENCORE},
	[CONFIG_NOTIFY] = {.file = "notify",
		.kind = CONFIG_SCRIPT, .evidence = CONFIG_ENCORE},
	[CONFIG_CHECK] = {.file = "check",
		.kind = CONFIG_SCRIPT, .evidence = CONFIG_RUNIT},
	[CONFIG_LOG] = {.file = "log",
		.kind = CONFIG_LOGGER, .evidence = CONFIG_ENCORE},

	[CONFIG_CONTROL] = {.file = "control",
		.kind = CONFIG_FOLDER, .evidence = CONFIG_RUNIT},
	[CONFIG_DEPENDENCIES] = {.file = "dependencies.d",
		.kind = CONFIG_FOLDER},
	[CONFIG_WANTS] = {.file = "wants.d", .kind = CONFIG_FOLDER},
	[CONFIG_AFTER] = {.file = "after.d", .kind = CONFIG_FOLDER},
	[CONFIG_CONTENTS] = {.file = "contents.d", .kind = CONFIG_FOLDER},
	[CONFIG_EVENT] = {.file = "event", .kind = CONFIG_FOLDER},

	[CONFIG_DOWN] = {.file = "down", .kind = CONFIG_PRESENCE},
	[CONFIG_UP] = {.file = "up", .kind = CONFIG_PRESENCE},
	[CONFIG_CONF] = {.file = "conf",
		.kind = CONFIG_PRESENCE, .evidence = CONFIG_RUNIT},
	[CONFIG_NOTIFY_SOCKET] = {.file = "notify-socket",
		.kind = CONFIG_PRESENCE},
	[CONFIG_FLAG_NEWPIDNS] = {.file = "flag-newpidns",
		.kind = CONFIG_PRESENCE, .evidence = CONFIG_S6},
	[CONFIG_NO_SETSID] = {.file = "no-setsid",
		.kind = CONFIG_PRESENCE, .evidence = CONFIG_ENCORE},

	[CONFIG_NOTIFICATION_FD] = {
		"notification-fd", CONFIG_LINE, CONFIG_S6,
		take_number, AT(notification_fd), FD_MAX, FD, "none"},
	[CONFIG_TIMEOUT_KILL] = {
		"timeout-kill", CONFIG_LINE, CONFIG_S6,
		take_number, AT(timeout_kill_ms), UINT32_MAX, MS, NO_LIMIT},
	[CONFIG_TIMEOUT_FINISH] = {
		"timeout-finish", CONFIG_LINE, CONFIG_S6,
		take_number, AT(timeout_finish_ms), UINT32_MAX, MS, "5000"},
	[CONFIG_TIMEOUT_UP] = {
		"timeout-up", CONFIG_LINE, NO_SUITE,
		take_number, AT(timeout_up_ms), UINT32_MAX, MS, NO_LIMIT},
	[CONFIG_TIMEOUT_DOWN] = {
		"timeout-down", CONFIG_LINE, NO_SUITE,
		take_number, AT(timeout_down_ms), UINT32_MAX, MS, NO_LIMIT},
	[CONFIG_DOWN_SIGNAL] = {
		"down-signal", CONFIG_LINE, CONFIG_S6,
		take_signal, AT(down_signal), 0, SIGNAL, "TERM"},
	[CONFIG_RELOAD_SIGNAL] = {
		"reload-signal", CONFIG_LINE, CONFIG_S6,
		take_signal, AT(reload_signal), 0, SIGNAL, "HUP"},
	[CONFIG_MAX_DEATH_TALLY] = {
		"max-death-tally", CONFIG_LINE, CONFIG_S6,
		take_tally, AT(max_death_tally), UINT32_MAX,
		"a number of deaths", "100"},
	[CONFIG_LOCK_FD] = {
		"lock-fd", CONFIG_LINE, CONFIG_S6,
		take_lock_fd, AT(lock_fd), FD_MAX, FD, "none"},
	[CONFIG_RESTART] = {
		"restart", CONFIG_LINE, NO_SUITE,
		take_restart, 0, 0, NULL, "\"always\""},
	[CONFIG_ON_GIVING_UP] = {
		"on-giving-up", CONFIG_LINE, NO_SUITE,
		take_giving_up, 0, 0, NULL, "\"nothing\""},
	[CONFIG_ON_EXIT] = {
		"on-exit", CONFIG_LINE, NO_SUITE,
		take_on_exit, 0, 0, "shutdown or nothing", "\"nothing\""},
	[CONFIG_KILL_SCOPE] = {
		"kill-scope", CONFIG_LINE, NO_SUITE,
		take_scope, 0, 0, "process, group or cgroup", "process"},
	[CONFIG_DIALECT] = {
		"dialect", CONFIG_LINE, NO_SUITE,
		take_dialect, 0, 0, "daemontools, encore, runit or s6",
		"what the other files show"},
	[CONFIG_TYPE] = {
		"type", CONFIG_LINE, CONFIG_S6,
		take_type, 0, 0, "longrun, oneshot or bundle", "none"},
};
/* clang-format on */

const char *config_file(enum config_name name)
{
	return config_rows[name].file;
}

const char *config_dialect_name(enum config_dialect dialect)
{
	return dialect_names[dialect];
}

void config_defaults(struct service_config *config)
{
	*config = (struct service_config){
		.notification_fd = -1,
		.lock_fd = -1,
		.down_signal = SIGTERM,
		.reload_signal = SIGHUP,
		.max_death_tally = CONFIG_TALLY_DEFAULT,
	};
}

/* ---- taking a value ---- */

/* The first line without the blanks around it. */
static char *trim(char *text)
{
	size_t len;

	text[strcspn(text, "\n")] = '\0';
	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* Whether the name is there, but has nothing to do with us. */
static bool is_users_own(const struct service_config *config,
			 enum config_name name, const char *text)
{
	const uint64_t of_s6 =
		BIT(CONFIG_NOTIFICATION_FD) | BIT(CONFIG_TIMEOUT_KILL) |
		BIT(CONFIG_TIMEOUT_FINISH) | BIT(CONFIG_DEPENDENCIES) |
		BIT(CONFIG_CONTENTS) | BIT(CONFIG_UP);

	/* Somebody's script to restart the service. */
	if (name == CONFIG_RESTART)
		return strncmp(text, "#!", 2) == 0;
	/* A word that says much to its user, beside a service that runs. */
	return name == CONFIG_TYPE && (config->there & BIT(CONFIG_RUN)) != 0 &&
	       (config->there & of_s6) == 0 &&
	       find_word(text, type_names, CONFIG_TYPE_COUNT) == -1;
}

bool config_take(struct service_config *config, enum config_name name,
		 char *text, struct strb *wrong)
{
	const struct config_row *row = &config_rows[name];
	size_t before = wrong->len;
	char room[SHOWN_BYTES + 4];
	struct strb shown = strb_on(room, sizeof(room));

	config->there |= BIT(name);
	text = trim(text);
	if (is_users_own(config, name, text))
		return true;
	strb_add_shown(&shown, text, SHOWN_BYTES);
	if (row->take(row, config, text, wrong)) {
		config->usable |= BIT(name);
		return true;
	}
	config->troubled |= BIT(name);
	if (wrong->len == before)
		strb_add_format(wrong, "\"%s\" is not %s; using %s", room,
				row->expected, row->instead);
	return false;
}

bool config_is_execline(const char *text)
{
	const char *end = text + strcspn(text, "\n");

	if (strncmp(text, "#!", 2) != 0)
		return false;
	/* Also as an argument, of /usr/bin/env for one. */
	for (const char *word = text + 2; word < end;) {
		size_t len = strcspn(word, " \t\r\n");
		const char *name = word + len;

		while (name > word && name[-1] != '/')
			name--;
		if (strncmp(name, "execlineb", 9) == 0 &&
		    name + 9 == word + len)
			return true;
		word += len;
		word += strspn(word, " \t\r");
	}
	return false;
}

/* ---- conclusions ---- */

/* Whether the name, as it is there, is evidence of its suite. */
static bool is_evidence(const struct service_config *config,
			enum config_name name)
{
	switch (name) {
	/* A value that isn't understood was still meant for that suite ... */
	default:
		if (config_rows[name].kind == CONFIG_LINE)
			return (config->there >> name & 1) != 0;
		return config_has(config, name);
	/* ... but not in a file of so common a name. */
	case CONFIG_TYPE: return config->type != CONFIG_TYPE_NONE;
	case CONFIG_LOG: return config->log == CONFIG_LOG_INLINE;
	/* Common names, too: they count where nothing else does. */
	case CONFIG_START:
	case CONFIG_STOP:
		return config_has(config, name) &&
		       !config_shows(config, CONFIG_S6) &&
		       !config_shows(config, CONFIG_RUNIT);
	}
}

static void gather_evidence(struct service_config *config)
{
	config->evidence = 0;
	if (config->is_run_execline || config->is_finish_execline)
		config->evidence |= 1 << CONFIG_S6;
	/* From the end, so that all else is in when start and stop come. */
	for (int i = CONFIG_NAME_COUNT - 1; i >= 0; i--) {
		enum config_dialect suite = config_rows[i].evidence;

		if (suite != CONFIG_DAEMONTOOLS &&
		    is_evidence(config, (enum config_name)i))
			config->evidence |= (uint8_t)(1 << suite);
	}
	config->dialect = CONFIG_DAEMONTOOLS;
	for (int i = CONFIG_DIALECT_COUNT - 1; i > 0; i--) {
		if (config_shows(config, (enum config_dialect)i))
			config->dialect = (enum config_dialect)i;
	}
}

void config_end_all(struct service_config *config)
{
	config->ends_all = true;
	if (!config_has(config, CONFIG_RESTART))
		config->policy.when = POLICY_NEVER;
}

void config_conclude(struct service_config *config)
{
	bool has_run = (config->there & BIT(CONFIG_RUN)) != 0;

	if (!config_has(config, CONFIG_DIALECT))
		gather_evidence(config);
	else if (config->dialect != CONFIG_DAEMONTOOLS)
		config->evidence = (uint8_t)(1 << config->dialect);
	if (config_shows(config, CONFIG_S6) &&
	    !config_has(config, CONFIG_TIMEOUT_FINISH))
		config->timeout_finish_ms = CONFIG_FINISH_DEFAULT_MS;
	/* Elsewhere they may be somebody's helpers. */
	if (has_run && !config_shows(config, CONFIG_ENCORE))
		config->usable &= ~(BIT(CONFIG_START) | BIT(CONFIG_STOP));
	if (config->type == CONFIG_TYPE_ONESHOT)
		config->usable &= ~BIT(CONFIG_DOWN);
	else
		config->usable &= ~BIT(CONFIG_UP);
	if (config->type != CONFIG_TYPE_BUNDLE)
		config->usable &= ~BIT(CONFIG_CONTENTS);
	if (config->ends_all)
		config_end_all(config);
}

/* ", " before all but the first. */
static void add_item(struct strb *text, bool *is_first, const char *item,
		     const char *more)
{
	strb_add(text, *is_first ? "" : ", ");
	strb_add(text, item);
	strb_add(text, more);
	*is_first = false;
}

static void explain_dialect(const struct service_config *config,
			    enum config_dialect dialect, struct strb *text)
{
	static const char by_execlineb[] = " for execlineb";
	bool is_first = true;

	strb_add(text, dialect_names[dialect]);
	strb_add(text, " (");
	if (dialect == CONFIG_S6 && config->is_run_execline)
		add_item(text, &is_first, "run", by_execlineb);
	if (dialect == CONFIG_S6 && config->is_finish_execline)
		add_item(text, &is_first, "finish", by_execlineb);
	for (int i = 0; i < CONFIG_NAME_COUNT; i++) {
		if (config_rows[i].evidence == dialect &&
		    is_evidence(config, (enum config_name)i))
			add_item(text, &is_first, config_rows[i].file, "");
	}
	strb_add(text, ")");
}

void config_explain(const struct service_config *config, struct strb *text)
{
	const char *separator = "";

	if (config_has(config, CONFIG_DIALECT)) {
		strb_add_format(text, "%s (as the file dialect says)",
				dialect_names[config->dialect]);
		return;
	}
	if (config->dialect == CONFIG_DAEMONTOOLS)
		strb_add(text, "daemontools (nothing of another suite)");
	for (int i = CONFIG_DAEMONTOOLS + 1; i < CONFIG_DIALECT_COUNT; i++) {
		if (!config_shows(config, (enum config_dialect)i))
			continue;
		strb_add(text, separator);
		explain_dialect(config, (enum config_dialect)i, text);
		separator = " and ";
	}
}

void config_finish_numbers(const struct service_config *config, int exit_code,
			   int signal_number, bool has_dumped, int *first,
			   int *second)
{
	bool counts_core = config->dialect == CONFIG_DAEMONTOOLS ||
			   config->dialect == CONFIG_RUNIT;

	*first = exit_code;
	*second = signal_number;
	if (signal_number == 0)
		return;
	*first = config_shows(config, CONFIG_S6) ? 256 : -1;
	if (has_dumped && counts_core)
		*second += 128;
}
