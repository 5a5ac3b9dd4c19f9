/*
 * runsvdir.c -- supervise every service of a directory, as runit's program of
 * that name: the engine of svscan, with other signals.
 */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/program.h"
#include "base/strb.h"
#include "base/title.h"
#include "engine/scanning.h"

/* The argument `log` begins with this many bytes that stay, and isn't shorter
 * than it needs to show something. */
enum { LOG_KEPT = 5, LOG_SHORTEST = 7 };

/* Old messages make room for dots, one in a quarter of an hour. */
#define DOT_MS (15 * 60 * 1000)

static _Noreturn void show_messages(char *log, int messages_fd)
{
	char *window = log + LOG_KEPT;
	size_t len = strlen(window);
	struct pollfd more = {.fd = messages_fd, .events = POLLIN};
	long got;

	do {
		char block[4096] = ".";

		got = 1;
		if (poll(&more, 1, DOT_MS) != 0)
			got = fd_read_some(messages_fd, block, sizeof(block));
		if (got > 0)
			title_append(window, len, block, (size_t)got);
	} while (got > 0);
	_exit(0);
}

/*
 * From now on what is written to standard error, here and by services, is shown
 * in the argument `log` of another process like this one. It stays for as long
 * as any of them writes.
 */
static int divert_messages(char *log)
{
	const int deaf_to[] = {SIGHUP, SIGINT, SIGTERM};
	int ends[2];

	if (pipe(ends) == -1)
		return -1;
	switch (fork()) {
	case -1: return -1;
	case 0:
		for (size_t i = 0; i < sizeof(deaf_to) / sizeof(deaf_to[0]);
		     i++)
			signal(deaf_to[i], SIG_IGN);
		close(ends[1]);
		show_messages(log, ends[0]);
	default: break;
	}
	if (dup2(ends[1], STDERR_FILENO) == -1)
		return -1;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static _Noreturn void die_of_usage(void)
{
	diag_print("usage: runsvdir [-P] dir [ log ]");
	_exit(EXIT_USAGE);
}

/* The directory is found again, by its name, when that leads elsewhere. */
static char *absolute(char *folder, char room[PATH_MAX])
{
	struct strb path = strb_on(room, PATH_MAX);

	if (folder[0] == '/')
		return folder;
	if (!getcwd(room, PATH_MAX))
		diag_die_errno(EXIT_SYSTEM, "unable to open current directory");
	path.len = strlen(room);
	strb_add_format(&path, "/%s", folder);
	if (path.is_cut)
		diag_die(EXIT_SYSTEM, "unable to chdir to %s: name too long",
			 folder);
	return room;
}

/*
 * Of a container's process 1 nobody takes over what runs: with it all is
 * killed, so there TERM, too, ends all in order.
 */
static void adapt_to_process_1(struct scanning_rules *rules)
{
	if (getpid() != 1)
		return;
	rules->on_term = SCAN_STOP;
	rules->stopped_code = 0;
}

int main(int argc, char *argv[])
{
	struct scanning_rules rules = {
		/* Services run on, and the next one adopts them. */
		.on_term = SCAN_DETACH, .detached_code = 0,
		.on_hangup = SCAN_STOP, .stopped_code = EXIT_SYSTEM,
		.stops_removed = true,  .follows_name = true,
	};
	const char *called_as = argc > 0 ? argv[0] : "runsvdir";
	char room[PATH_MAX];
	int letter;

	program_begin("runsvdir", argc, argv);
	adapt_to_process_1(&rules);
	/* -P: sessions of their own, which services have in any case. */
	while ((letter = options_next(argc, argv, "+:P")) != -1) {
		if (letter != 'P')
			die_of_usage();
	}
	argv += optind;
	argc -= optind;
	if (argc < 1 || argc > 2)
		die_of_usage();
	if (argc == 2 && strlen(argv[1]) < LOG_SHORTEST)
		diag_warn("log must have at least %d characters: it is not "
			  "used",
			  LOG_SHORTEST);
	else if (argc == 2 && divert_messages(argv[1]) == -1)
		diag_warn_errno("unable to use log");
	diag_never_wait();
	return scanning_run(&rules, called_as, absolute(argv[0], room), NULL);
}
