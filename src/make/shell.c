/* shell.c -- see shell.h. */
#include <string.h>

#include "base/strb.h"
#include "make/shell.h"

#define COMMAND_SIZE 512 /* bytes; of longer ones the beginning counts */

/* Where a walk through a script is. */
struct walk {
	struct script_look *look;
	unsigned depth; /* of if, loops, groups */
	bool is_doubtful;
	bool has_become; /* an exec at the outermost level: the rest is dead */
	char room[COMMAND_SIZE];
	struct strb command;
	char last[COMMAND_SIZE]; /* the last one that was complete */
	unsigned last_depth;
};

/* ---- the first line ---- */

static bool is_text(const char *text, size_t len)
{
	return !memchr(text, '\0', len < 512 ? len : 512);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_one_of(const char *word, const char *const words[])
{
	for (; *words; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = {"sh",  "ash",   "bash",    "dash",
					     "ksh", "mksh",  "posh",    "yash",
					     "zsh", "ksh93", "busybox", NULL};

	return is_one_of(name, shells);
}

/* What "#!" names, and whether that is a shell: also by way of env. */
static void look_at_first_line(const char *text, struct script_look *look)
{
	size_t end = strcspn(text, "\n");
	const char *from = text + 2 + strspn(text + 2, " \t");
	size_t len = strcspn(from, " \t\r\n");
	struct strb name =
		strb_on(look->interpreter, sizeof(look->interpreter));
	char room[64];
	struct strb second = strb_on(room, sizeof(room));

	look->has_cr = end > 0 && text[end - 1] == '\r';
	strb_add_bytes(&name, from, len);
	from += len + strspn(from + len, " \t");
	strb_add_bytes(&second, from, strcspn(from, " \t\r\n"));
	look->kind = SCRIPT_OTHER;
	if (is_shell(base_of(look->interpreter)) ||
	    (strcmp(base_of(look->interpreter), "env") == 0 && is_shell(room)))
		look->kind = SCRIPT_SHELL;
}

/* ---- commands ---- */

/* Copies the word at *text, and goes on to the next. */
static void take_word(const char **text, char *out, size_t size_bytes)
{
	struct strb word = strb_on(out, size_bytes);
	size_t len;

	*text += strspn(*text, " \t");
	len = strcspn(*text, " \t");
	strb_add_bytes(&word, *text, len);
	*text += len + strspn(*text + len, " \t");
}

static bool is_assignment(const char *word)
{
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789");

	return len > 0 && word[len] == '=';
}

/* "2>&1", ">file", "<&3" */
static bool is_redirection(const char *word)
{
	word += strspn(word, "0123456789&");
	return *word == '>' || *word == '<';
}

/* An exec that becomes another program: not one that redirects only. */
static bool is_becoming(const char *rest)
{
	char word[COMMAND_SIZE];

	while (*rest != '\0') {
		take_word(&rest, word, sizeof(word));
		if (!is_redirection(word))
			return true;
		if (word[strlen(word) - 1] == '>' ||
		    word[strlen(word) - 1] == '<')
			take_word(&rest, word, sizeof(word));
	}
	return false;
}

/* A command is complete: what it does to the walk. */
static void end_command(struct walk *walk)
{
	static const char *const openers[] = {"if", "case", "{", "(", NULL};
	static const char *const closers[] = {"fi", "esac", "done",
					      "}",  ")",    NULL};
	static const char *const loops[] = {"while", "until", "for",
					    "trap",  "wait",  NULL};
	char word[COMMAND_SIZE];
	const char *rest = walk->room;
	unsigned depth = walk->depth;

	rest += strspn(rest, " \t");
	if (*rest == '\0')
		goto out;
	memcpy(walk->last, rest, strlen(rest) + 1);
	take_word(&rest, word, sizeof(word));
	while (is_assignment(word) && *rest != '\0')
		take_word(&rest, word, sizeof(word));
	if (is_one_of(word, loops))
		walk->look->has_loop = true;
	if (is_one_of(word, openers) ||
	    (is_one_of(word, loops) && word[0] != 't' && word[1] != 'a'))
		walk->depth++;
	else if (is_one_of(word, closers) && walk->depth > 0)
		walk->depth--;
	else if (word[0] == '(')
		walk->is_doubtful = true;
	if (strcmp(word, ".") == 0 || strcmp(word, "source") == 0)
		walk->look->redirects_errors = true;
	if (depth == 0 && walk->depth == 0 && strcmp(word, "exec") == 0 &&
	    is_becoming(rest))
		walk->has_become = true;
	walk->last_depth = walk->depth;
out:
	walk->command = strb_on(walk->room, sizeof(walk->room));
}

/* Adds a character that means nothing where it stands. */
static void add_meaningless(struct walk *walk, char c)
{
	strb_add_bytes(&walk->command, strchr(" \t\n|&<>", c) ? "_" : &c, 1);
}

/* Takes what is quoted by the sign at *at; returns the other one. */
static const char *take_quoted(struct walk *walk, const char *at)
{
	char sign = *at;

	for (add_meaningless(walk, *at++); *at != '\0' && *at != sign; at++) {
		if (*at == '\\' && sign != '\'' && at[1] != '\0')
			add_meaningless(walk, *at++);
		add_meaningless(walk, *at);
	}
	if (*at == '\0')
		return at - 1;
	add_meaningless(walk, sign);
	return at;
}

/* Deals with what is no plain character; returns the last one dealt with. */
static const char *take_sign(struct walk *walk, const char *at, char before)
{
	switch (*at) {
	case '#':
		if (before != ' ' && before != '\t' && before != '\n' &&
		    before != ';')
			break;
		return at + strcspn(at, "\n") - 1;
	case '\\':
		if (at[1] == '\n')
			return at + 1;
		if (at[1] == '\0')
			return at;
		add_meaningless(walk, at[1]);
		return at + 1;
	case '\'':
	case '"':
	case '`': return take_quoted(walk, at);
	case '\n':
	case ';': end_command(walk); return at;
	case '|': walk->look->has_loop = true; break;
	case '&':
		/* Not those of "2>&1" and "&>". */
		if (before != '>' && before != '<' && at[1] != '>')
			walk->look->has_loop = true;
		if (at[1] == '>')
			walk->look->redirects_errors = true;
		break;
	case '>':
		if (before == '2')
			walk->look->redirects_errors = true;
		break;
	case '<':
		if (at[1] == '<')
			walk->is_doubtful = true;
		break;
	}
	strb_add_bytes(&walk->command, at, 1);
	return at;
}

/* ---- what it comes to ---- */

/* They do their work in the shell itself, or end it. */
static bool is_builtin(const char *word)
{
	static const char *const names[] = {
		"exit",    ".",      "source",   "eval",  "wait",  "return",
		"echo",    "printf", "true",     "false", ":",     "[",
		"[[",      "test",   "kill",     "trap",  "cd",    "set",
		"export",  "unset",  "read",     "shift", "umask", "ulimit",
		"break",   "exec",   "continue", "fi",    "done",  "esac",
		"}",       ")",      "then",     "else",  "do",    "command",
		"builtin", "local",  NULL};

	return is_one_of(word, names);
}

/* The text has a function of that name: "name()". */
static bool is_function(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += len) {
		const char *after = at + len + strspn(at + len, " \t");

		if (strncmp(after, "()", 2) == 0)
			return true;
	}
	return false;
}

static void conclude(const struct walk *walk, const char *text)
{
	struct script_look *look = walk->look;
	struct strb last = strb_on(look->last, sizeof(look->last));
	const char *rest = walk->last;
	char word[COMMAND_SIZE];

	look->is_sure = !walk->is_doubtful;
	if (walk->has_become || *rest == '\0' || !look->is_sure ||
	    walk->last_depth != 0)
		return;
	take_word(&rest, word, sizeof(word));
	while (is_assignment(word) && *rest != '\0')
		take_word(&rest, word, sizeof(word));
	if (is_builtin(word) || is_assignment(word) ||
	    is_function(text, word) || strpbrk(walk->last, "|&") ||
	    strstr(walk->last, "()"))
		return;
	look->is_parent = true;
	strb_add_shown(&last, word, sizeof(look->last) - 4);
}

static void look_at_shell(const char *text, struct script_look *look)
{
	struct walk walk = {.look = look};
	char before = '\n';

	walk.command = strb_on(walk.room, sizeof(walk.room));
	/* From the second line on. */
	for (const char *at = text + strcspn(text, "\n"); *at != '\0'; at++) {
		if (strchr("#\\'\"`\n;|&><", *at))
			at = take_sign(&walk, at, before);
		else
			strb_add_bytes(&walk.command, at, 1);
		before = *at;
		if (walk.has_become)
			break;
	}
	end_command(&walk);
	conclude(&walk, text);
}

void script_look(const char *text, size_t len, struct script_look *look)
{
	*look = (struct script_look){.kind = SCRIPT_EMPTY};
	if (len == 0)
		return;
	look->kind = SCRIPT_BARE;
	if (!is_text(text, len))
		look->kind = SCRIPT_PROGRAM;
	else if (strncmp(text, "#!", 2) == 0)
		look_at_first_line(text, look);
	if (look->kind == SCRIPT_SHELL)
		look_at_shell(text, look);
}
