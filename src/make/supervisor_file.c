/* supervisor_file.c -- see supervisor_file.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make/lines.h"
#include "make/supervisor_file.h"

#define BLANKS " \t\n\r\f\v"

static bool is_blank(char byte)
{
	return byte != '\0' && strchr(BLANKS, byte);
}

/* ---- lines ---- */

static char *take_line(struct supervisor_reader *reader)
{
	reader->number++;
	return lines_take(&reader->at, reader->end);
}

/* The next of these bytes behind `at`, or NULL. */
static char *find_next(char *line, char *at, char byte)
{
	return strchr(at ? at + 1 : line, byte);
}

static bool opens_comment(const char *line, const char *at)
{
	return at && (at == line || is_blank(at[-1]));
}

/*
 * Ends a line where its comment begins. Both signs are looked for in turns, and
 * the first turn in which one has a blank before it decides: so a second ';'
 * can lose against a '#' behind it. Returns whether there was a comment.
 */
static bool cut_comment(char *line)
{
	char *semicolon = NULL, *hash = NULL, *end = NULL;
	bool has_semicolon = true, has_hash = true;
	const char *first = line + strspn(line, BLANKS);

	if (*first == '#' || *first == ';') {
		*line = '\0';
		return true;
	}
	while (!end && (has_semicolon || has_hash)) {
		if (has_semicolon)
			semicolon = find_next(line, semicolon, ';');
		if (has_hash)
			hash = find_next(line, hash, '#');
		has_semicolon = has_semicolon && semicolon;
		has_hash = has_hash && hash;
		if (has_semicolon && opens_comment(line, semicolon))
			end = semicolon;
		if (has_hash && opens_comment(line, hash) &&
		    (!end || hash < end))
			end = hash;
	}
	if (end)
		*end = '\0';
	return end != NULL;
}

static char *trim(char *text)
{
	return lines_trim(text, BLANKS);
}

/*
 * Moves the lines that go on behind what ends at `end`, a newline before each;
 * empty ones count if another one follows.
 */
static void join(struct supervisor_reader *reader, char *end)
{
	size_t empty_count = 0;

	while (reader->at < reader->end) {
		size_t raw_len = strcspn(reader->at, "\n");
		char *line = reader->at, *text = line;
		bool has_comment;

		/* Looked at first: it may not belong here. */
		text += strspn(text, " \t\r\f\v");
		if (text < line + raw_len && *text != '#' && *text != ';' &&
		    (size_t)(text - line) <= reader->indent)
			return;
		line = take_line(reader);
		has_comment = cut_comment(line);
		text = trim(line);
		if (*text == '\0') {
			empty_count += !has_comment;
			continue;
		}
		for (; empty_count > 0; empty_count--)
			*end++ = '\n';
		*end++ = '\n';
		memmove(end, text, strlen(text) + 1);
		end += strlen(end);
	}
}

static void take_section(struct supervisor_reader *reader, char *text,
			 struct supervisor_line *line)
{
	char *close = strrchr(text, ']');

	line->key = line->value = "";
	if (!close || close == text + 1) {
		line->wrong = "there is no name of a section in it";
		return;
	}
	*close = '\0';
	reader->section = line->section = text + 1;
	line->key = NULL;
}

static void take_key(struct supervisor_reader *reader, char *text,
		     struct supervisor_line *line)
{
	char *sign = strpbrk(text, "=:"), *value;

	line->key = text;
	line->value = "";
	if (!reader->section)
		line->wrong = "there is no section before it";
	else if (!sign || sign == text)
		line->wrong = "neither a section nor KEY=VALUE";
	if (line->wrong)
		return;
	*sign = '\0';
	trim(text);
	for (char *at = text; *at != '\0'; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	}
	value = trim(sign + 1);
	join(reader, value + strlen(value));
	line->value = trim(value);
}

bool supervisor_next(struct supervisor_reader *reader,
		     struct supervisor_line *line)
{
	while (reader->at < reader->end) {
		char *start = take_line(reader), *text;

		cut_comment(start);
		text = trim(start);
		if (*text == '\0')
			continue;
		reader->indent = (size_t)(text - start);
		*line = (struct supervisor_line){.number = reader->number,
						 .section = reader->section};
		if (*text == '[' && strchr(text, ']'))
			take_section(reader, text, line);
		else
			take_key(reader, text, line);
		return true;
	}
	return false;
}

/* ---- "%(name)s" ---- */

/* A conversion, "%(name)05d": what stands between the name and the letter. */
struct conversion {
	char name[128];
	char letter;
	bool is_left, has_zeros, has_width;
	int width;
};

/* Reads one at text[0] == '%'. The length, or 0: it is none that is known. */
static size_t read_conversion(const char *text, struct conversion *conversion)
{
	const char *at = text + 2, *end;
	size_t len;

	*conversion = (struct conversion){.letter = '\0'};
	if (text[1] != '(' || !(end = strchr(at, ')')))
		return 0;
	len = (size_t)(end - at);
	if (len >= sizeof(conversion->name))
		return 0;
	memcpy(conversion->name, at, len);
	conversion->name[len] = '\0';
	for (at = end + 1; *at == '0' || *at == '-'; at++) {
		conversion->is_left |= *at == '-';
		conversion->has_zeros |= *at == '0';
	}
	for (; *at >= '0' && *at <= '9' && conversion->width < 100; at++) {
		conversion->width = conversion->width * 10 + (*at - '0');
		conversion->has_width = true;
	}
	conversion->letter = *at;
	return *at == 's' || *at == 'd' || *at == 'i' ? (size_t)(at + 1 - text)
						      : 0;
}

static const char *known_value(const struct list *known, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	for (size_t i = 0; known && i < known->count; i++) {
		if (strncmp(known->items[i], name, len) == 0 &&
		    known->items[i][len] == '=')
			value = known->items[i] + len + 1;
	}
	return value;
}

static bool is_variable_name(const char *name)
{
	return *name != '\0' && !strchr("0123456789", *name) &&
	       name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz_0123456789")] ==
		       '\0';
}

static void write_text(FILE *out, const struct conversion *conversion,
		       const char *text)
{
	fprintf(out, "%*s",
		conversion->is_left ? -conversion->width : conversion->width,
		text);
}

static void write_number(FILE *out, const struct conversion *conversion,
			 int64_t number)
{
	char room[32];

	if (conversion->has_zeros && !conversion->is_left &&
	    conversion->letter != 's') {
		fprintf(out, "%0*" PRId64, conversion->width, number);
		return;
	}
	snprintf(room, sizeof(room), "%" PRId64, number);
	write_text(out, conversion, room);
}

/* NULL, or what is wrong. */
static const char *write_variable(FILE *out,
				  const struct conversion *conversion,
				  const struct supervisor_names *names)
{
	const char *name = conversion->name + strlen("ENV_");
	const char *value = known_value(names->known, name);

	if (conversion->letter != 's')
		return "a variable isn't a number";
	if (value &&
	    !(names->is_settled && strchr(value, SUPERVISOR_VARIABLE))) {
		write_text(out, conversion, value);
		return NULL;
	}
	if (!is_variable_name(name))
		return "that can't be the name of a variable";
	if (conversion->has_width)
		return "a variable can't be made wider";
	fprintf(out, "%c%s%c", SUPERVISOR_VARIABLE, name, SUPERVISOR_END);
	return NULL;
}

static const char *write_conversion(FILE *out,
				    const struct conversion *conversion,
				    const struct supervisor_names *names)
{
	const struct {
		const char *name, *text;
	} texts[] = {
		{"here", names->here},
		{"host_node_name", names->host},
		{"program_name", names->program},
		{"group_name", names->group},
	};
	const char *name = conversion->name;

	if (strncmp(name, "ENV_", strlen("ENV_")) == 0)
		return write_variable(out, conversion, names);
	if (names->has_number && strcmp(name, "process_num") == 0) {
		write_number(out, conversion, names->number);
		return NULL;
	}
	if (names->has_number && strcmp(name, "numprocs") == 0) {
		write_number(out, conversion, names->count);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!texts[i].text || strcmp(texts[i].name, name) != 0)
			continue;
		if (conversion->letter != 's')
			return "that isn't a number";
		write_text(out, conversion, texts[i].text);
		return NULL;
	}
	return "supervisord doesn't know that %(name)s here";
}

char *supervisor_expand(const char *text, const struct supervisor_names *names,
			const char **wrong)
{
	struct conversion conversion = {.letter = '\0'};
	char *result = NULL;
	size_t len;
	FILE *out = open_memstream(&result, &len);

	*wrong = NULL;
	if (!out)
		return NULL;
	while (*text != '\0' && !*wrong) {
		len = strcspn(text, "%");
		fwrite(text, 1, len, out);
		text += len;
		if (*text == '\0')
			break;
		len = text[1] == '%' ? 2 : read_conversion(text, &conversion);
		if (len == 0)
			*wrong = "a % begins nothing that is known: write %%";
		else if (text[1] == '%')
			fputc('%', out);
		else
			*wrong = write_conversion(out, &conversion, names);
		text += len;
	}
	if (fclose(out) == 0 && !*wrong)
		return result;
	free(result);
	return NULL;
}

/* ---- words ---- */

/* Copies a variable's mark; returns the last byte of it. */
static const char *write_mark(FILE *out, const char *text, bool is_quoted)
{
	const char *end = strchr(text, SUPERVISOR_END);

	if (!end)
		return text;
	fputc(is_quoted ? SUPERVISOR_QUOTED : SUPERVISOR_VARIABLE, out);
	fwrite(text + 1, 1, (size_t)(end - text), out);
	return end;
}

/* Writes the word that *text begins with; *text is behind it then. */
static const char *write_word(FILE *out, const char **text)
{
	const char *at = *text, *wrong = NULL;
	char quote = '\0';

	for (; *at != '\0' && !wrong; at++) {
		if (*at == SUPERVISOR_VARIABLE) {
			at = write_mark(out, at, quote != '\0');
		} else if (*at == '\\' && quote != '\'') {
			/* Within quotes it takes the meaning of two bytes. */
			if (at[1] == '\0')
				wrong = "nothing is behind a backslash";
			else if (quote && at[1] != '\\' && at[1] != quote)
				fputc('\\', out);
			if (!wrong && at[1] != SUPERVISOR_VARIABLE)
				fputc(*++at, out);
		} else if (quote ? *at == quote : *at == '\'' || *at == '"') {
			quote = quote ? '\0' : *at;
		} else if (!quote && strchr(" \t\r\n", *at)) {
			break;
		} else {
			fputc(*at, out);
		}
	}
	if (!wrong && quote)
		wrong = "a quote isn't closed";
	*text = at;
	return wrong;
}

const char *supervisor_words(const char *text, struct list *words)
{
	const char *wrong = NULL;

	while (!wrong) {
		char *word = NULL;
		size_t len;
		FILE *out;

		text += strspn(text, " \t\r\n");
		if (*text == '\0')
			break;
		out = open_memstream(&word, &len);
		if (!out) {
			words->is_short = true;
			break;
		}
		wrong = write_word(out, &text);
		if (fclose(out) != 0)
			words->is_short = true;
		else if (!wrong)
			list_add(words, word);
		free(word);
	}
	return wrong;
}

/* ---- variables ---- */

static bool is_of_word(char byte)
{
	return byte != '\0' && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "_0123456789/.+-():",
				      byte);
}

/* The length of a character; of a variable's mark all of it. */
static size_t character_length(const char *text)
{
	size_t len = 1;
	const char *end = strchr(text, SUPERVISOR_END);

	if (*text == SUPERVISOR_VARIABLE && end)
		return (size_t)(end + 1 - text);
	if (((unsigned char)*text & 0xc0) == 0xc0)
		while (((unsigned char)text[len] & 0xc0) == 0x80)
			len++;
	return len;
}

/*
 * The next token: a word, which quotes within don't end; what stands in quotes,
 * with them; or another character. Its length; 0: there is none, or, with
 * *wrong, its quote isn't closed.
 */
static size_t read_token(const char **text, const char **wrong)
{
	const char *at = *text, *close;
	size_t len = 0;

	for (;;) {
		at += strspn(at, " \t\r\n");
		if (*at != '#')
			break;
		at += strcspn(at, "\n");
	}
	*text = at;
	if (*at == '\'' || *at == '"') {
		close = strchr(at + 1, *at);
		if (!close)
			*wrong = "a quote isn't closed";
		return close ? (size_t)(close + 1 - at) : 0;
	}
	while (is_of_word(at[len]) || at[len] == SUPERVISOR_VARIABLE ||
	       (len > 0 && (at[len] == '\'' || at[len] == '"')))
		len += character_length(at + len);
	return len > 0 || *at == '\0' ? len : character_length(at);
}

/* A value, without the quotes at both ends, of whatever kind. */
static void add_pair(struct list *pairs, const char *name, size_t name_len,
		     const char *value, size_t value_len)
{
	while (value_len > 0 && (*value == '\'' || *value == '"')) {
		value++;
		value_len--;
	}
	while (value_len > 0 &&
	       (value[value_len - 1] == '\'' || value[value_len - 1] == '"'))
		value_len--;
	list_add_format(pairs, "%.*s=%.*s", (int)name_len, name, (int)value_len,
			value);
}

/* What stands between two of them, a comma, isn't looked at. */
const char *supervisor_pairs(const char *text, struct list *pairs)
{
	const char *wrong = NULL;

	for (;;) {
		const char *tokens[3];
		size_t lens[3];

		for (int i = 0; i < 3; i++) {
			lens[i] = read_token(&text, &wrong);
			tokens[i] = text;
			text += lens[i];
			if (lens[i] == 0 && i == 0 && !wrong)
				return NULL;
			if (lens[i] == 0 || (i == 1 && *tokens[1] != '='))
				return wrong ? wrong
					     : "that isn't NAME=\"VALUE\", "
					       "with commas between";
		}
		add_pair(pairs, tokens[0], lens[0], tokens[2], lens[2]);
		lens[0] = read_token(&text, &wrong);
		if (wrong)
			return wrong;
		text += lens[0];
	}
}
