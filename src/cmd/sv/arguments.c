/* arguments.c -- see arguments.h. */
#include <stddef.h>
#include <string.h>

#include "cmd/sv/arguments.h"

/* Of all commands whose options may follow their operands. */
static const char *const with_value[] = {"-d",     "-n",         "-w",
					 "--into", "--log-user", "--timeout"};

static bool has_value(const char *word)
{
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]);
	     i++) {
		if (strcmp(word, with_value[i]) == 0)
			return true;
	}
	return false;
}

static bool is_of_sv(const char *word, bool has_waits)
{
	if (strncmp(word, "-d", 2) == 0)
		return true;
	return has_waits &&
	       (strncmp(word, "-w", 2) == 0 || strcmp(word, "-v") == 0);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Moves the `count` words at `from`, 1 or 2, down to `to`. */
static void move(char *argv[], size_t from, size_t count, size_t to)
{
	char *moved[2] = {argv[from], argv[from + count - 1]};

	memmove(&argv[to + count], &argv[to], (from - to) * sizeof(argv[0]));
	memcpy(&argv[to], moved, count * sizeof(argv[0]));
}

static void bring_forward(char *argv[], size_t to,
			  bool (*is_meant)(const char *word, bool has_waits),
			  bool has_waits)
{
	for (size_t i = 1; argv[i] && strcmp(argv[i], "--") != 0; i++) {
		bool is_long = has_value(argv[i]) && argv[i + 1];
		size_t count = is_long ? 2 : 1;

		if (!is_meant(argv[i], has_waits)) {
			i += is_option(argv[i]) ? count - 1 : 0;
			continue;
		}
		move(argv, i, count, to);
		to += count;
		i += count - 1;
	}
}

static bool is_any(const char *word, bool has_waits)
{
	(void)has_waits;
	return is_option(word);
}

void arguments_gather(char *argv[], bool has_waits)
{
	bring_forward(argv, 0, is_of_sv, has_waits);
}

void arguments_sort(char *argv[])
{
	bring_forward(argv, 1, is_any, false);
}
