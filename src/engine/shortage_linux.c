/* shortage_linux.c -- see shortage.h. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/shortage.h"

#define LOG         "/dev/kmsg"
#define KILLED      ": Killed process "
#define READ_ALL    3 /* SYSLOG_ACTION_READ_ALL */
#define KERNEL_MOST 7
#define DIGITS_MOST 9 /* of seconds, and of processes */
#define LOG_BYTES   32768
#define SECOND_NS   INT64_C(1000000000)
/* The log has a clock of its own, which is nearly that of the boot; a number is
 * not given again so soon. */
#define CLOCKS_APART_NS   INT64_C(60000000000)
#define CLOCKS_APART_PART 1000

/* Moves *text behind a number, and then behind `end`; false: there are no such.
 */
static bool take(const char **text, int64_t *number, const char *end)
{
	const char *next = *text + strspn(*text, " ");
	size_t digits = strspn(next, "0123456789"), len = strlen(end);

	if (digits == 0 || digits > DIGITS_MOST ||
	    strncmp(next + digits, end, len) != 0)
		return false;
	*number = 0;
	for (size_t i = 0; i < digits; i++)
		*number = *number * 10 + (next[i] - '0');
	*text = next + digits + len;
	return true;
}

/* Whether the message, as the kernel begins it, is of a victim. */
static bool is_of_shortage(const char *line)
{
	static const char *const beginnings[] = {
		"] Out of memory",
		"] Memory cgroup out of memory",
	};
	const char *message = strstr(line, "] ");

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		if (message &&
		    strncmp(message, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Users have a say in other lines of the kernel, but not in how these begin;
 * those that a program wrote have a higher priority. Before the message
 * there are the time and, with some kernels, who said it.
 */
bool shortage_is_told(const char *line, pid_t pid, int64_t started_ns)
{
	const char *verb = strstr(line, KILLED), *next = line + 1;
	int64_t priority, seconds, victim;

	if (line[0] != '<' || !take(&next, &priority, ">[") ||
	    !take(&next, &seconds, ".") || !verb)
		return false;
	next = verb + strlen(KILLED);
	return take(&next, &victim, " (") && priority <= KERNEL_MOST &&
	       victim == pid &&
	       seconds * SECOND_NS >= started_ns - CLOCKS_APART_NS -
					      started_ns / CLOCKS_APART_PART &&
	       is_of_shortage(line);
}

/*
 * To read the log takes longer than a restart, so it isn't done for nothing. A
 * record that comes meanwhile is news the next time.
 */
static bool has_news(struct shortage *shortage)
{
	struct pollfd look = {.events = POLLIN};

	if (shortage->log_fd == 0) {
		shortage->log_fd = open(LOG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	} else {
		look.fd = shortage->log_fd;
		if (look.fd != -1 && poll(&look, 1, 0) == 0)
			return false;
	}
	if (shortage->log_fd != -1)
		lseek(shortage->log_fd, 0, SEEK_END);
	return true;
}

/* In another pid namespace than the machine's, other numbers are meant. */
bool shortage_killed(struct shortage *shortage, const struct era *own,
		     pid_t pid, int64_t started_ns)
{
	char log[LOG_BYTES + 1], *next = log, *line;
	bool is_found = false;
	long count;

	if (!era_is_of_machine(own) ||
	    (!has_news(shortage) && !shortage->has_victims))
		return false;
	count = syscall(SYS_syslog, READ_ALL, log, LOG_BYTES);
	log[count > 0 ? count : 0] = '\0';
	shortage->has_victims = strstr(log, KILLED);
	while (!is_found && (line = strsep(&next, "\n")))
		is_found = shortage_is_told(line, pid, started_ns);
	return is_found;
}
