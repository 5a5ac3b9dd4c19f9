/* remove.c -- see remove.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/span.h"
#include "base/strb.h"
#include "client/await.h"
#include "client/commands.h"
#include "cmd/sv/command.h"
#include "cmd/sv/remove.h"
#include "make/place.h"
#include "make/tree.h"
#include "service/scan_dir.h"
#include "service/supervise_dir.h"

#define DEFAULT_TIMEOUT_NS (30 * SPAN_SECOND_NS)
#define DRAIN_PAUSE_NS     5000000
#define DRAIN_TRIES        1000

struct removal {
	struct place place;
	const char *name;
	bool purges;
	int64_t timeout_ns;
	/* Where the service is, when its link is gone. */
	char path[PATH_MAX], log_path[PATH_MAX];
};

/* ---- options ---- */

enum word { WORD_INTO = 256, WORD_PURGE, WORD_TIMEOUT };

/* 0, COMMAND_MISUSED, or EXIT_SYSTEM after saying why; then there is nothing
 * to close. */
static int begin(struct removal *removal, const char *scan_dir, int argc,
		 char *argv[], bool takes_purge)
{
	static const struct option words[] = {
		{"into", required_argument, NULL, WORD_INTO},
		{"purge", no_argument, NULL, WORD_PURGE},
		{"timeout", required_argument, NULL, WORD_TIMEOUT},
		{NULL, 0, NULL, 0},
	};
	const char *root = NULL;
	int word;

	removal->timeout_ns = DEFAULT_TIMEOUT_NS;
	while ((word = options_next_long(argc, argv, "+:", words)) != -1) {
		if (word == WORD_INTO)
			root = optarg;
		else if (word == WORD_PURGE && takes_purge)
			removal->purges = true;
		else if (word != WORD_TIMEOUT ||
			 !span_parse(optarg, SPAN_SECOND_NS,
				     &removal->timeout_ns))
			return COMMAND_MISUSED;
	}
	if (argc - optind != 1)
		return COMMAND_MISUSED;
	removal->name = argv[optind];
	scan_dir = scan_dir_find(scan_dir);
	if (place_find(&removal->place, scan_dir, root) == 0)
		return 0;
	place_say_missing(scan_dir);
	return EXIT_SYSTEM;
}

/* ---- into the scan directory ---- */

/* The service directory that the operand means: a name in the root, or a path.
 * `name` is set to what it is to be called. */
static int find_source(const struct removal *removal, char source[PATH_MAX],
		       const char **name)
{
	char given[PATH_MAX];
	struct strb text = strb_on(given, sizeof(given));
	struct stat status;

	if (strchr(removal->name, '/'))
		strb_add(&text, removal->name);
	else
		strb_add_format(&text, "%s/%s", removal->place.root,
				removal->name);
	errno = ENAMETOOLONG;
	if (text.is_cut || !realpath(given, source) ||
	    stat(source, &status) == -1) {
		diag_fatal_errno("unable to enable %s", given);
		return -1;
	}
	if (!S_ISDIR(status.st_mode)) {
		diag_fatal("unable to enable %s: it isn't a directory", given);
		return -1;
	}
	*name = strrchr(source, '/') + 1;
	if (!strchr(removal->name, '/'))
		*name = removal->name;
	return 0;
}

/* Whether SCANDIR/NAME leads to that directory already. */
static bool is_same(const struct place *place, const char *name,
		    const char *source)
{
	struct stat linked, wanted;

	return fstatat(place->scan_fd, name, &linked, 0) == 0 &&
	       stat(source, &wanted) == 0 && linked.st_dev == wanted.st_dev &&
	       linked.st_ino == wanted.st_ino;
}

static int enable(const struct removal *removal)
{
	const struct place *place = &removal->place;
	char source[PATH_MAX];
	const char *name, *trouble;

	if (find_source(removal, source, &name) == -1)
		return EXIT_SYSTEM;
	trouble = place_name_trouble(name);
	if (trouble) {
		diag_fatal("%s can't be the name of a service: %s", name,
			   trouble);
		return EXIT_SYSTEM;
	}
	if (is_same(place, name, source)) {
		printf("%s is in %s already\n", name, place->scan_dir);
		return 0;
	}
	if (place_link(place, name, source) == -1) {
		diag_fatal_errno("unable to link %s into %s", source,
				 place->scan_dir);
		return EXIT_SYSTEM;
	}
	printf("linked %s into %s\n", source, place->scan_dir);
	return 0;
}

int enable_command(const char *scan_dir, int argc, char *argv[])
{
	struct removal removal = {.purges = false};
	int code = begin(&removal, scan_dir, argc, argv, false);

	if (code != 0)
		return code;
	code = place_open(&removal.place, false) == -1 ? EXIT_SYSTEM
						       : enable(&removal);
	place_close(&removal.place);
	return code;
}

/* ---- out of it ---- */

/* Where the service will be found when it has no name in the scan directory any
 * more: the directory itself. 0, or -1 after saying why not. */
static int find_path(struct removal *removal, enum place_entry entry)
{
	char given[PATH_MAX];
	struct strb text = strb_on(given, sizeof(given));
	struct strb log = strb_on(removal->log_path, sizeof(removal->log_path));

	if (entry == PLACE_NONE)
		strb_add(&text, removal->place.root);
	else
		strb_add(&text, removal->place.scan_dir);
	strb_add_format(&text, "/%s", removal->name);
	errno = ENAMETOOLONG;
	if (text.is_cut || !realpath(given, removal->path)) {
		if (entry == PLACE_LINK && errno == ENOENT) {
			*removal->path = '\0'; /* a link to nowhere */
			return 0;
		}
		diag_fatal_errno("unable to find %s", given);
		return -1;
	}
	strb_add_format(&log, "%s/log", removal->path);
	if (!log.is_cut)
		return 0;
	diag_fatal_errno("unable to find %s", given);
	return -1;
}

/* A directory that is kept in the scan directory goes to the root: the name
 * that supervisors see goes in one step. */
static int move_out(struct removal *removal)
{
	struct place *place = &removal->place;
	struct strb path = strb_on(removal->path, sizeof(removal->path));
	struct strb log = strb_on(removal->log_path, sizeof(removal->log_path));

	strb_add_format(&path, "%s/%s", place->root, removal->name);
	if (place->root_fd == -1) {
		place_close(place);
		if (place_open(place, true) == -1)
			return -1;
	}
	strb_add_format(&log, "%s/log", removal->path);
	errno = EEXIST;
	if (faccessat(place->root_fd, removal->name, F_OK,
		      AT_SYMLINK_NOFOLLOW) != 0 &&
	    renameat(place->scan_fd, removal->name, place->root_fd,
		     removal->name) == 0)
		return 0;
	diag_fatal_errno("unable to move %s/%s to %s: move it out of %s to "
			 "another place",
			 place->scan_dir, removal->name, path.data,
			 place->scan_dir);
	return -1;
}

/* 0, or -1 after saying why not. */
static int unlink_name(struct removal *removal, enum place_entry entry)
{
	struct place *place = &removal->place;

	if (entry == PLACE_NONE)
		return 0;
	if (entry == PLACE_DIRECTORY)
		return move_out(removal);
	errno = ENOTDIR;
	if (entry == PLACE_LINK &&
	    unlinkat(place->scan_fd, removal->name, 0) == 0)
		return fsync(place->scan_fd);
	diag_fatal_errno("unable to remove %s/%s", place->scan_dir,
			 removal->name);
	return -1;
}

/* Sends `letters` to the service at `path`, and waits until nobody supervises
 * it any more. 0, also when nobody does; or an exit code, after saying why. */
static int send_away(char *path, const char *letters, int64_t timeout_ns)
{
	struct await await = {.condition = CONDITION_GONE,
			      .is_acting = true,
			      .timeout_ns = timeout_ns};
	int64_t patience_ns = COMMANDS_PATIENCE_NS;
	bool is_gone, is_told = true;
	int control_fd, code;

	if (await_begin(&await, &path, 1) != 1)
		return EXIT_SYSTEM;
	control_fd = commands_open(await.all[0].dir_fd);
	is_gone = control_fd == -1 && (errno == ENXIO || errno == ENOENT);
	if (!is_gone &&
	    (control_fd == -1 ||
	     commands_write(control_fd, letters, strlen(letters)) == -1)) {
		diag_fatal_errno("unable to command %s", path);
		is_told = false;
	}
	if (control_fd != -1)
		commands_close(control_fd, &patience_ns);
	if (!is_told)
		await.timeout_ns = 0;
	code = await_run(&await);
	return is_gone ? 0 : is_told ? code : EXIT_SYSTEM;
}

static bool has_log(const struct removal *removal)
{
	struct stat status;

	return stat(removal->log_path, &status) == 0 && S_ISDIR(status.st_mode);
}

/*
 * Waits until the logger has read all that the service wrote; not for ever, as
 * what the service left behind may write on. Nobody tells when a pipe is empty,
 * so this has to look.
 */
static void wait_until_read(const struct removal *removal)
{
	const struct timespec pause = {.tv_nsec = DRAIN_PAUSE_NS};
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	int fd, waiting = 1;

	strb_add_format(&path, "%s/" SUPERVISE_PIPE, removal->path);
	if (path.is_cut)
		return;
	fd = open(room, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	for (int i = 0; fd != -1 && i < DRAIN_TRIES; i++) {
		if (ioctl(fd, FIONREAD, &waiting) == -1 || waiting == 0)
			break;
		nanosleep(&pause, NULL);
	}
	if (fd != -1)
		close(fd);
}

/* As long as there is a name or a supervisor for the pipe between the two, the
 * logger doesn't meet the end of its input: it is told to end. */
static int stop(struct removal *removal)
{
	int code;

	if (*removal->path == '\0')
		return 0;
	code = send_away(removal->path, "dx", removal->timeout_ns);
	if (code != 0 || !has_log(removal))
		return code;
	wait_until_read(removal);
	code = send_away(removal->log_path, "dx", removal->timeout_ns);
	return code;
}

/* The name goes in one step; then what it stood for. */
static int purge(const struct removal *removal)
{
	const struct place *place = &removal->place;
	char aside[NAME_MAX + 1];
	struct strb text = strb_on(aside, sizeof(aside));

	strb_add_format(&text, ".%s.new", removal->name);
	if (place->root_fd == -1 ||
	    faccessat(place->root_fd, removal->name, F_OK,
		      AT_SYMLINK_NOFOLLOW) == -1) {
		diag_warn("%s isn't in %s: it stays where it is",
			  *removal->path ? removal->path : removal->name,
			  place->root);
		return 0;
	}
	if (!text.is_cut && tree_remove(place->root_fd, aside) == 0 &&
	    renameat(place->root_fd, removal->name, place->root_fd, aside) ==
		    0 &&
	    tree_remove(place->root_fd, aside) == 0) {
		printf("removed %s/%s\n", place->root, removal->name);
		return 0;
	}
	diag_fatal_errno("unable to remove %s/%s", place->root, removal->name);
	return EXIT_SYSTEM;
}

static int take_out(struct removal *removal)
{
	enum place_entry entry = place_look(&removal->place, removal->name);
	int code;

	if (find_path(removal, entry) == -1 ||
	    unlink_name(removal, entry) == -1)
		return EXIT_SYSTEM;
	place_unlock(&removal->place);
	code = stop(removal);
	if (place_lock(&removal->place) == -1)
		return EXIT_SYSTEM;
	if (code != 0) {
		diag_warn("%s is out of %s, but has not ended%s", removal->name,
			  removal->place.scan_dir,
			  removal->purges ? ": nothing else was removed" : "");
		return code;
	}
	if (removal->purges)
		return purge(removal);
	if (*removal->path != '\0')
		printf("%s is not supervised; its directory is %s\n",
		       removal->name, removal->path);
	return 0;
}

static int out_command(const char *scan_dir, int argc, char *argv[],
		       bool takes_purge)
{
	static struct removal removal; /* large */
	const char *trouble;
	int code = begin(&removal, scan_dir, argc, argv, takes_purge);

	if (code != 0)
		return code;
	trouble = place_name_trouble(removal.name);
	if (trouble) {
		diag_fatal("%s is no name in the scan directory: %s",
			   removal.name, trouble);
		return EXIT_SYSTEM;
	}
	/* The root is where a directory is moved that was kept here. */
	code = place_open(&removal.place, false) == -1 ? EXIT_SYSTEM
						       : take_out(&removal);
	place_close(&removal.place);
	return code;
}

int disable_command(const char *scan_dir, int argc, char *argv[])
{
	return out_command(scan_dir, argc, argv, false);
}

int remove_command(const char *scan_dir, int argc, char *argv[])
{
	return out_command(scan_dir, argc, argv, true);
}
