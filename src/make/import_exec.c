/*
 * import_exec.c -- command lines of units: see unit.h.
 *
 * systemd replaces "${NAME}" wherever it stands, and "$NAME" that is a word of
 * its own, by what words there are in the variable, and leaves every other '$'
 * alone. A shell does the same with the one quoted, and with the other as it
 * is, when it doesn't look for files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/signame.h"
#include "make/quote.h"
#include "make/unit.h"

struct exec {
	struct list words;  /* the program, its arguments */
	const char *argv0;  /* NULL: as the program is called */
	const char *folder; /* see struct plan */
	bool may_fail, is_privileged, is_literal;
};

/* ---- variables ---- */

/* How long a name of a variable is that `text` begins with; 0: none. */
static size_t name_length(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789");

	return *text >= '0' && *text <= '9' ? 0 : len;
}

/* Whether `word` is "$NAME". */
static bool is_list(const char *word)
{
	size_t len = *word == '$' ? name_length(word + 1) : 0;

	return len > 0 && word[1 + len] == '\0';
}

/* The length of a "${NAME}" that `text` begins with; 0: none. */
static size_t braced_length(const char *text)
{
	size_t len = strncmp(text, "${", 2) == 0 ? name_length(text + 2) : 0;

	return len > 0 && text[2 + len] == '}' ? len + 3 : 0;
}

static bool has_variable(const char *word)
{
	if (is_list(word))
		return true;
	for (; *word != '\0'; word++) {
		if (strncmp(word, "$$", 2) == 0)
			word++;
		else if (braced_length(word) > 0)
			return true;
	}
	return false;
}

/* Writes a piece that holds no variable, where "$$" stands for '$'. */
static void write_literal(FILE *out, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	size_t to = 0;

	for (size_t from = 0; copy && from < len; from++) {
		from += strncmp(copy + from, "$$", 2) == 0;
		copy[to++] = copy[from];
	}
	if (copy) {
		copy[to] = '\0';
		quote_word(out, copy);
	}
	free(copy);
}

static void write_word(FILE *out, const char *word)
{
	const char *piece = word;

	if (is_list(word) || *word == '\0') {
		fputs(*word == '\0' ? "''" : word, out);
		return;
	}
	while (*word != '\0') {
		size_t len = braced_length(word);

		if (len > 0) {
			if (word > piece)
				write_literal(out, piece,
					      (size_t)(word - piece));
			fprintf(out, "\"%.*s\"", (int)len, word);
			piece = word += len;
		} else {
			word += strncmp(word, "$$", 2) == 0 ? 2 : 1;
		}
	}
	if (word > piece)
		write_literal(out, piece, (size_t)(word - piece));
}

/* ---- from a command to words ---- */

static void add_argv0(const struct exec *exec, struct list *words)
{
	if (!exec->argv0)
		return;
	list_add_format(words, "%s%schpst", exec->folder ? exec->folder : "",
			exec->folder ? "/" : "");
	list_add(words, "-b");
	list_add(words, exec->argv0);
}

/* With "$$" replaced, which literal words don't have. */
static void add_plain(const struct exec *exec, const char *word,
		      struct list *words)
{
	size_t before = words->count, to = 0;
	char *copy;

	list_add(words, word);
	if (exec->is_literal || words->count == before)
		return;
	copy = words->items[before];
	for (size_t from = 0; word[from] != '\0'; from++) {
		from += strncmp(word + from, "$$", 2) == 0;
		copy[to++] = word[from];
	}
	copy[to] = '\0';
}

/* Adds the words that run it, of which none means anything to a shell but what
 * `sh -c` is given. */
static void add_words(const struct exec *exec, struct list *words)
{
	bool has_any = false;
	struct list start = {.items = NULL};
	char *line = NULL;
	size_t len;
	FILE *out;

	for (size_t i = 1; i < exec->words.count; i++)
		has_any |=
			!exec->is_literal && has_variable(exec->words.items[i]);
	if (!has_any) {
		add_argv0(exec, words);
		list_add(words, exec->words.items[0]);
		for (size_t i = 1; i < exec->words.count; i++)
			add_plain(exec, exec->words.items[i], words);
		return;
	}
	out = open_memstream(&line, &len);
	if (!out) {
		words->is_short = true;
		return;
	}
	add_argv0(exec, &start);
	list_add(&start, exec->words.items[0]);
	fputs("set -f; exec", out);
	quote_words(out, list_words(&start));
	for (size_t i = 1; i < exec->words.count; i++) {
		fputc(' ', out);
		write_word(out, exec->words.items[i]);
	}
	if (fclose(out) != 0 || start.is_short)
		words->is_short = true;
	list_add(words, "sh");
	list_add(words, "-c");
	list_add(words, line ? line : "");
	list_free(&start);
	free(line);
}

/* Adds it to commands of a plan. */
static void add_command(const struct exec *exec, const struct list *words,
			struct list *commands)
{
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out || words->count == 0) {
		commands->is_short = true;
		if (out)
			fclose(out);
		free(line);
		return;
	}
	if (exec->may_fail)
		fputc('-', out);
	if (exec->is_privileged)
		fputc('+', out);
	quote_word(out, words->items[0]);
	quote_words(out, list_words(words) + 1);
	if (fclose(out) == 0)
		list_add(commands, line);
	else
		commands->is_short = true;
	free(line);
}

/* ---- from a line to commands ---- */

/* The signal that it sends to the main process; -1: that is not what it does.
 */
static int signal_of(const struct exec *exec)
{
	char *const *words = exec->words.items;
	size_t count = exec->words.count;
	const char *slash = strrchr(words[0], '/');

	if (strcmp(slash ? slash + 1 : words[0], "kill") != 0 || count < 2 ||
	    (strcmp(words[count - 1], "$MAINPID") != 0 &&
	     strcmp(words[count - 1], "${MAINPID}") != 0))
		return -1;
	if (count == 2)
		return signame_parse("TERM");
	if (count == 3 && words[1][0] == '-')
		return signame_parse(words[1] + 1);
	if (count == 4 &&
	    (strcmp(words[1], "-s") == 0 || strcmp(words[1], "--signal") == 0))
		return signame_parse(words[2]);
	return -1;
}

/* What stands before the program; returns where that begins. */
static const char *take_prefixes(struct exec *exec, const char *word,
				 bool *has_argv0)
{
	for (; *word != '\0' && strchr("-@:+!", *word); word++) {
		switch (*word) {
		case '-': exec->may_fail = true; break;
		case '@': *has_argv0 = true; break;
		case ':': exec->is_literal = true; break;
		default: exec->is_privileged = true; break;
		}
	}
	return word;
}

/* Fills in a command from the words of a line. False after telling why not. */
static bool take_words(struct unit *unit, const struct list *words,
		       struct exec *exec)
{
	bool has_argv0 = false;

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];

		if (i == 0)
			word = take_prefixes(exec, word, &has_argv0);
		word = unit_expand(unit, word);
		if (!word)
			return false;
		if (i == 1 && has_argv0)
			exec->argv0 = word;
		else
			list_add(&exec->words, word);
	}
	if (exec->words.count == 0 || exec->words.items[0][0] == '\0' ||
	    (has_argv0 && !exec->argv0)) {
		unit_tell(unit, "write the command into run",
			  "there is no program in it");
		return false;
	}
	/* A shell would take it for something else, and chpst for an option. */
	if (strpbrk(exec->words.items[0], "|=-") == exec->words.items[0] ||
	    (!strchr(exec->words.items[0], '/') &&
	     strchr(exec->words.items[0], '='))) {
		unit_tell(unit, "write the command into run",
			  "that can't be a program");
		return false;
	}
	return true;
}

static void take_start(struct unit *unit, const struct exec *exec)
{
	if (exec->may_fail)
		unit_tell(unit, "see `restart` in service-dirs(7)",
			  "a failure counts as one, in spite of the '-'");
	list_free(&unit->command);
	add_words(exec, &unit->command);
	add_command(exec, &unit->command, &unit->start);
	unit->start_is_privileged = exec->is_privileged;
	unit->start_count++;
}

static void take_reload(struct unit *unit, const struct exec *exec,
			const struct list *words)
{
	char name[SIGNAME_SIZE];
	int number = signal_of(exec);

	if (unit->reload_signal)
		unit_tell(unit, "see control/h in service-dirs(7)",
			  "the signal comes after it");
	if (number > 0)
		unit->reload_signal =
			import_keep(unit->import, signame_of(number, name));
	else
		add_command(exec, words, &unit->import->plan.on_reload);
}

static void take_stop(struct unit *unit, const struct exec *exec,
		      const struct list *words)
{
	char name[SIGNAME_SIZE];
	int number = signal_of(exec);

	if (number > 0)
		unit->stop_signal =
			import_keep(unit->import, signame_of(number, name));
	else
		add_command(exec, words, &unit->import->plan.on_stop);
}

static void take_command(struct unit *unit, enum unit_exec kind,
			 const struct exec *exec)
{
	struct plan *plan = &unit->import->plan;
	struct list words = {.items = NULL};

	add_words(exec, &words);
	switch (kind) {
	case UNIT_EXEC_START: take_start(unit, exec); break;
	case UNIT_EXEC_START_PRE:
		add_command(exec, &words, &plan->before);
		break;
	case UNIT_EXEC_STOP: take_stop(unit, exec, &words); break;
	case UNIT_EXEC_STOP_POST:
		add_command(exec, &words, &plan->after_end);
		break;
	case UNIT_EXEC_RELOAD: take_reload(unit, exec, &words); break;
	}
	if (words.is_short)
		plan->command.is_short = true;
	list_free(&words);
}

/* An empty value takes back what was said before it. */
static void forget(struct unit *unit, enum unit_exec kind)
{
	struct plan *plan = &unit->import->plan;

	switch (kind) {
	case UNIT_EXEC_START:
		list_free(&unit->start);
		list_free(&unit->command);
		unit->start_count = 0;
		break;
	case UNIT_EXEC_START_PRE: list_free(&plan->before); break;
	case UNIT_EXEC_STOP:
		list_free(&plan->on_stop);
		unit->stop_signal = NULL;
		break;
	case UNIT_EXEC_STOP_POST: list_free(&plan->after_end); break;
	case UNIT_EXEC_RELOAD:
		list_free(&plan->on_reload);
		unit->reload_signal = NULL;
		break;
	}
}

void unit_take_exec(struct unit *unit, enum unit_exec kind)
{
	const char *text = unit->line->value, *wrong = NULL;

	if (*text == '\0')
		forget(unit, kind);
	while (*text != '\0' && !wrong) {
		struct list words = {.items = NULL};
		struct exec exec = {.folder = unit->import->plan.folder};

		wrong = unit_words(&text, true, &words);
		if (wrong)
			unit_tell(unit, "write the command into run", "%s",
				  wrong);
		else if (words.count > 0 && take_words(unit, &words, &exec))
			take_command(unit, kind, &exec);
		if (words.is_short || exec.words.is_short)
			unit->import->plan.command.is_short = true;
		list_free(&words);
		list_free(&exec.words);
	}
}
