/* import_conclude.c -- the plan, when a unit was read: see unit.h. */
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/signame.h"
#include "base/span.h"
#include "base/strb.h"
#include "chain/favour.h"
#include "chain/ids.h"
#include "make/quote.h"
#include "make/unit.h"

/* What systemd does unless told otherwise. */
#define STOP_TIMEOUT_NS (90 * SPAN_SECOND_NS)
#define LIMIT_COUNT     5
#define LIMIT_SPAN_NS   (10 * SPAN_SECOND_NS)
#define DIRECTORY_MODE  "0755"

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static void tell(const struct unit *unit, enum unit_text which, const char *key,
		 const char *advice, const char *why)
{
	import_tell(unit->import, unit->lines[which], key, advice, "%s", why);
}

/* ---- who ---- */

/* The account, which is a name for chpst, too. NULL: none was said. */
static const char *account_of(struct unit *unit)
{
	const char *user = unit->texts[UNIT_USER];
	const struct passwd *account;
	uint64_t uid;

	if (!user)
		return NULL;
	if (number_parse(user, UINT32_MAX - 1, &uid) == -1)
		return user;
	account = getpwuid((uid_t)uid);
	if (account)
		return import_keep(unit->import, account->pw_name);
	unit->is_doubtful = true;
	tell(unit, UNIT_USER, "User", "put chpst -u :UID:GID before it in run",
	     "nobody has that number, so its group isn't known");
	return NULL;
}

/* chpst looks names up, not numbers. */
static const char *group_name(struct unit *unit, const char *text)
{
	const struct group *group;
	uint64_t gid;

	if (number_parse(text, UINT32_MAX - 1, &gid) == -1)
		return text;
	group = getgrgid((gid_t)gid);
	return group ? import_keep(unit->import, group->gr_name) : text;
}

/* "ACCOUNT:GROUP:...", or the account alone. */
static const char *ids_text(struct unit *unit, const char *account)
{
	const char *group = unit->texts[UNIT_GROUP];
	const struct passwd *known = getpwnam(account);
	const struct group *primary;
	const char *text;

	if (!group && unit->groups.count == 0)
		return account;
	if (!group) {
		primary = known ? getgrgid(known->pw_gid) : NULL;
		if (!primary) {
			unit->is_doubtful = true;
			tell(unit, UNIT_USER, "SupplementaryGroups",
			     "complete chpst -u in run",
			     "the user's group isn't known");
			return account;
		}
		group = primary->gr_name;
	}
	text = import_keep_format(unit->import, "%s:%s", account,
				  group_name(unit, group));
	for (size_t i = 0; i < unit->groups.count; i++)
		text = import_keep_format(
			unit->import, "%s:%s", text,
			group_name(unit, unit->groups.items[i]));
	return text;
}

/* What systemd sets for a user, unless the unit does. */
static void set_account(struct unit *unit, const char *account)
{
	const struct passwd *known = getpwnam(account);
	const struct {
		const char *name, *value;
	} variables[] = {
		{"USER", account},
		{"LOGNAME", account},
		{"HOME", known ? known->pw_dir : ""},
		{"SHELL", known ? known->pw_shell : ""},
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = variables[i].value;

		if (*value == '\0' || strstr(value, "/nologin") ||
		    strstr(value, "/false") ||
		    import_has(unit->import, variables[i].name))
			continue;
		import_set(unit->import,
			   import_keep_format(unit->import, "%s=%s",
					      variables[i].name, value));
	}
}

static void conclude_user(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;
	const char *account = account_of(unit);
	struct ids ids;

	if (account)
		set_account(unit, account);
	else if (unit->texts[UNIT_GROUP] || unit->groups.count != 0)
		account = "root";
	else
		return;
	plan->user = ids_text(unit, account);
	plan->has_all_groups = unit->texts[UNIT_USER] != NULL;
	plan->is_privileged = unit->start_is_privileged;
	if (import_is_own_account(plan->user))
		plan->user = NULL;
	else if (!ids_parse(plan->user, &ids))
		tell(unit, unit->texts[UNIT_USER] ? UNIT_USER : UNIT_GROUP,
		     "User", "make them before it is started",
		     "there is no such user, or group, on this machine");
	else if (geteuid() != 0)
		tell(unit, UNIT_USER, "User", "import it as root",
		     "only root's supervisor can run it as somebody else");
}

/* ---- where ---- */

/* NULL: there is no such account. */
static const char *home_of(struct unit *unit)
{
	const char *user = unit->texts[UNIT_USER];
	const struct passwd *account;
	uint64_t uid;

	if (!user)
		account = getpwuid(geteuid());
	else if (number_parse(user, UINT32_MAX - 1, &uid) == 0)
		account = getpwuid((uid_t)uid);
	else
		account = getpwnam(user);
	return account ? import_keep(unit->import, account->pw_dir) : NULL;
}

static void conclude_place(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;
	const char *cwd = unit->texts[UNIT_CWD];

	if (!cwd) {
		plan->cwd = "/";
		return;
	}
	if (*cwd == '-') {
		tell(unit, UNIT_CWD, "WorkingDirectory", "make it",
		     "without that directory it isn't started");
		cwd++;
	}
	if (is(cwd, "~"))
		cwd = home_of(unit);
	if (cwd && *cwd == '/') {
		plan->cwd = cwd;
		return;
	}
	plan->cwd = "/";
	tell(unit, UNIT_CWD, "WorkingDirectory", "put chpst -C into run",
	     "there is no such directory");
}

/* Makes it, and makes it the user's, in a line of the shell. */
static void add_directory(struct unit *unit, enum unit_directory kind,
			  const char *path)
{
	const char *user = unit->import->plan.user, *mode = unit->modes[kind];
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out) {
		unit->import->plan.setup.is_short = true;
		return;
	}
	fputs("mkdir -p ", out);
	quote_word(out, path);
	if (user && kind != UNIT_CONFIGURATION) {
		/* The first two of "USER:GROUP:GROUP"; or "USER:", which is
		 * the user's group, too. */
		size_t user_len = strcspn(user, ":");
		size_t group_len = user[user_len] == '\0'
					   ? 0
					   : strcspn(user + user_len + 1, ":");

		fputs(" && chown ", out);
		quote_word(out, import_keep_format(
					unit->import, "%.*s:%.*s",
					(int)user_len, user, (int)group_len,
					user + user_len + (group_len > 0)));
		fputc(' ', out);
		quote_word(out, path);
	}
	fprintf(out, " && chmod %s ", mode ? mode : DIRECTORY_MODE);
	quote_word(out, path);
	if (fclose(out) == 0)
		list_add(&unit->import->plan.setup, line);
	free(line);
}

/*
 * One that root can make, and give away, over and over: not the base itself,
 * and nothing below what a user was given before, who could put a link there.
 * What is in /etc stays root's.
 */
static bool is_directory_name(const char *name, enum unit_directory kind)
{
	if (*name == '\0' || *name == '/' || strchr(name, ':') ||
	    strstr(name, "..") || strcmp(name, ".") == 0)
		return false;
	return kind == UNIT_CONFIGURATION || !strchr(name, '/');
}

/* Each of them is made before anything is run. */
static void conclude_directory(struct unit *unit, enum unit_directory kind)
{
	static const struct {
		const char *key, *variable;
	} kinds[UNIT_DIRECTORY_COUNT] = {
		{"RuntimeDirectory", "RUNTIME_DIRECTORY"},
		{"StateDirectory", "STATE_DIRECTORY"},
		{"CacheDirectory", "CACHE_DIRECTORY"},
		{"LogsDirectory", "LOGS_DIRECTORY"},
		{"ConfigurationDirectory", "CONFIGURATION_DIRECTORY"},
	};
	const struct list *names = &unit->directories[kind];
	const char *all = NULL;

	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i], *path;

		if (!is_directory_name(name, kind)) {
			import_tell(unit->import, 0, kinds[kind].key,
				    "make it in run",
				    "that can't be a directory of a service");
			continue;
		}
		path = import_keep_format(unit->import, "%s/%s",
					  unit_base(unit, kind), name);
		add_directory(unit, kind, path);
		all = all ? import_keep_format(unit->import, "%s:%s", all, path)
			  : path;
	}
	if (all)
		import_set(unit->import,
			   import_keep_format(unit->import, "%s=%s",
					      kinds[kind].variable, all));
}

/* ---- output ---- */

/* A redirection of descriptor `fd`, to be added; "": to the log. */
static const char *redirection(struct unit *unit, enum unit_text which,
			       const char *key, const char *fd)
{
	static const struct {
		const char *prefix, *sign;
	} kinds[] = {{"file:", ">>"}, {"append:", ">>"}, {"truncate:", ">"}};
	const char *text = unit->texts[which], *path = NULL, *sign = ">";
	const char *result = "";
	char *line = NULL;
	size_t len;
	FILE *out;

	if (!text || strncmp(text, "journal", 7) == 0 ||
	    strncmp(text, "syslog", 6) == 0 || strncmp(text, "kmsg", 4) == 0 ||
	    is(text, "inherit"))
		return "";
	if (is(text, "null"))
		path = "/dev/null";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) !=
		    0)
			continue;
		path = text + strlen(kinds[i].prefix);
		sign = kinds[i].sign;
	}
	if (!path || *path != '/') {
		tell(unit, which, key, "see chpst(8), --append and its kin",
		     "it goes to the log");
		return "";
	}
	out = open_memstream(&line, &len);
	if (!out)
		return "";
	fprintf(out, "%s%s", fd, sign);
	quote_word(out, path);
	if (fclose(out) == 0)
		result = import_keep(unit->import, line);
	free(line);
	return result;
}

static const char *input(struct unit *unit)
{
	const char *text = unit->texts[UNIT_INPUT];
	char *line = NULL;
	const char *result = "";
	size_t len;
	FILE *out;

	if (!text || is(text, "null"))
		return "</dev/null ";
	if (strncmp(text, "file:/", 6) != 0) {
		tell(unit, UNIT_INPUT, "StandardInput", "see chpst(8), --read",
		     "it has nothing to read");
		return "</dev/null ";
	}
	out = open_memstream(&line, &len);
	if (!out)
		return "";
	fputc('<', out);
	quote_word(out, text + 5);
	fputc(' ', out);
	if (fclose(out) == 0)
		result = import_keep(unit->import, line);
	free(line);
	return result;
}

static void conclude_output(struct unit *unit)
{
	const char *error = unit->texts[UNIT_ERROR];
	const char *out = redirection(unit, UNIT_OUTPUT, "StandardOutput", "");
	const char *err = redirection(unit, UNIT_ERROR, "StandardError", "2");
	const char *both;

	/* Errors go where output goes, unless something was said. */
	if (!error || is(error, "inherit"))
		both = import_keep_format(unit->import, "%s%s2>&1", out,
					  *out ? " " : "");
	else if (*err == '\0')
		both = import_keep_format(unit->import, "2>&1%s%s",
					  *out ? " " : "", out);
	else if (error && is(unit->texts[UNIT_OUTPUT], error))
		both = import_keep_format(unit->import, "%s 2>&1", out);
	else
		both = import_keep_format(unit->import, "%s%s%s", out,
					  *out ? " " : "", err);
	unit->import->plan.output =
		import_keep_format(unit->import, "%s%s", input(unit), both);
}

/* ---- starts and ends ---- */

static const char *restart_word(struct unit *unit)
{
	static const struct {
		const char *word, *policy;
		bool is_near;
	} words[] = {
		{"no", "never", false},
		{"always", "always", false},
		{"on-failure", "on-failure", false},
		{"on-abnormal", "on-failure", true},
		{"on-abort", "on-failure", true},
		{"on-watchdog", "never", true},
		{"on-success", "never", true},
	};
	const char *text = unit->texts[UNIT_RESTART];

	if (!text)
		return "never";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, text) != 0)
			continue;
		if (words[i].is_near)
			import_tell(unit->import, unit->lines[UNIT_RESTART],
				    "Restart", "see restart in service-dirs(7)",
				    "the nearest that there is is %s",
				    words[i].policy);
		return words[i].policy;
	}
	tell(unit, UNIT_RESTART, "Restart", "see restart in service-dirs(7)",
	     "that isn't understood, so it is never restarted");
	return "never";
}

static void conclude_restart(struct unit *unit)
{
	const int64_t *numbers = unit->numbers;
	const char *word = restart_word(unit);
	int64_t span_ns = unit->has_number[UNIT_LIMIT_SPAN]
				  ? numbers[UNIT_LIMIT_SPAN]
				  : LIMIT_SPAN_NS;
	int64_t count = unit->has_number[UNIT_LIMIT_COUNT]
				? numbers[UNIT_LIMIT_COUNT]
				: LIMIT_COUNT;
	bool has_limit = unit->has_number[UNIT_LIMIT_SPAN] ||
			 unit->has_number[UNIT_LIMIT_COUNT];
	char room[128];
	struct strb text = strb_on(room, sizeof(room));

	strb_add(&text, word);
	if (strcmp(word, "never") != 0 && numbers[UNIT_RESTART_DELAY] > 0) {
		strb_add(&text, " delay=");
		span_add(&text, numbers[UNIT_RESTART_DELAY]);
	}
	if (strcmp(word, "never") != 0 && has_limit && span_ns > 0 &&
	    count > 0) {
		strb_add_format(&text, " limit=%" PRId64 "/", count);
		span_add(&text, span_ns);
	}
	unit->import->plan.restart = import_keep(unit->import, room);
	if (unit->texts[UNIT_SUCCESS] && strcmp(word, "on-failure") == 0)
		tell(unit, UNIT_SUCCESS, "SuccessExitStatus",
		     "see restart in service-dirs(7)",
		     "only 0 counts as a success");
}

/* In milliseconds; NULL: no limit. */
static const char *milliseconds(struct unit *unit, int64_t span_ns)
{
	if (span_ns <= 0 || span_ns / SPAN_MILLISECOND_NS > UINT32_MAX)
		return NULL;
	return import_keep_format(unit->import, "%" PRId64,
				  span_ns / SPAN_MILLISECOND_NS);
}

static void conclude_timeouts(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;
	int64_t stop_ns = unit->has_number[UNIT_STOP_TIMEOUT]
				  ? unit->numbers[UNIT_STOP_TIMEOUT]
				  : STOP_TIMEOUT_NS;

	if (!plan->is_oneshot && !unit->never_killed) {
		plan->timeout_kill = milliseconds(unit, stop_ns);
		/* s6's directories, as this is one then, have five seconds. */
		if (plan->timeout_kill && plan->after_end.count != 0)
			plan->timeout_finish = plan->timeout_kill;
	}
	/* Of others it is true as soon as they run. */
	if ((plan->has_notify_socket || plan->is_oneshot) &&
	    unit->has_number[UNIT_START_TIMEOUT])
		plan->timeout_up =
			milliseconds(unit, unit->numbers[UNIT_START_TIMEOUT]);
}

static void conclude_signals(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;
	const char *mode = unit->texts[UNIT_KILL_MODE];
	const char *reload = unit->texts[UNIT_RELOAD_SIGNAL];
	char name[SIGNAME_SIZE];

	if (unit->stop_signal)
		plan->down_signal = unit->stop_signal;
	if (!unit->reload_signal && unit->type == UNIT_NOTIFY_RELOAD) {
		unit->reload_signal = "HUP";
		if (reload && signame_parse(reload) > 0)
			unit->reload_signal = import_keep(
				unit->import,
				signame_of(signame_parse(reload), name));
	}
	plan->is_reload_done = !unit->reload_signal;
	if (unit->reload_signal && !is(unit->reload_signal, "HUP"))
		plan->reload_signal = unit->reload_signal;
	if (!mode || is(mode, "control-group"))
		plan->kill_scope = "cgroup";
	else if (!is(mode, "process"))
		tell(unit, UNIT_KILL_MODE, "KillMode",
		     "see kill-scope in service-dirs(7)",
		     "signals, also KILL, reach the main process only");
}

static void conclude_favour(struct unit *unit)
{
	const char *class = unit->texts[UNIT_IO_CLASS];
	const char *level = unit->texts[UNIT_IO_PRIORITY];
	struct io_priority io;
	const char *text;

	if (!class && !level)
		return;
	if (!class || is(class, "2"))
		class = "best-effort";
	else if (is(class, "1"))
		class = "realtime";
	else if (is(class, "3"))
		class = "idle";
	text = level && !is(class, "idle")
		       ? import_keep_format(unit->import, "%s:%s", class, level)
		       : class;
	if (favour_parse_io(text, &io) == 0)
		unit->import->plan.io_priority = text;
	else
		tell(unit, UNIT_IO_CLASS, "IOSchedulingClass",
		     "see chpst(8), --ionice", "that isn't understood");
}

/* ---- the rest ---- */

static void conclude_edges(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;
	const struct {
		const struct list *names;
		enum graph_kind kind;
	} kinds[] = {
		{&unit->needs, GRAPH_NEEDS},
		{&unit->wants, GRAPH_WANTS},
		{&unit->after, GRAPH_AFTER},
	};

	/* The stronger ones hold the order, too. */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (size_t j = 0; j < kinds[i].names->count; j++) {
			const char *name = kinds[i].names->items[j];
			bool is_there = false;

			for (size_t k = 0; k <= i; k++)
				is_there |= list_has(
					&plan->edges[kinds[k].kind], name);
			if (!is_there)
				list_add(&plan->edges[kinds[i].kind], name);
		}
		if (kinds[i].names->is_short)
			plan->edges[kinds[i].kind].is_short = true;
	}
}

static void conclude_commands(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;

	plan->is_oneshot = unit->type == UNIT_ONESHOT || unit->remains;
	plan->has_notify_socket =
		!plan->is_oneshot &&
		(unit->type == UNIT_NOTIFY || unit->type == UNIT_NOTIFY_RELOAD);
	for (size_t i = 0; i < unit->command.count; i++)
		list_add(&plan->command, unit->command.items[i]);
	/* All but the last, which is the command. */
	for (size_t i = 0; i + 1 < unit->start.count; i++)
		list_add(&plan->before, unit->start.items[i]);
	if (unit->start_count > 1 && !plan->is_oneshot)
		import_tell(unit->import, 0, "ExecStart",
			    "make services of the others",
			    "only one of several goes on, the last");
	if (unit->command.is_short || unit->start.is_short)
		plan->command.is_short = true;
	if (plan->on_stop.count != 0 && !plan->is_oneshot)
		import_tell(unit->import, 0, "ExecStop",
			    "see Hooks in service-dirs(7)",
			    "it has 5 seconds before the signal comes");
	if (plan->is_oneshot && plan->on_reload.count != 0) {
		list_free(&plan->on_reload);
		import_tell(unit->import, 0, "ExecReload", "run it by hand",
			    "a one-shot can't be reloaded");
	}
}

void unit_conclude(struct unit *unit)
{
	struct plan *plan = &unit->import->plan;

	conclude_commands(unit);
	conclude_user(unit);
	conclude_place(unit);
	for (int kind = 0; kind < UNIT_DIRECTORY_COUNT; kind++)
		conclude_directory(unit, (enum unit_directory)kind);
	conclude_output(unit);
	conclude_signals(unit);
	conclude_favour(unit);
	if (plan->is_oneshot)
		list_free(&plan->for_good);
	else
		conclude_restart(unit);
	conclude_timeouts(unit);
	conclude_edges(unit);
	if (unit->import->texts.is_short)
		plan->command.is_short = true;
	if (!unit->is_doubtful)
		return;
	plan->is_down = true;
	import_tell(unit->import, 0, "down",
		    "look at run first; then remove that file",
		    "it has a file down, and isn't started by itself");
}
