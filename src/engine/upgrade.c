/* upgrade.c -- see upgrade.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exec.h"
#include "base/self.h"
#include "base/strb.h"
#include "engine/upgrade.h"
#include "service/inherited.h"

static const char variable[] = "HOLDFAST_FIFOS";

#define LIST_BYTES_MAX 131072 /* what Linux allows one variable */

/*
 * A name with a slash is kept as it was called: it may be a link that is turned
 * to another version. One without was found in PATH, and will be again.
 */
static void note_program(struct upgrade *upgrade, const char *called_as)
{
	struct strb path = strb_on(upgrade->program, sizeof(upgrade->program));

	if (strchr(called_as, '/') && called_as[0] != '/') {
		if (!getcwd(upgrade->program, sizeof(upgrade->program)))
			upgrade->program[0] = '\0';
		path.len = strlen(upgrade->program);
		strb_add(&path, "/");
	}
	strb_add(&path, called_as);
	if (path.is_cut)
		upgrade->program[0] = '\0';
}

void upgrade_begin(struct upgrade *upgrade, const char *called_as, char *folder,
		   char *log_name)
{
	const char *list = getenv(variable);

	note_program(upgrade, called_as);
	upgrade->folder = folder;
	upgrade->log_name = log_name;
	upgrade->inherited = list ? strdup(list) : NULL;
	unsetenv(variable); /* not for services */
}

/* The next number of the list; -1: it is none that we were handed down; false:
 * there is no more. */
static bool next_number(char **at, int *fd)
{
	char *end;
	long number = *at ? strtol(*at, &end, 10) : 0;

	if (!*at || end == *at || *end != ',')
		return false;
	*fd = number > STDERR_FILENO && number < INT_MAX ? (int)number : -1;
	*at = end + 1;
	return true;
}

static bool is_socket(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

void upgrade_take_sockets(struct upgrade *upgrade, struct keeper *keeper)
{
	char *at = upgrade->inherited, *before = at;
	int fd;

	for (; next_number(&at, &fd); before = at) {
		if (fd == -1 || !is_socket(fd))
			continue;
		keeper_return(keeper, fd);
		/* Not ours to close any more. */
		memset(before, '0', (size_t)(at - before) - 1);
	}
}

void upgrade_settle(struct upgrade *upgrade)
{
	char *at = upgrade->inherited;
	int fd;

	while (next_number(&at, &fd)) {
		if (fd != -1)
			close(fd);
	}
	free(upgrade->inherited);
	upgrade->inherited = NULL;
}

/* Leaves errno as the last attempt set it. */
static void run_program(struct upgrade *upgrade)
{
	/* The folder is for people to see: the new program is in it already. */
	char *argv[] = {upgrade->program, upgrade->folder, upgrade->log_name,
			NULL};
	char folder[PATH_MAX], room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	if (upgrade->program[0] != '\0')
		exec_search(argv, environ);
	if (strchr(upgrade->program, '/') ||
	    self_folder(folder, sizeof(folder)) == -1)
		return;
	/* It wasn't found in PATH the first time, either. */
	strb_add_format(&path, "%s/%s", folder, upgrade->program);
	if (!path.is_cut)
		execve(room, argv, environ);
}

/* One that doesn't fit on the list couldn't be closed by the next program. */
static void keep_open(int fd, void *with)
{
	struct strb *list = with;
	char number[16];
	struct strb text = strb_on(number, sizeof(number));

	strb_add_format(&text, "%d,", fd);
	if (fd == -1 || list->len + text.len >= list->size_bytes)
		return;
	strb_add(list, number);
	fcntl(fd, F_SETFD, 0);
}

/* These first: a FIFO can be opened again, if it has to be. */
static void keep_socket(int fd, void *with)
{
	if (is_socket(fd))
		keep_open(fd, with);
}

static void keep_fifo(int fd, void *with)
{
	if (!is_socket(fd))
		keep_open(fd, with);
}

static void close_on_exec(int fd, void *with)
{
	(void)with;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void upgrade_run(struct upgrade *upgrade, struct spawner *spawner,
		 const struct scanner *scanner, const struct log_service *log,
		 int control_fd, const struct obituaries *obituaries,
		 struct keeper *keeper)
{
	const size_t most = LIST_BYTES_MAX - sizeof(variable) - 1;
	char *list = malloc(most);
	struct strb text;
	int error;

	if (!list)
		return;
	text = strb_on(list, most);
	scanner_visit_fifos(scanner, keep_socket, &text);
	keep_fifo(control_fd, &text);
	log_service_visit_fifos(log, keep_fifo, &text);
	scanner_visit_fifos(scanner, keep_fifo, &text);
	inherited_hand_down(obituaries->fd, DEATH_VARIABLE, true);
	keeper_hand_down(keeper, true);
	log_service_use_own_output(log, true);
	if (setenv(variable, list, 1) == 0) {
		spawner_take_favours(spawner, false);
		run_program(upgrade);
	}
	error = errno;
	spawner_take_favours(spawner, true);
	unsetenv(variable);
	log_service_use_own_output(log, false);
	inherited_hand_down(obituaries->fd, DEATH_VARIABLE, false);
	keeper_hand_down(keeper, false);
	scanner_visit_fifos(scanner, close_on_exec, NULL);
	log_service_visit_fifos(log, close_on_exec, NULL);
	close_on_exec(control_fd, NULL);
	free(list);
	errno = error;
}
