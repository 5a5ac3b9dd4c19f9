/* lint.c -- see lint.h; the files of a service directory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/names.h"
#include "base/strb.h"
#include "make/lint.h"
#include "make/lint_log.h"
#include "make/shell.h"
#include "make/typo.h"
#include "service/config.h"
#include "service/state_place.h"
#include "service/supervise_dir.h"

#define SCRIPT_SIZE 65536 /* bytes of a script that are looked at */
#define TEXT_SIZE   1024
#define ANY_X       (S_IXUSR | S_IXGRP | S_IXOTH)

/* One directory: the service's, or that of its log. */
struct view {
	struct lint *lint;
	int dir_fd;
	const char *prefix; /* of file names: "" or "log/" */
	bool is_log;
	bool has_log;
	struct service_config config;
};

/* Of a file of the directory of `view`. */
static void tell(const struct view *view, const char *name, const char *problem,
		 const char *advice)
{
	char file[NAME_MAX + 16];
	struct strb text = strb_on(file, sizeof(file));

	strb_add(&text, view->prefix);
	strb_add(&text, name);
	lint_tell(view->lint, file, problem, "%s", advice);
}

/* ---- scripts ---- */

/* False with errno; EACCES of what is no regular file, as of exec. */
static bool can_be_run(const char *path)
{
	struct stat status;

	if (stat(path, &status) == -1)
		return false;
	errno = EACCES;
	return S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static void look_at_interpreter(const struct view *view, const char *name,
				const struct script_look *look)
{
	char problem[TEXT_SIZE];

	if (look->has_cr) {
		tell(view, name, "its lines end in CR LF, as Windows has them",
		     "remove the CRs: sed -i 's/\\r$//'");
		return;
	}
	if (look->kind == SCRIPT_EMPTY) {
		tell(view, name, "it is empty",
		     "begin it with #!/bin/sh, and end it with exec");
		return;
	}
	if (look->kind == SCRIPT_BARE) {
		tell(view, name, "it has no #! line, so it can't be started",
		     "begin it with #!/bin/sh");
		return;
	}
	if (look->interpreter[0] != '/' || can_be_run(look->interpreter))
		return;
	snprintf(problem, sizeof(problem), "its interpreter %s: %s",
		 look->interpreter, diag_reason(errno));
	tell(view, name, problem, "install it, or correct the #! line");
}

static void look_at_run(const struct view *view, const struct script_look *look)
{
	char problem[TEXT_SIZE];

	if (look->kind != SCRIPT_SHELL || !look->is_sure)
		return;
	if (look->is_parent) {
		snprintf(problem, sizeof(problem),
			 "it runs %s without exec, so signals go to the shell",
			 look->last);
		tell(view, "run", problem, "put exec before its last command");
	}
	if (view->has_log && !look->redirects_errors)
		tell(view, "run",
		     "messages on standard error don't go to the log",
		     "put exec 2>&1 at its beginning");
}

/* One that must be a script, if it is there. */
static void look_at_script(const struct view *view, const char *name)
{
	static char text[SCRIPT_SIZE]; /* large */
	bool is_run = strcmp(name, "run") == 0;
	struct script_look look;
	struct stat status;
	long len;

	if (fstatat(view->dir_fd, name, &status, 0) == -1)
		return;
	if (!S_ISREG(status.st_mode)) {
		tell(view, name, "it is no regular file, so it can't be run",
		     "put a script in its place");
		return;
	}
	if ((status.st_mode & ANY_X) == 0)
		tell(view, name, "it is not executable", "chmod +x it");
	len = fd_read_file(view->dir_fd, name, text, sizeof(text) - 1);
	if (len < 0)
		return;
	text[len] = '\0';
	script_look(text, (size_t)len, &look);
	look_at_interpreter(view, name, &look);
	if (is_run)
		look_at_run(view, &look);
	if (is_run && view->is_log)
		lint_log(view->lint, view->dir_fd, text);
}

static bool has(const struct view *view, enum config_name name)
{
	return (view->config.there >> name & 1) != 0;
}

static void tell_no_run(const struct view *view)
{
	char target[PATH_MAX], problem[PATH_MAX + TEXT_SIZE];
	ssize_t len =
		readlinkat(view->dir_fd, "run", target, sizeof(target) - 1);

	if (len < 0) {
		tell(view, "run", "there is none", "write one; see sv(8)");
		return;
	}
	target[len] = '\0';
	snprintf(problem, sizeof(problem), "it leads to %s, which isn't there",
		 target);
	tell(view, "run", problem, "install that, or correct the link");
}

static void look_at_scripts(const struct view *view)
{
	static const enum config_name scripts[] = {CONFIG_RUN, CONFIG_FINISH,
						   CONFIG_CHECK};
	bool has_work = has(view, CONFIG_RUN) || has(view, CONFIG_START) ||
			has(view, CONFIG_CONTENTS) ||
			view->config.type == CONFIG_TYPE_ONESHOT ||
			view->config.type == CONFIG_TYPE_BUNDLE;

	if (!has_work)
		tell_no_run(view);
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		look_at_script(view, config_file(scripts[i]));
}

/* ---- names ---- */

/* Those whose likes nobody chooses for anything else. "run" is one only where
 * there is none. */
static const enum config_name tellings[] = {
	CONFIG_FINISH,
	CONFIG_DEPENDENCIES,
	CONFIG_WANTS,
	CONFIG_AFTER,
	CONFIG_CONTENTS,
	CONFIG_NOTIFY_SOCKET,
	CONFIG_FLAG_NEWPIDNS,
	CONFIG_NO_SETSID,
	CONFIG_NOTIFICATION_FD,
	CONFIG_TIMEOUT_KILL,
	CONFIG_TIMEOUT_FINISH,
	CONFIG_TIMEOUT_UP,
	CONFIG_TIMEOUT_DOWN,
	CONFIG_DOWN_SIGNAL,
	CONFIG_RELOAD_SIGNAL,
	CONFIG_MAX_DEATH_TALLY,
	CONFIG_LOCK_FD,
	CONFIG_RESTART,
	CONFIG_ON_GIVING_UP,
	CONFIG_ON_EXIT,
	CONFIG_KILL_SCOPE,
	CONFIG_DIALECT,
	CONFIG_RUN,
};

#define TELLING_COUNT (sizeof(tellings) / sizeof(tellings[0]))

static bool is_contracts(const char *name)
{
	for (int i = 0; i < CONFIG_NAME_COUNT; i++) {
		if (strcmp(name, config_file((enum config_name)i)) == 0)
			return true;
	}
	return strcmp(name, "supervise") == 0 || strcmp(name, "event") == 0;
}

static void take_name(void *owner, const char *name, enum names_kind kind)
{
	const struct view *view = owner;
	const char *names[TELLING_COUNT + 1];
	size_t count = TELLING_COUNT;
	char problem[TEXT_SIZE];
	const char *meant;

	(void)kind;
	/* Copies of files, of editors and packagers, have a dot or a '~'. */
	if (name[0] == '.' || is_contracts(name) ||
	    name[strlen(name) - 1] == '~')
		return;
	for (size_t i = 0; i < TELLING_COUNT; i++)
		names[i] = config_file(tellings[i]);
	if (has(view, CONFIG_RUN))
		count--;
	names[count] = NULL;
	meant = typo_guess(name, names);
	if (!meant || strncmp(name, meant, strlen(meant)) == 0)
		return;
	snprintf(problem, sizeof(problem),
		 "nothing reads a file of that name; %s, perhaps?", meant);
	tell(view, name, problem, "rename it, or give it quite another name");
}

/* ---- values ---- */

/* "FILE: WHAT IS WRONG; WHAT IS USED INSTEAD" */
static void tell_values(const struct view *view, char *troubles)
{
	for (char *line = troubles; *line != '\0';) {
		char *end = strchr(line, '\n'), *what, *instead;

		if (!end)
			return;
		*end = '\0';
		what = strstr(line, ": ");
		instead = what ? strstr(what, "; ") : NULL;
		if (instead) {
			*what = *instead = '\0';
			tell(view, line, what + 2,
			     "correct it; see service-dirs(7)");
		}
		line = end + 1;
	}
}

/* ---- permissions ---- */

/* Who else may change what runs as the owner of the directory's supervisor. A
 * group of one user's own has his number. */
static void look_at_mode(const struct view *view, const char *name)
{
	struct stat status;
	const char *shown = *name ? name : ".";

	if (fstatat(view->dir_fd, shown, &status, 0) == -1)
		return;
	if ((status.st_mode & S_IWOTH) != 0) {
		tell(view, name, "everybody may change it", "chmod o-w it");
		return;
	}
	if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0 &&
	    status.st_gid != status.st_uid)
		tell(view, name, "its group may change it", "chmod g-w it");
}

/* Files that are run, and the directory, belong to whom the directory does, or
 * to root. */
static void look_at_owner(const struct view *view, const char *name)
{
	struct stat directory, file;
	char problem[TEXT_SIZE];

	if (fstat(view->dir_fd, &directory) == -1 ||
	    fstatat(view->dir_fd, name, &file, 0) == -1 ||
	    file.st_uid == directory.st_uid || file.st_uid == 0)
		return;
	snprintf(problem, sizeof(problem),
		 "user %lu may change it, who doesn't own the directory",
		 (unsigned long)file.st_uid);
	tell(view, name, problem, "chown it to the owner of the directory");
}

/* What is on record is believed only if nobody else can have written it; see
 * trust.h. A supervisor runs as root, or as the owner of the directory. */
static void look_at_records(const struct view *view)
{
	struct stat directory, records;
	char problem[TEXT_SIZE];

	if (fstat(view->dir_fd, &directory) == -1 ||
	    fstatat(view->dir_fd, SUPERVISE_DIR, &records, 0) == -1 ||
	    ((records.st_uid == 0 || records.st_uid == directory.st_uid) &&
	     (records.st_mode & (S_IWGRP | S_IWOTH)) == 0))
		return;
	snprintf(problem, sizeof(problem),
		 "%s may write in it, so what is on record there isn't "
		 "believed: once svscan is killed, nobody takes the service "
		 "over",
		 (records.st_mode & S_IWOTH)   ? "everybody"
		 : (records.st_mode & S_IWGRP) ? "its group"
					       : "its owner");
	tell(view, SUPERVISE_DIR, problem,
	     "chown -R it to the owner of the directory, and chmod go-w it; "
	     "sv allow lets others control the service");
}

/* Whether a supervisor that runs as this user could make its files, or has
 * them. Where nothing can be written at all that is so for every user. */
static void look_at_place(const struct view *view)
{
	const char *place = SUPERVISE_DIR;
	char problem[TEXT_SIZE];
	struct stat status;
	int error;

	if (fstatat(view->dir_fd, place, &status, AT_SYMLINK_NOFOLLOW) == -1)
		place = ".";
	else if (S_ISLNK(status.st_mode) &&
		 fstatat(view->dir_fd, place, &status, 0) == -1)
		return; /* a supervisor makes what it leads to */
	if (faccessat(view->dir_fd, place, W_OK | X_OK, AT_EACCESS) == 0)
		return;
	error = state_place_is_sealed(view->dir_fd, SUPERVISE_DIR) ? EROFS
								   : errno;
	if ((error != EROFS && (error != EACCES || *place != '.')) ||
	    state_place_has_room())
		return;
	snprintf(problem, sizeof(problem), "a supervisor%s can't %s: %s",
		 error == EACCES ? " that runs as this user" : "",
		 *place == '.' ? "make it" : "write there", diag_reason(error));
	tell(view, SUPERVISE_DIR, problem,
	     "mount a tmpfs at /run or /tmp, or set SUPERVISEDIR to a "
	     "directory "
	     "that can be written; see supervise(8)");
}

static void look_at_permissions(const struct view *view)
{
	static const enum config_name names[] = {
		CONFIG_RUN,   CONFIG_FINISH, CONFIG_START,  CONFIG_STOP,
		CONFIG_CHECK, CONFIG_NOTIFY, CONFIG_CONTROL};

	look_at_mode(view, "");
	look_at_records(view);
	look_at_place(view);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!has(view, names[i]))
			continue;
		look_at_mode(view, config_file(names[i]));
		look_at_owner(view, config_file(names[i]));
	}
}

/* ---- all of it ---- */

static int look_at(struct view *view)
{
	char room[CONFIG_TROUBLES_SIZE];
	struct strb troubles = strb_on(room, sizeof(room));

	if (config_read(view->dir_fd, &view->config, &troubles) == -1)
		return -1;
	view->has_log = view->config.log == CONFIG_LOG_DIRECTORY ||
			view->config.log == CONFIG_LOG_INLINE;
	look_at_scripts(view);
	if (names_each(view->dir_fd, take_name, view) == -1 && errno != EACCES)
		return -1;
	tell_values(view, room);
	look_at_permissions(view);
	if (!view->is_log && view->config.log == CONFIG_LOG_UNUSABLE)
		tell(view, "log", "it is no directory, nor can it be run",
		     "make it a directory with a run of its own");
	return 0;
}

int lint_directory(struct lint *lint, int dir_fd)
{
	struct view view = {.lint = lint, .dir_fd = dir_fd, .prefix = ""};
	struct view log = {.lint = lint, .prefix = "log/", .is_log = true};
	int error, result;

	if (look_at(&view) == -1)
		return -1;
	if (view.config.log != CONFIG_LOG_DIRECTORY)
		return 0;
	log.dir_fd = openat(dir_fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log.dir_fd == -1)
		return -1;
	result = look_at(&log);
	error = errno;
	close(log.dir_fd);
	errno = error;
	return result;
}
