/* signame.c -- see signame.h. */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/signame.h"

struct signal_name {
	int number;
	const char *name;
};

/* clang-format off */
static const struct signal_name names[] = {
	{SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
	{SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"}, {SIGFPE, "FPE"},
	{SIGKILL, "KILL"}, {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"},
	{SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},
	{SIGTERM, "TERM"}, {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"},
	{SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"},
	{SIGTTOU, "TTOU"}, {SIGURG, "URG"}, {SIGXCPU, "XCPU"},
	{SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"},
	{SIGSYS, "SYS"},
#ifdef SIGWINCH
	{SIGWINCH, "WINCH"},
#endif
#ifdef SIGIO
	{SIGIO, "IO"},
#endif
#ifdef SIGPOLL
	{SIGPOLL, "POLL"},
#endif
#ifdef SIGPWR
	{SIGPWR, "PWR"},
#endif
#ifdef SIGSTKFLT
	{SIGSTKFLT, "STKFLT"},
#endif
#ifdef SIGINFO
	{SIGINFO, "INFO"},
#endif
#ifdef SIGEMT
	{SIGEMT, "EMT"},
#endif
};
/* clang-format on */

#if defined(__linux__) && defined(SIGRTMIN)
/*
 * Not SIGRTMIN, which in musl is 35: there is one number that the names have on
 * a machine, and it is that of its shells, systemd and container engines.
 */
static int first_real_time(void)
{
	return 34;
}
#elif defined(SIGRTMIN)
static int first_real_time(void)
{
	return SIGRTMIN;
}
#endif

#ifdef SIGRTMIN

static int last_real_time(void)
{
	return SIGRTMAX;
}
#else
/* A system without real-time signals: an empty range. */
static int first_real_time(void)
{
	return 1;
}

static int last_real_time(void)
{
	return 0;
}
#endif

static int greatest(void)
{
	int most = last_real_time();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number > most)
			most = names[i].number;
	}
	return most;
}

/* "RTMIN", "RTMIN+2", "RTMAX-1". */
static int parse_real_time(const char *text)
{
	int least = first_real_time(), most = last_real_time();
	int is_from_last = strncasecmp(text, "RTMAX", 5) == 0;
	uint64_t distance = 0;

	if ((!is_from_last && strncasecmp(text, "RTMIN", 5) != 0) ||
	    most < least)
		return -1;
	text += 5;
	if (*text != '\0' &&
	    (*text != (is_from_last ? '-' : '+') ||
	     number_parse(text + 1, (uint64_t)(most - least), &distance) == -1))
		return -1;
	return is_from_last ? most - (int)distance : least + (int)distance;
}

int signame_parse(const char *text)
{
	uint64_t number;

	if (number_parse(text, (uint64_t)greatest(), &number) == 0)
		return number > 0 ? (int)number : -1;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcasecmp(text, names[i].name) == 0)
			return names[i].number;
	}
	return parse_real_time(text);
}

const char *signame_of(int signal_number, char out[SIGNAME_SIZE])
{
	int distance = signal_number - first_real_time();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == signal_number) {
			snprintf(out, SIGNAME_SIZE, "%s", names[i].name);
			return out;
		}
	}
	if (distance < 0 || signal_number > last_real_time())
		snprintf(out, SIGNAME_SIZE, "%d", signal_number);
	else if (distance == 0)
		snprintf(out, SIGNAME_SIZE, "RTMIN");
	else
		snprintf(out, SIGNAME_SIZE, "RTMIN+%d", distance);
	return out;
}
