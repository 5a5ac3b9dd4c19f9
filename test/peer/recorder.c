/*
 * recorder.c -- a script of a service directory that tells what it was given.
 *
 * It adds a line to the file "trace" in its cwd at its start, with its name,
 * arguments, cwd, descriptors, signals, session and environment; one for each
 * signal that it gets; and one when it exits. What it does then is said by the
 * file NAME.does, whose words are obeyed in turn:
 *
 *	exit CODE         die SIGNAL         ready FD (writes a newline there)
 *	stay [SIG=CODE]   notes signals, and exits CODE on that one
 *
 * Without the file it exits 0. Static, so that no library has a say.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static const char *name;
static char line[8192];
static size_t used;

static void add(const char *text)
{
	int len = snprintf(line + used, sizeof(line) - used, "%s", text);

	used += len > 0 ? (size_t)len : 0;
	if (used >= sizeof(line))
		used = sizeof(line) - 1;
}

static void add_number(const char *before, long number)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%ld", before, number);
	add(text);
}

/* One write, so that the lines of several never mix. */
static void end_line(void)
{
	int fd = open("trace", O_WRONLY | O_APPEND | O_CREAT, 0644);

	add("\n");
	if (fd == -1 || write(fd, line, used) == -1)
		_exit(99);
	close(fd);
	used = 0;
}

static void begin_line(const char *what)
{
	add(what);
	add(" ");
	add(name);
	add_number("\tpid=", getpid());
}

static const char *kind_of(mode_t mode)
{
	return S_ISFIFO(mode)   ? "fifo"
	       : S_ISREG(mode)  ? "file"
	       : S_ISCHR(mode)  ? "device"
	       : S_ISDIR(mode)  ? "directory"
	       : S_ISSOCK(mode) ? "socket"
				: "other";
}

static void add_descriptors(void)
{
	add("\tfds=");
	for (int fd = 0; fd < 1024; fd++) {
		struct stat status;

		if (fstat(fd, &status) == -1)
			continue;
		add_number(fd ? "," : "", fd);
		add(":");
		add(kind_of(status.st_mode));
	}
}

static void add_signals(void)
{
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	add("\tsignals=");
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action = {.sa_handler = SIG_DFL};

		sigaction(number, NULL, &action);
		if (sigismember(&blocked, number) == 1)
			add_number(",blocked:", number);
		if (action.sa_handler == SIG_IGN)
			add_number(",ignored:", number);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_environment(void)
{
	size_t count = 0;

	while (environ[count])
		count++;
	qsort(environ, count, sizeof(*environ), compare);
	for (size_t i = 0; i < count; i++) {
		add("\tenv=");
		add(environ[i]);
	}
}

static void tell_start(int argc, char *argv[])
{
	char cwd[4096];
	mode_t mask = umask(0);

	begin_line("start");
	for (int i = 1; i < argc; i++) {
		add("\targ=");
		add(argv[i]);
	}
	add("\tcwd=");
	add(getcwd(cwd, sizeof(cwd)) ? cwd : "?");
	add(getsid(0) == getpid() ? "\tsession=own" : "\tsession=another");
	add(getpgrp() == getpid() ? "\tgroup=own" : "\tgroup=another");
	umask(mask);
	add_number("\tumask=", mask);
	add_descriptors();
	add_signals();
	add_environment();
	end_line();
}

static _Noreturn void leave(int code)
{
	begin_line("exit");
	add_number("\tcode=", code);
	end_line();
	_exit(code);
}

static void die(int number)
{
	sigset_t none;

	signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	raise(number);
}

static _Noreturn void stay(const char *end)
{
	sigset_t all;
	int number = 0, end_number = 0, code = 0;

	if (end)
		sscanf(end, "%d=%d", &end_number, &code);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	begin_line("stay");
	end_line();
	for (;;) {
		if (sigwait(&all, &number) != 0)
			continue;
		begin_line("signal");
		add_number("\tnumber=", number);
		end_line();
		if (number == end_number)
			leave(code);
	}
}

static void obey(char *words)
{
	const char *word;

	for (word = strtok(words, " \n"); word; word = strtok(NULL, " \n")) {
		const char *value = strtok(NULL, " \n");

		if (strcmp(word, "stay") == 0)
			stay(value);
		if (!value)
			_exit(98);
		if (strcmp(word, "exit") == 0)
			leave(atoi(value));
		if (strcmp(word, "die") == 0)
			die(atoi(value));
		if (strcmp(word, "ready") == 0 &&
		    write(atoi(value), "\n", 1) == -1)
			_exit(97);
	}
}

int main(int argc, char *argv[])
{
	char path[200], words[200] = "";
	const char *slash = strrchr(argv[0], '/');
	ssize_t len = 0;
	int fd;

	name = slash ? slash + 1 : argv[0];
	tell_start(argc, argv);
	snprintf(path, sizeof(path), "%s.does", name);
	fd = open(path, O_RDONLY);
	if (fd != -1)
		len = read(fd, words, sizeof(words) - 1);
	if (len > 0)
		obey(words);
	leave(0);
}
