/* allow.c -- see allow.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/number.h"
#include "base/options.h"
#include "base/strb.h"
#include "client/access.h"
#include "cmd/sv/allow.h"
#include "cmd/sv/command.h"
#include "service/scan_dir.h"
#include "view/text.h"

#define FAILED_MOST 99 /* as runit's sv */
#define WHO_BYTES   64

/* What is asked for, of each service. */
struct leave {
	const char *scan_dir;
	bool is_taken; /* all of it */
	bool is_to_see_only;
	gid_t gid;
};

/* ---- in words ---- */

static void add_whom(struct strb *text, const struct access *access,
		     enum access_whom whom, gid_t gid)
{
	const struct passwd *owner;
	const struct group *group;

	switch (whom) {
	case ACCESS_EVERYBODY: strb_add(text, "everybody"); return;
	case ACCESS_GROUP:
		group = getgrgid(gid);
		strb_add(text, "group ");
		if (group)
			strb_add(text, group->gr_name);
		else
			strb_add_format(text, "%lu", (unsigned long)gid);
		return;
	case ACCESS_NOBODY:
		owner = getpwuid(access->uid);
		if (owner)
			strb_add(text, owner->pw_name);
		else
			strb_add_format(text, "%lu",
					(unsigned long)access->uid);
		return;
	}
}

struct words {
	char name[PATH_MAX], sees[WHO_BYTES], controls[WHO_BYTES];
};

static void find_words(struct words *words, const char *name,
		       const struct access *access)
{
	struct strb shown = strb_on(words->name, sizeof(words->name));
	struct strb sees = strb_on(words->sees, sizeof(words->sees));
	struct strb controls =
		strb_on(words->controls, sizeof(words->controls));

	text_add_shown(&shown, name, SIZE_MAX);
	add_whom(&sees, access, access->sees, access->seeing_gid);
	add_whom(&controls, access, access->controls, access->controlling_gid);
}

/* ---- one service ---- */

static int open_service(const struct leave *leave, const char *name)
{
	char path[PATH_MAX];

	if (scan_dir_path_of(name, leave->scan_dir, path, sizeof(path)) == -1)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Of what there is nothing is taken but by `is_taken`. */
static void ask_for(const struct leave *leave, struct access *access,
		    bool is_log)
{
	if (leave->is_taken) {
		access->sees = access->controls = ACCESS_NOBODY;
		access->seeing_gid = access->controlling_gid = getegid();
	} else if (leave->is_to_see_only) {
		access->sees = ACCESS_EVERYBODY;
	} else if (!is_log || access->controls != ACCESS_GROUP) {
		access->seeing_gid = leave->gid;
		if (access->sees == ACCESS_NOBODY)
			access->sees = ACCESS_GROUP;
	}
	if (!leave->is_taken && !leave->is_to_see_only && !is_log) {
		access->controls = ACCESS_GROUP;
		access->controlling_gid = leave->gid;
	}
	if (access->controls == ACCESS_EVERYBODY)
		access->controls = ACCESS_NOBODY;
}

/* False after saying why not. */
static bool change(const struct leave *leave, int dir_fd, const char *name,
		   bool is_log)
{
	char room[2 * PROBLEM_NAME_SIZE];
	struct strb text = strb_on(room, sizeof(room));
	struct problem problem;
	struct access access;

	if (access_read(dir_fd, &access) == -1) {
		if (errno == ENOENT)
			diag_warn("nobody has supervised %s yet: do this again "
				  "when it is supervised",
				  name);
		else
			diag_warn_errno("unable to look at %s", name);
		return false;
	}
	ask_for(leave, &access, is_log);
	if (access_change(dir_fd, &access, &problem) == 0)
		return true;
	problem_add(&text, &problem);
	diag_warn("%s: %s", name, room);
	return false;
}

/* Whoever sees a service sees its logger, too. */
static bool change_log(const struct leave *leave, int dir_fd, const char *name)
{
	char room[PATH_MAX];
	struct strb log_name = strb_on(room, sizeof(room));
	int log_fd = access_open_log(dir_fd);
	bool is_done;

	strb_add_format(&log_name, "%s/log", name);
	if (log_fd == -1 && errno == ELOOP)
		diag_warn(
			"%s: unable to change the modes in supervise: it is a "
			"link in a directory in which others can write",
			room);
	if (log_fd == -1)
		return errno != ELOOP;
	is_done = change(leave, log_fd, room, true);
	close(log_fd);
	return is_done;
}

static void tell(int dir_fd, const char *name)
{
	static struct words words; /* large */
	struct access access;
	struct stat dir;

	if (access_read(dir_fd, &access) == -1)
		return;
	find_words(&words, name, &access);
	printf("%s: seen by %s, controlled by %s\n", words.name, words.sees,
	       words.controls);
	if (access.sees != ACCESS_NOBODY && fstat(dir_fd, &dir) == 0 &&
	    !(dir.st_mode & S_IXOTH))
		diag_warn("%s itself is for its owner and group only: chmod "
			  "o+x lets others in",
			  name);
}

static bool change_service(const struct leave *leave, const char *name)
{
	int dir_fd = open_service(leave, name);
	bool is_done;

	if (dir_fd == -1) {
		diag_warn_errno("unable to find %s", name);
		return false;
	}
	/* Both in any case: what is taken back is taken where it can be. */
	is_done = change(leave, dir_fd, name, false);
	is_done = change_log(leave, dir_fd, name) && is_done;
	if (is_done)
		tell(dir_fd, name);
	close(dir_fd);
	return is_done;
}

static int change_all(const struct leave *leave, char *const names[])
{
	int failed = 0;

	for (size_t i = 0; names[i]; i++)
		failed += !change_service(leave, names[i]);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}

/* ---- what is so ---- */

static void print_words(const struct words *words, size_t width)
{
	char room[2 * PATH_MAX];
	struct strb text = strb_on(room, sizeof(room));

	if (width == 0) {
		printf("%s\t%s\t%s\n", words->name, words->sees,
		       words->controls);
		return;
	}
	text_add_left(&text, words->name, width);
	printf("%s  %-16s  %s\n", room, words->sees, words->controls);
}

/* A logger has a row of its own only if it is other than by default. */
static void print_row(const struct leave *leave, const char *name, bool is_log,
		      size_t width)
{
	static struct words words; /* large */
	int dir_fd = open_service(leave, name);
	struct access access;

	if (dir_fd == -1)
		return;
	if (access_read(dir_fd, &access) == 0) {
		find_words(&words, name, &access);
		if (!is_log || access.sees != ACCESS_NOBODY ||
		    access.controls != ACCESS_NOBODY)
			print_words(&words, width);
	} else if (errno == EACCES) {
		diag_warn_errno("unable to look at %s", name);
	}
	close(dir_fd);
}

static int is_service(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Of the first column, on a terminal; 0: there is none. */
static size_t find_width(struct dirent *const names[], int count)
{
	static const size_t log_width = sizeof("/log") - 1;
	size_t width = sizeof("SERVICE") - 1;

	if (!isatty(STDOUT_FILENO))
		return 0;
	for (int i = 0; i < count; i++) {
		size_t own = text_width(names[i]->d_name) + log_width;

		width = own > width ? own : width;
	}
	return width;
}

static int list(const struct leave *leave)
{
	static const struct words head = {"SERVICE", "SEEN BY",
					  "CONTROLLED BY"};
	struct dirent **names = NULL;
	int count = scandir(leave->scan_dir, &names, is_service, alphasort);
	size_t width;

	if (count == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s",
			       leave->scan_dir);
	width = find_width(names, count);
	if (width != 0)
		print_words(&head, width);
	for (int i = 0; i < count; i++) {
		char room[PATH_MAX];
		struct strb log_name = strb_on(room, sizeof(room));

		print_row(leave, names[i]->d_name, false, width);
		strb_add_format(&log_name, "%s/log", names[i]->d_name);
		print_row(leave, room, true, width);
		free(names[i]);
	}
	free(names);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return 0;
}

/* ---- commands ---- */

static void find_group(struct leave *leave, const char *word)
{
	const struct group *group = getgrnam(word);
	uint64_t number;

	if (group)
		leave->gid = group->gr_gid;
	else if (number_parse(word, INT_MAX, &number) == 0)
		leave->gid = (gid_t)number;
	else
		diag_die(EXIT_SYSTEM,
			 "there is no group %s: make one with groupadd", word);
}

int allow_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"status", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	struct leave leave = {.scan_dir = scan_dir_find(scan_dir)};
	int letter;

	while ((letter = options_next_long(argc, argv, "+:s", words)) != -1) {
		if (letter != 's')
			return COMMAND_MISUSED;
		leave.is_to_see_only = true;
	}
	if (!argv[optind])
		return leave.is_to_see_only ? COMMAND_MISUSED : list(&leave);
	if (!leave.is_to_see_only) {
		if (!argv[optind + 1])
			return COMMAND_MISUSED;
		find_group(&leave, argv[optind++]);
	}
	return change_all(&leave, argv + optind);
}

int deny_command(const char *scan_dir, int argc, char *argv[])
{
	struct leave leave = {.scan_dir = scan_dir_find(scan_dir),
			      .is_taken = true};

	if (options_next(argc, argv, "+:") != -1 || !argv[optind])
		return COMMAND_MISUSED;
	return change_all(&leave, argv + optind);
}
