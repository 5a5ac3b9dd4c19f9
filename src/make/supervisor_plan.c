/*
 * supervisor_plan.c -- the plan of a service of supervisord's: see
 * supervisor.h.
 *
 * A command goes to no shell, unless there is a variable of the supervisor's in
 * it: then a shell puts that in, as a word, or, where it isn't quoted, as
 * words.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/number.h"
#include "base/signame.h"
#include "make/quote.h"
#include "make/supervisor.h"

/* What supervisord does unless told otherwise. */
#define STOP_WAIT_S   10
#define START_S       1
#define START_RETRIES 3

static const char *value_of(struct supervisor *supervisor,
			    const struct supervisor_service *service,
			    const char *key,
			    const struct supervisor_option **option)
{
	*option = supervisor_find(supervisor, service->program->section, key);
	return *option ? supervisor_value_now(supervisor, *option, service)
		       : NULL;
}

/* ---- words with variables ---- */

static bool has_variable(const char *text)
{
	return strchr(text, SUPERVISOR_VARIABLE) ||
	       strchr(text, SUPERVISOR_QUOTED);
}

/* A word of the shell, which ends with a message if there is no such variable.
 * With `is_whole`, none is split. */
static void write_word(FILE *out, const char *word, bool is_whole)
{
	static const char marks[] = {SUPERVISOR_VARIABLE, SUPERVISOR_QUOTED,
				     '\0'};

	if (!has_variable(word)) {
		quote_word(out, word);
		return;
	}
	while (*word != '\0') {
		size_t len = strcspn(word, marks);
		char *piece = strndup(word, len);
		const char *end = strchr(word + len, SUPERVISOR_END);

		if (piece && len > 0)
			quote_word(out, piece);
		free(piece);
		if (!end)
			return;
		word += len;
		fprintf(out,
			is_whole || *word == SUPERVISOR_QUOTED ? "\"${%.*s?}\""
							       : "${%.*s?}",
			(int)(end - word - 1), word + 1);
		word = end + 1;
	}
}

/* ---- variables ---- */

/* Adds to those of the plan. */
static void take_environment(struct supervisor *supervisor,
			     const struct supervisor_option *option,
			     const struct supervisor_service *service)
{
	struct plan *plan = &supervisor->import->plan;
	struct list pairs = {.items = NULL};
	const char *text =
		option ? supervisor_value(supervisor, option, service, false)
		       : NULL;
	const char *wrong = text ? supervisor_pairs(text, &pairs) : NULL;

	if (wrong)
		supervisor_tell(supervisor, option,
				"correct it, and import it again", "%s", wrong);
	for (size_t i = 0; !wrong && i < pairs.count; i++) {
		if (plan_is_variable(pairs.items[i]))
			import_set(supervisor->import, pairs.items[i]);
		else
			supervisor_tell(supervisor, option, "set it in run",
					"that can't be the name of a "
					"variable");
	}
	if (pairs.is_short)
		plan->environment.is_short = true;
	list_free(&pairs);
}

/* Those that supervisord sets, if the command asks for them. */
static void take_own_variables(struct supervisor *supervisor,
			       const struct supervisor_service *service,
			       const char *command)
{
	const struct {
		const char *name, *value;
	} variables[] = {
		{"SUPERVISOR_PROCESS_NAME", service->process},
		{"SUPERVISOR_GROUP_NAME", service->program->group},
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		if (strstr(command, variables[i].name) &&
		    !import_has(supervisor->import, variables[i].name))
			import_set(supervisor->import,
				   import_keep_format(supervisor->import,
						      "%s=%s",
						      variables[i].name,
						      variables[i].value));
	}
}

/* Values with variables in them are put together in run: by one command, which
 * looks at all of them before it sets any. */
static void settle_environment(struct plan *plan)
{
	struct list all = plan->environment;
	char *line = NULL;
	size_t line_len;
	bool has_any = false;
	FILE *out = open_memstream(&line, &line_len);

	plan->environment = (struct list){.is_short = all.is_short || !out};
	if (out)
		fputs("export", out);
	for (size_t i = 0; out && i < all.count; i++) {
		size_t len = strcspn(all.items[i], "=") + 1;

		if (!has_variable(all.items[i])) {
			list_add(&plan->environment, all.items[i]);
			continue;
		}
		has_any = true;
		fprintf(out, " %.*s", (int)len, all.items[i]);
		write_word(out, all.items[i] + len, true);
	}
	if (out && fclose(out) != 0)
		plan->setup.is_short = true;
	else if (has_any)
		list_add(&plan->setup, line);
	free(line);
	list_free(&all);
}

/* ---- the command ---- */

/* What sh -c is given. */
static void plan_line(struct import *import, const struct list *words)
{
	bool is_split = false;
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out) {
		import->plan.command.is_short = true;
		return;
	}
	for (size_t i = 0; i < words->count; i++)
		is_split |=
			strchr(words->items[i], SUPERVISOR_VARIABLE) != NULL;
	fputs(is_split ? "set -f; exec" : "exec", out);
	for (size_t i = 0; i < words->count; i++) {
		fputc(' ', out);
		write_word(out, words->items[i], false);
	}
	if (fclose(out) == 0)
		import->plan.line = import_keep(import, line);
	else
		import->plan.command.is_short = true;
	free(line);
}

/* Whether a shell or chpst would take it for something else. */
static bool is_no_program(const char *word)
{
	return *word == '\0' || strchr("|=-", *word) ||
	       (!strchr(word, '/') && strchr(word, '='));
}

static bool plan_command(struct supervisor *supervisor,
			 const struct supervisor_service *service,
			 const struct supervisor_option *option)
{
	struct plan *plan = &supervisor->import->plan;
	const char *text = supervisor_value(supervisor, option, service, true);
	struct list words = {.items = NULL};
	const char *wrong = text ? supervisor_words(text, &words) : "";
	bool has_any = false, result = false;

	if (!wrong && words.count == 0)
		wrong = "there is no program in it";
	else if (!wrong && is_no_program(words.items[0]))
		wrong = "that can't be a program";
	if (wrong) {
		if (*wrong != '\0')
			supervisor_tell(supervisor, option,
					"correct it, and import it again", "%s",
					wrong);
		goto out;
	}
	for (size_t i = 0; i < words.count; i++)
		has_any |= has_variable(words.items[i]);
	if (strstr(words.items[0], "pidproxy"))
		supervisor_tell(supervisor, option,
				"have the program stay in the foreground",
				"that is a part of supervisord");
	take_own_variables(supervisor, service, text);
	if (has_any) {
		plan_line(supervisor->import, &words);
	} else {
		for (size_t i = 0; i < words.count; i++)
			list_add(&plan->command, words.items[i]);
	}
	plan->command.is_short |= words.is_short;
	result = true;
out:
	list_free(&words);
	return result;
}

/* ---- who, and where ---- */

static void plan_doubt(struct supervisor *supervisor,
		       const struct supervisor_option *option,
		       const char *advice, const char *why)
{
	supervisor->import->plan.is_down = true;
	supervisor_tell(supervisor, option, advice, "%s", why);
	supervisor_tell(supervisor, option,
			"look at run first; then remove that file",
			"the service has a file down, and isn't started by "
			"itself");
}

static void plan_user(struct supervisor *supervisor,
		      const struct supervisor_service *service)
{
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *option;
	const char *user = value_of(supervisor, service, "user", &option);
	const struct passwd *account;
	uint64_t uid;

	if (!option) {
		option = supervisor_find(supervisor, "supervisord", "user");
		user = option ? supervisor_value_now(supervisor, option,
						     service)
			      : NULL;
	}
	if (!option)
		return;
	if (!user || *user == '\0' || *user == '-' || strchr(user, ':')) {
		plan_doubt(supervisor, option,
			   "put chpst -u before the program in run",
			   "that can't be the name of a user");
		return;
	}
	account = number_parse(user, UINT32_MAX - 1, &uid) == 0
			  ? getpwuid((uid_t)uid)
			  : getpwnam(user);
	if (!account) {
		plan->user = user;
		plan_doubt(supervisor, option, "make one before it is started",
			   "there is no such user on this machine");
		return;
	}
	user = import_keep(supervisor->import, account->pw_name);
	if (import_is_own_account(user))
		return;
	plan->user = user;
	plan->has_all_groups = true;
	if (geteuid() != 0)
		supervisor_tell(supervisor, option, "import it as root",
				"only root's supervisor can run it as "
				"somebody else");
}

static void plan_place(struct supervisor *supervisor,
		       const struct supervisor_service *service)
{
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *option;
	const char *path = value_of(supervisor, service, "directory", &option);
	const char *mask;
	uint64_t bits;

	if (!option) {
		option =
			supervisor_find(supervisor, "supervisord", "directory");
		path = option ? supervisor_value_now(supervisor, option,
						     service)
			      : NULL;
	}
	plan->cwd = path && *path == '/' ? path : "/";
	if (option && plan->cwd != path)
		plan_doubt(supervisor, option, "put chpst -C into run",
			   "that is no absolute path");
	mask = value_of(supervisor, service, "umask", &option);
	if (!option) {
		option = supervisor_find(supervisor, "supervisord", "umask");
		mask = option ? supervisor_value_now(supervisor, option,
						     service)
			      : NULL;
	}
	if (mask && number_parse_octal(mask, 0777, &bits) == 0)
		plan->umask = mask;
	else if (mask)
		supervisor_tell_bad(supervisor, option);
}

/* ---- starts and ends ---- */

/* The exits that are expected; whether 0 is one of them. */
static bool take_exit_codes(struct supervisor *supervisor,
			    const struct supervisor_service *service)
{
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *option;
	const char *text = value_of(supervisor, service, "exitcodes", &option);
	bool has_zero = !text;

	while (text && *text != '\0') {
		size_t len = strcspn(text, ",");
		size_t from = strspn(text, " \t\n"), to = len;
		uint64_t code = 256;
		const char *word;

		while (to > from && strchr(" \t\n", text[to - 1]))
			to--;
		word = import_keep_format(supervisor->import, "%.*s",
					  (int)(to - (from < to ? from : to)),
					  text + (from < to ? from : to));
		if (number_parse(word, 255, &code) == -1)
			supervisor_tell_bad(supervisor, option);
		else if (code == 0)
			has_zero = true;
		else
			list_add_format(&plan->for_good, "%u", (unsigned)code);
		text += len + (text[len] == ',');
	}
	return has_zero;
}

static const char *restart_word(struct supervisor *supervisor,
				const struct supervisor_service *service)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};
	const struct supervisor_option *option;
	const char *text =
		value_of(supervisor, service, "autorestart", &option);

	for (size_t i = 0; text && i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return "always";
		if (strcasecmp(text, no[i]) == 0)
			return "never";
	}
	if (text && strcasecmp(text, "unexpected") != 0)
		supervisor_tell_bad(supervisor, option);
	/* Where 0 isn't expected, finish tells the others that are. */
	return take_exit_codes(supervisor, service) ? "on-failure" : "always";
}

/*
 * supervisord gives up after so many attempts in a row that ended within
 * startsecs; which is as many restarts within the time that they take, a second
 * between two of them included.
 */
static void plan_restart(struct supervisor *supervisor,
			 const struct supervisor_service *service)
{
	const char *section = service->program->section;
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *retries =
		supervisor_find(supervisor, section, "startretries");
	const char *word = restart_word(supervisor, service);
	int64_t count = supervisor_number(supervisor, section, "startretries",
					  service, START_RETRIES);
	int64_t start_s = supervisor_number(supervisor, section, "startsecs",
					    service, START_S);

	plan->restart = word;
	if (start_s > START_S)
		supervisor_tell(
			supervisor,
			supervisor_find(supervisor, section, "startsecs"),
			"see Readiness in service-dirs(7)",
			"a service counts as up after a second");
	if (!retries || strcmp(word, "never") == 0 || start_s < 0 ||
	    start_s > 86400 || count > 1000)
		return;
	if (count < 1) {
		supervisor_tell(supervisor, retries,
				"see restart in service-dirs(7)",
				"it is started once more before that counts");
		count = 1;
	}
	plan->restart = import_keep_format(supervisor->import,
					   "%s limit=%" PRId64 "/%" PRId64 "s",
					   word, count, count * (start_s + 1));
}

static void plan_stop(struct supervisor *supervisor,
		      const struct supervisor_service *service)
{
	const char *section = service->program->section;
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *option;
	const char *text = value_of(supervisor, service, "stopsignal", &option);
	int64_t wait_s = supervisor_number(supervisor, section, "stopwaitsecs",
					   service, STOP_WAIT_S);
	bool is_all = supervisor_truth(supervisor, section, "stopasgroup",
				       service, false);
	char name[SIGNAME_SIZE], upper[SIGNAME_SIZE] = "";

	for (size_t i = 0; text && text[i] != '\0' && i + 1 < sizeof(upper);
	     i++)
		upper[i] = (char)(text[i] >= 'a' && text[i] <= 'z'
					  ? text[i] - 'a' + 'A'
					  : text[i]);
	if (text && signame_parse(upper) > 0)
		plan->down_signal =
			import_keep(supervisor->import,
				    signame_of(signame_parse(upper), name));
	else if (text)
		supervisor_tell_bad(supervisor, option);
	/* 0 would be never. */
	if (wait_s >= 0 && wait_s <= 4000000)
		plan->timeout_kill =
			import_keep_format(supervisor->import, "%" PRId64,
					   wait_s > 0 ? wait_s * 1000 : 1);
	if (is_all)
		plan->kill_scope = "group";
	if (is_all || !supervisor_truth(supervisor, section, "killasgroup",
					service, false))
		return;
	plan->kill_scope = "group";
	supervisor_tell(supervisor,
			supervisor_find(supervisor, section, "killasgroup"),
			"see kill-scope in service-dirs(7)",
			"the signal to stop reaches the group, too");
}

bool supervisor_plan(struct supervisor *supervisor,
		     const struct supervisor_service *service)
{
	const char *section = service->program->section;
	struct plan *plan = &supervisor->import->plan;
	const struct supervisor_option *command =
		supervisor_find(supervisor, section, "command");
	bool is_started;

	take_environment(
		supervisor,
		supervisor_find(supervisor, "supervisord", "environment"),
		service);
	take_environment(supervisor,
			 supervisor_find(supervisor, section, "environment"),
			 service);
	if (!command || !plan_command(supervisor, service, command))
		return false;
	plan_user(supervisor, service);
	plan_place(supervisor, service);
	supervisor_plan_output(supervisor, service);
	plan_restart(supervisor, service);
	plan_stop(supervisor, service);
	is_started = supervisor_truth(supervisor, section, "autostart", service,
				      true);
	plan->is_down |= !is_started;
	settle_environment(plan);
	if (supervisor->import->texts.is_short || supervisor->is_short)
		plan->command.is_short = true;
	return true;
}
