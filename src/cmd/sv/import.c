/* import.c -- see import.h. */
#include <errno.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/strb.h"
#include "cmd/sv/command.h"
#include "cmd/sv/import.h"
#include "cmd/sv/maker.h"
#include "make/import.h"
#include "make/supervisor.h"

#define SOME_LOST 1
/* Larger ones aren't what they are called. */
#define LARGEST 1048576

enum word {
	WORD_DRY_RUN = 256,
	WORD_ENABLE,
	WORD_INTO,
	WORD_LOG_USER,
	WORD_NO_LOG,
};

static const struct option words[] = {
	{"dry-run", no_argument, NULL, WORD_DRY_RUN},
	{"enable", no_argument, NULL, WORD_ENABLE},
	{"into", required_argument, NULL, WORD_INTO},
	{"log-user", required_argument, NULL, WORD_LOG_USER},
	{"no-log", no_argument, NULL, WORD_NO_LOG},
	{NULL, 0, NULL, 0},
};

struct importing {
	struct maker maker;
	const char *path; /* of the file */
	bool has_lost;    /* something was said */
	bool has_failed;
};

static void on_note(void *with, const struct import_note *note)
{
	struct importing *importing = with;
	char room[PATH_MAX];
	struct strb text = strb_on(room, sizeof(room));

	strb_add_shown(&text, note->path ? note->path : importing->path,
		       PATH_MAX / 2);
	if (note->line != 0)
		strb_add_format(&text, ":%u", note->line);
	if (*note->key != '\0') {
		strb_add(&text, ": ");
		strb_add_shown(&text, note->key, 60);
	}
	strb_add_format(&text, ": %s; %s", note->why, note->advice);
	diag_print("%s", room);
	importing->has_lost = true;
}

static int make(void *with, struct import *import)
{
	struct importing *importing = with;

	if (maker_add(&importing->maker, import->name, &import->plan) == -1)
		importing->has_failed = true;
	return 0;
}

/* ---- files ---- */

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* "DIR/NAME@.service" for "DIR/NAME@INSTANCE.service"; false: that is none. */
static bool find_template(const char *path, struct strb *out)
{
	const char *at = strchr(base_of(path), '@');

	if (!at)
		return false;
	strb_add_bytes(out, path, (size_t)(at + 1 - path));
	strb_add(out, ".service");
	return !out->is_cut;
}

static char *read_file(const char *path, size_t *len)
{
	char room[PATH_MAX];
	struct strb template = strb_on(room, sizeof(room));
	char *text = fd_read_all(path, len);

	if (!text && errno == ENOENT && find_template(path, &template))
		text = fd_read_all(room, len);
	if (text && *len > LARGEST) {
		free(text);
		text = NULL;
		errno = EFBIG;
	}
	return text;
}

static void import_service(struct importing *importing, char *text, size_t len)
{
	const char *base = base_of(importing->path);
	char name[NAME_MAX + 1];
	struct strb shown = strb_on(name, sizeof(name));
	struct import import = {.name = name,
				.tell = on_note,
				.with = importing,
				.plan.folder = importing->maker.folder};

	strb_add_bytes(&shown, base, strlen(base) - strlen(".service"));
	if (ends_with(base, "@.service")) {
		diag_fatal("%s is a template: say which instance, as in "
			   "%s1.service",
			   importing->path, name);
		importing->has_failed = true;
	} else if (import_unit(&import, text, len) == 0) {
		make(importing, &import);
	} else {
		importing->has_failed = true;
	}
	import_free(&import);
}

/* The absolute path of the directory that a file is in. False after saying why
 * there is none. */
static bool find_directory(const char *file, char dir[PATH_MAX])
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_bytes(&path, file, (size_t)(base_of(file) - file));
	strb_add(&path, ".");
	errno = ENAMETOOLONG;
	if (!path.is_cut && realpath(room, dir))
		return true;
	diag_fatal_errno("unable to find the directory of %s", file);
	return false;
}

static void import_processes(struct importing *importing, char *text,
			     size_t len)
{
	struct import import = {.tell = on_note, .with = importing};
	char dir[PATH_MAX];

	if (!find_directory(importing->path, dir) ||
	    import_procfile(&import, dir, text, len, make) == -1)
		importing->has_failed = true;
}

/* ---- supervisord ---- */

/* 0, or -1 after saying why not. Takes the text over. */
static int read_configuration(struct supervisor *supervisor, const char *path,
			      char *text, size_t len)
{
	char dir[PATH_MAX];

	if (find_directory(path, dir))
		return supervisor_read(supervisor, path, dir, text, len);
	free(text);
	return -1;
}

/* The files that a pattern stands for, in the order of their names. */
static int read_included(struct supervisor *supervisor, const char *pattern)
{
	glob_t found = {.gl_pathc = 0};
	int result = 0;

	if (glob(pattern, 0, NULL, &found) != 0)
		supervisor_tell_missing(supervisor, pattern);
	for (size_t i = 0; i < found.gl_pathc && result == 0; i++) {
		size_t len;
		char *text = read_file(found.gl_pathv[i], &len);

		if (!text) {
			diag_fatal_errno("unable to read %s",
					 found.gl_pathv[i]);
			result = -1;
		} else {
			result = read_configuration(
				supervisor, found.gl_pathv[i], text, len);
		}
	}
	globfree(&found);
	return result;
}

static void import_supervisor(struct importing *importing, char *text,
			      size_t len)
{
	struct import import = {.tell = on_note,
				.with = importing,
				.plan.folder = importing->maker.folder};
	struct supervisor supervisor = {.import = &import};
	struct list patterns = {.items = NULL};
	int result =
		read_configuration(&supervisor, importing->path, text, len);

	if (result == 0)
		supervisor_includes(&supervisor, &patterns);
	for (size_t i = 0; i < patterns.count && result == 0; i++)
		result = read_included(&supervisor, patterns.items[i]);
	if (result == 0)
		result = supervisor_finish(&supervisor, make);
	if (result == -1)
		importing->has_failed = true;
	list_free(&patterns);
	supervisor_free(&supervisor);
	import_free(&import);
}

static bool is_supervisor(const char *base, const char *text)
{
	return strncmp(base, "supervisor", strlen("supervisor")) == 0 ||
	       supervisor_is_meant(text);
}

static void import_file(struct importing *importing)
{
	const char *base = base_of(importing->path);
	size_t len;
	char *text = read_file(importing->path, &len);

	if (!text) {
		diag_fatal_errno("unable to read %s", importing->path);
		importing->has_failed = true;
		return;
	}
	if (ends_with(base, ".service")) {
		import_service(importing, text, len);
	} else if (strncmp(base, "Procfile", strlen("Procfile")) == 0) {
		import_processes(importing, text, len);
	} else if (is_supervisor(base, text)) {
		import_supervisor(importing, text, len);
		text = NULL; /* it took that over */
	} else {
		diag_fatal("%s is neither a Procfile nor a .service, which "
			   "their names tell, nor a configuration of "
			   "supervisord, which has a [program:x]: services can "
			   "be made of these",
			   importing->path);
		importing->has_failed = true;
	}
	free(text);
}

/* False: wrong use. */
static bool take_options(struct maker *maker, int argc, char *argv[])
{
	int word;

	maker->is_disabled = true;
	while ((word = options_next_long(argc, argv, "+:", words)) != -1) {
		switch (word) {
		case WORD_DRY_RUN: maker->is_dry = true; break;
		case WORD_ENABLE: maker->is_disabled = false; break;
		case WORD_INTO: maker->root = optarg; break;
		case WORD_LOG_USER: maker->log_user = optarg; break;
		case WORD_NO_LOG: maker->has_no_log = true; break;
		default: return false;
		}
	}
	return optind < argc;
}

int import_command(const char *scan_dir, int argc, char *argv[])
{
	struct importing importing = {.maker = {.scan_dir = scan_dir}};
	int code = EXIT_SYSTEM;

	if (!take_options(&importing.maker, argc, argv))
		return COMMAND_MISUSED;
	if (maker_begin(&importing.maker) == -1)
		goto out;
	for (int i = optind; i < argc; i++) {
		importing.path = argv[i];
		import_file(&importing);
	}
	if (!importing.has_failed)
		code = importing.has_lost ? SOME_LOST : 0;
out:
	maker_end(&importing.maker);
	return code;
}
