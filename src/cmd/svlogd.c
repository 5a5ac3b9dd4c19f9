/* svlogd.c -- runit's logger: what is kept is said by files in the logs. */
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/program.h"
#include "log/directives.h"
#include "log/line.h"
#include "log/logger.h"

static const char synopsis[] =
	"[-tttv] [-r c] [-R xyz] [-l len] [-b buflen] dir ...";

#define LINE_MIN       256 /* as in runit: no less is looked at */
#define LINE_MAX_      (1UL << 20)
#define BUFFER_DEFAULT 1024

/* What lines look like, as the options have it. */
struct appearance {
	unsigned stamp_count;
	bool is_verbose;
	char substitute; /* for bytes that aren't printable; '\0': they stay */
	const char *charset;
	unsigned long line_limit, buffer_size;
};

static unsigned long count_of(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0')
		diag_usage(EXIT_USAGE, synopsis);
	return value;
}

static struct appearance parse(int argc, char *argv[])
{
	struct appearance look = {.line_limit = LINE_LIMIT};
	int letter;

	while ((letter = options_next(argc, argv, "+:tvr:R:l:b:")) != -1) {
		switch (letter) {
		case 't': look.stamp_count++; break;
		case 'v': look.is_verbose = true; break;
		case 'r':
			if (optarg[0] == '\0' || optarg[1] != '\0')
				diag_usage(EXIT_USAGE, synopsis);
			look.substitute = optarg[0];
			break;
		case 'R': look.charset = optarg; break;
		case 'l': look.line_limit = count_of(optarg); break;
		case 'b': look.buffer_size = count_of(optarg); break;
		default: diag_usage(EXIT_USAGE, synopsis);
		}
	}
	return look;
}

/* Looks at options that depend on each other. */
static void check(struct appearance *look)
{
	if (look->line_limit == 0)
		look->line_limit = LINE_LIMIT;
	if (look->line_limit < LINE_MIN)
		look->line_limit = LINE_MIN;
	if (look->line_limit > LINE_MAX_)
		look->line_limit = LINE_MAX_;
	/* Ours are as large as they need be, but scripts know the rule. */
	if (look->buffer_size == 0)
		look->buffer_size = BUFFER_DEFAULT;
	if (look->buffer_size <= look->line_limit)
		diag_usage(EXIT_USAGE, synopsis);
	if (look->charset && look->substitute == '\0')
		look->substitute = '_';
}

/* Fills `table` with what becomes of each byte; NULL if all stay. */
static const char *make_table(const struct appearance *look, char table[256])
{
	if (look->substitute == '\0')
		return NULL;
	for (int byte = 0; byte < 256; byte++) {
		bool is_printable = byte >= ' ' && byte <= '~';

		table[byte] = is_printable ? (char)byte : look->substitute;
	}
	for (const char *at = look->charset; at && *at; at++)
		table[(unsigned char)*at] = look->substitute;
	table['\n'] = '\n';
	return table;
}

int main(int argc, char *argv[])
{
	static const enum mark_kind marks[] = {MARK_NONE, MARK_TAI64N,
					       MARK_RUNIT, MARK_RUNIT_T};
	struct appearance look;
	struct directives directives;
	char table[256];

	program_begin("svlogd", argc, argv);
	look = parse(argc, argv);
	check(&look);
	if (optind >= argc)
		diag_usage(EXIT_USAGE, synopsis);
	directives = (struct directives){
		.paths = argv + optind,
		.mark = marks[look.stamp_count < 3 ? look.stamp_count : 3],
		.line_limit = look.line_limit,
		.replaced = make_table(&look, table),
		.told_as = look.is_verbose ? "svlogd" : NULL,
	};
	return logger_main((struct script_source){directives_read, &directives},
			   true);
}
