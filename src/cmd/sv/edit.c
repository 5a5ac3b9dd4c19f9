/* edit.c -- see edit.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/strb.h"
#include "cmd/sv/command.h"
#include "cmd/sv/edit.h"
#include "cmd/sv/lint.h"
#include "make/place.h"
#include "make/replace.h"
#include "make/tree.h"
#include "service/scan_dir.h"

#define FILE_SIZE 1048576 /* bytes that a file may have */

struct edition {
	const char *name;       /* of the service */
	char service[PATH_MAX]; /* its directory */
	char file[PATH_MAX];    /* the file itself, behind all links */
	char folder[PATH_MAX];  /* of the copy */
	char copy[PATH_MAX];    /* the copy */
	char *before, *after;   /* owned */
	long before_len, after_len;
};

/* ---- finding ---- */

/* In the scan directory, or else in the root. 0, or -1 after saying why not. */
static int find(struct edition *edition, const char *scan_dir, const char *file)
{
	char path[PATH_MAX];
	struct strb text = strb_on(path, sizeof(path));
	struct strb service =
		strb_on(edition->service, sizeof(edition->service));
	struct place place;

	if (scan_dir_path_of(edition->name, scan_dir, edition->service,
			     sizeof(edition->service)) == -1)
		edition->service[0] = '\0';
	if (access(edition->service, F_OK) == -1 &&
	    !strchr(edition->name, '/') &&
	    place_find(&place, scan_dir, NULL) == 0) {
		service = strb_on(edition->service, sizeof(edition->service));
		strb_add_format(&service, "%s/%s", place.root, edition->name);
	}
	strb_add_format(&text, "%s/%s", edition->service, file);
	errno = ENAMETOOLONG;
	if (!text.is_cut && realpath(path, edition->file))
		return 0;
	diag_fatal_errno("unable to edit %s", path);
	return -1;
}

/* The bytes of a file, and their number; NULL with errno. */
static char *read_whole(const char *path, long *len)
{
	char *bytes = malloc(FILE_SIZE);

	if (!bytes)
		return NULL;
	*len = fd_read_file(AT_FDCWD, path, bytes, FILE_SIZE);
	if (*len == FILE_SIZE)
		errno = EFBIG;
	if (*len >= 0 && *len < FILE_SIZE)
		return bytes;
	free(bytes);
	return NULL;
}

/* ---- the copy ---- */

static int write_copy(struct edition *edition)
{
	const char *base = getenv("TMPDIR");
	struct strb folder = strb_on(edition->folder, sizeof(edition->folder));
	struct strb copy = strb_on(edition->copy, sizeof(edition->copy));
	int fd, result;

	strb_add_format(&folder, "%s/sv-edit.XXXXXX",
			base && *base ? base : "/tmp");
	if (folder.is_cut || !mkdtemp(edition->folder)) {
		edition->folder[0] = '\0';
		return -1;
	}
	strb_add_format(&copy, "%s%s", edition->folder,
			strrchr(edition->file, '/'));
	fd = copy.is_cut ? -1
			 : open(edition->copy,
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	result = fd_write_all(fd, edition->before, (size_t)edition->before_len);
	return close(fd) == -1 ? -1 : result;
}

static void remove_copy(const struct edition *edition)
{
	if (edition->folder[0] != '\0')
		tree_remove(AT_FDCWD, edition->folder);
}

/* ---- the editor ---- */

/* What people write there has arguments: "emacs -nw". */
static _Noreturn void become_editor(const char *editor, char *path)
{
	char line[1024], shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, line, shell, path, NULL};
	struct strb text = strb_on(line, sizeof(line));

	strb_add_format(&text, "%s \"$1\"", editor);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (!text.is_cut)
		execve(shell, argv, environ);
	_exit(127);
}

/* What the editor's keys send to all is for the editor. 0, or -1 after saying
 * why not. */
static int run_editor(struct edition *edition)
{
	const char *editor = getenv("VISUAL");
	int status = 0;
	pid_t pid;

	if (!editor || *editor == '\0')
		editor = getenv("EDITOR");
	if (!editor || *editor == '\0')
		editor = "vi";
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0)
		become_editor(editor, edition->copy);
	if (pid == -1) {
		diag_fatal_errno("unable to run %s", editor);
		return -1;
	}
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	diag_fatal("%s did not end well: %s stays as it is", editor,
		   edition->file);
	return -1;
}

/* ---- in place ---- */

static bool is_same(const char *one, long one_len, const char *other,
		    long other_len)
{
	return one_len == other_len && memcmp(one, other, (size_t)one_len) == 0;
}

/* Whether it is what the editor was given. */
static bool is_untouched(const struct edition *edition)
{
	long len;
	char *now = read_whole(edition->file, &len);
	bool result =
		now && is_same(now, len, edition->before, edition->before_len);

	free(now);
	return result;
}

/* 0, or -1 after saying why not; what was written is kept then. */
static int put_in_place(const struct edition *edition)
{
	char folder[PATH_MAX];
	struct strb text = strb_on(folder, sizeof(folder));
	const char *slash = strrchr(edition->file, '/');
	int dir_fd, result = -1;

	if (!is_untouched(edition)) {
		diag_fatal("somebody else has changed %s: yours is %s",
			   edition->file, edition->copy);
		return -1;
	}
	strb_add_bytes(
		&text, edition->file,
		slash == edition->file ? 1 : (size_t)(slash - edition->file));
	dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd != -1) {
		result = replace_file(dir_fd, slash + 1, edition->after,
				      (size_t)edition->after_len);
		close(dir_fd);
	}
	if (result == -1)
		diag_fatal_errno("unable to write %s: yours is %s",
				 edition->file, edition->copy);
	return result;
}

static void check(const struct edition *edition)
{
	int dir_fd = open(edition->service, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd == -1)
		return;
	lint_print(edition->service, dir_fd);
	close(dir_fd);
}

/* 0, or -1 after saying why not. */
static int edit(struct edition *edition)
{
	edition->before = read_whole(edition->file, &edition->before_len);
	if (!edition->before || write_copy(edition) == -1) {
		diag_fatal_errno("unable to copy %s", edition->file);
		remove_copy(edition);
		return -1;
	}
	if (run_editor(edition) == -1) {
		remove_copy(edition);
		return -1;
	}
	edition->after = read_whole(edition->copy, &edition->after_len);
	if (!edition->after || edition->after_len == 0) {
		diag_fatal("nothing was left of %s: it stays as it is",
			   edition->file);
		remove_copy(edition);
		return -1;
	}
	if (is_same(edition->before, edition->before_len, edition->after,
		    edition->after_len)) {
		printf("%s is unchanged\n", edition->file);
	} else {
		if (put_in_place(edition) == -1)
			return -1;
		printf("changed %s; it counts from the next start on: sv "
		       "restart %s\n",
		       edition->file, edition->name);
		check(edition);
	}
	remove_copy(edition);
	return 0;
}

int edit_command(const char *scan_dir, int argc, char *argv[])
{
	static struct edition edition; /* large */
	int result;

	if (options_next(argc, argv, "+:") != -1 || argc - optind < 1 ||
	    argc - optind > 2)
		return COMMAND_MISUSED;
	edition.name = argv[optind];
	if (find(&edition, scan_dir_find(scan_dir),
		 argc - optind == 2 ? argv[optind + 1] : "run") == -1)
		return EXIT_SYSTEM;
	result = edit(&edition);
	free(edition.before);
	free(edition.after);
	return result == 0 ? 0 : EXIT_SYSTEM;
}
