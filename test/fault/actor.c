/*
 * actor.c -- each script of a service under test: start, run, finish, stop, and
 * an inline logger.
 *
 * It appends "NAME begin PID ARGUMENT..." to the file "trace", and before it
 * exits "NAME end PID CODE". Where there is a file "order" (a link to one that
 * services share), it also has the first three words, with the directory's name
 * ahead, and "ready" as a third kind. In between the script does what the file
 * "act-NAME" says, words of:
 *     exit CODE     what to exit with, otherwise 0
 *     await FILE    until there is such a file
 *     deaf          TERM does nothing
 *     ready FD      writes a line there at once; late FD: at USR1
 *     notify        says READY=1 at once to the socket that it was told of;
 *                   notify-late: at USR1
 * "run" stays until TERM comes. "log" copies its input to "lines" to its end,
 * and keeps no trace. There may be no two at a time (see once.h), but "log"
 * beside another.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "once.h"

static const char *name;

static void trace_order(const char *what)
{
	char line[512], folder[256];
	const char *last;

	if (access("order", F_OK) == -1 || !getcwd(folder, sizeof(folder)))
		return;
	last = strrchr(folder, '/') + 1;
	append_to("order", line,
		  snprintf(line, sizeof(line), "%s %s %s %d\n", last, name,
			   what, (int)getpid()));
}

static void trace(const char *what, int count, char *const words[])
{
	char line[512];
	int len = snprintf(line, sizeof(line), "%s %s %d", name, what,
			   (int)getpid());

	for (int i = 0; i < count; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %s",
				words[i]);
	line[len++] = '\n';
	append_to("trace", line, len);
	trace_order(what);
}

/* Only one script runs at a time, whichever it is. */
static void be_only_script(void)
{
	char line[64];
	int fd = open("only", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return;
	append_to("violation", line,
		  snprintf(line, sizeof(line), "%s\n", name));
	_exit(113);
}

static void log_input(void)
{
	char room[4096];
	ssize_t got;

	while ((got = read(STDIN_FILENO, room, sizeof(room))) > 0)
		append_to("lines", room, (int)got);
}

static void await_file(const char *path)
{
	const struct timespec moment = {0, 2000000};
	struct stat status;

	while (stat(path, &status) == -1)
		nanosleep(&moment, NULL);
}

static void tell_ready(const char *fd)
{
	trace_order("ready");
	if (write(atoi(fd), "\n", 1) != 1)
		_exit(114);
}

/* One that is refused is lost. */
static void tell_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || fd == -1)
		_exit(114);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	(void)!sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address,
		      sizeof(address));
	close(fd);
}

static void stay(const char *late_fd, bool is_notify_late)
{
	sigset_t wanted;
	int got = 0;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGUSR1);
	while (sigwait(&wanted, &got) == 0 && got != SIGTERM) {
		if (late_fd)
			tell_ready(late_fd);
		if (is_notify_late)
			tell_socket();
	}
}

/* Returns what to exit with. */
static char *act(void)
{
	static char text[256];
	char path[64];
	char *code = "0", *late_fd = NULL;
	bool is_run = strcmp(name, "run") == 0, is_notify_late = false;
	int fd;

	snprintf(path, sizeof(path), "act-%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1 && read(fd, text, sizeof(text) - 1) == -1)
		_exit(115);
	if (fd != -1)
		close(fd);
	for (char *word = strtok(text, " \n"); word;
	     word = strtok(NULL, " \n")) {
		if (strcmp(word, "exit") == 0)
			code = strtok(NULL, " \n");
		else if (strcmp(word, "await") == 0)
			await_file(strtok(NULL, " \n"));
		else if (strcmp(word, "deaf") == 0)
			signal(SIGTERM, SIG_IGN);
		else if (strcmp(word, "ready") == 0)
			tell_ready(strtok(NULL, " \n"));
		else if (strcmp(word, "late") == 0)
			late_fd = strtok(NULL, " \n");
		else if (strcmp(word, "notify") == 0)
			tell_socket();
		else if (strcmp(word, "notify-late") == 0)
			is_notify_late = true;
	}
	if (is_run)
		stay(late_fd, is_notify_late);
	return code;
}

int main(int argc, char *argv[])
{
	char *code;

	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (strcmp(name, "log") == 0) {
		log_input();
		return 0;
	}
	if (strcmp(name, "run") == 0) {
		sigset_t kept;

		sigemptyset(&kept);
		sigaddset(&kept, SIGTERM);
		sigaddset(&kept, SIGUSR1);
		sigprocmask(SIG_BLOCK, &kept, NULL);
		note_start();
	} else {
		be_only_script();
	}
	trace("begin", argc - 1, argv + 1);
	code = act();
	trace("end", 1, &code);
	return atoi(code);
}
