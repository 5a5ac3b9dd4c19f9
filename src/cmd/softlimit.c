/*
 * softlimit.c -- run a program with lower resource limits.
 *
 * Only soft limits change; the hard one is a ceiling, never an error.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/options.h"

static const char synopsis[] =
	"[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] "
	"[-l lockbytes] [-m membytes] [-o openfiles] [-p processes] "
	"[-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/* What a letter sets, in order; what a system lacks drops out. */
static const struct limit {
	char letter;
	int resource;
} limits[] = {
	{'c', RLIMIT_CORE},    {'d', RLIMIT_DATA},    {'f', RLIMIT_FSIZE},
	{'o', RLIMIT_NOFILE},  {'s', RLIMIT_STACK},   {'t', RLIMIT_CPU},
	{'m', RLIMIT_DATA},    {'m', RLIMIT_STACK},
#ifdef RLIMIT_MEMLOCK
	{'l', RLIMIT_MEMLOCK}, {'m', RLIMIT_MEMLOCK},
#endif
#ifdef RLIMIT_AS
	{'a', RLIMIT_AS},      {'m', RLIMIT_AS},
#endif
#if defined(RLIMIT_VMEM) && !defined(RLIMIT_AS)
	{'a', RLIMIT_VMEM},    {'m', RLIMIT_VMEM},
#endif
#ifdef RLIMIT_NPROC
	{'p', RLIMIT_NPROC},
#endif
#ifdef RLIMIT_RSS
	{'r', RLIMIT_RSS},
#endif
};

/*
 * The number that `text` spells; empty text is 0. Anything but digits is wrong
 * use, and so is a number that would wrap round to quite another limit.
 */
static uint64_t parse_number(char letter, const char *text)
{
	uint64_t number = 0;

	if (text[strspn(text, "0123456789")] != '\0')
		diag_usage(EXIT_USAGE, synopsis);
	for (const char *s = text; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');

		if (number > (UINT64_MAX - digit) / 10) {
			diag_print("softlimit: number too large for -%c: %s",
				   letter, text);
			diag_usage(EXIT_USAGE, synopsis);
		}
		number = number * 10 + digit;
	}
	return number;
}

static void set_limit(const struct limit *limit, const char *text)
{
	struct rlimit both;

	if (getrlimit(limit->resource, &both) == -1)
		diag_die_errno(EXIT_SYSTEM, "getrlimit failed");
	if (strcmp(text, "=") == 0) {
		both.rlim_cur = both.rlim_max;
	} else {
		uint64_t number = parse_number(limit->letter, text);

		both.rlim_cur =
			number < both.rlim_max ? (rlim_t)number : both.rlim_max;
	}
	if (setrlimit(limit->resource, &both) == -1)
		diag_die_errno(EXIT_SYSTEM, "setrlimit failed");
}

int main(int argc, char *argv[])
{
	int letter;

	diag_set_program("softlimit");
	while ((letter = options_next(argc, argv,
				      "+:a:c:d:f:l:m:o:p:r:s:t:")) != -1) {
		if (letter == '?')
			diag_usage(EXIT_USAGE, synopsis);
		for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
			if (limits[i].letter == letter)
				set_limit(&limits[i], optarg);
	}
	if (optind >= argc)
		diag_usage(EXIT_USAGE, synopsis);
	exec_or_die(argv + optind, environ);
}
