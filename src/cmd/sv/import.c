/* import.c -- see import.h. */
#include <errno.h>
#include <getopt.h>
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

	strb_add_shown(&text, importing->path, PATH_MAX / 2);
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

static void import_processes(struct importing *importing, char *text,
			     size_t len)
{
	struct import import = {.tell = on_note, .with = importing};
	char dir[PATH_MAX], room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_bytes(&path, importing->path,
		       (size_t)(base_of(importing->path) - importing->path));
	strb_add(&path, ".");
	if (!realpath(room, dir)) {
		diag_fatal_errno("unable to find the directory of %s",
				 importing->path);
		importing->has_failed = true;
	} else if (import_procfile(&import, dir, text, len, make) == -1) {
		importing->has_failed = true;
	}
}

static void import_file(struct importing *importing)
{
	const char *base = base_of(importing->path);
	bool is_unit = ends_with(base, ".service");
	char *text;
	size_t len;

	if (!is_unit && strncmp(base, "Procfile", strlen("Procfile")) != 0) {
		diag_fatal("%s is neither a Procfile nor a .service: services "
			   "can be made of these, and their names tell them",
			   importing->path);
		importing->has_failed = true;
		return;
	}
	text = read_file(importing->path, &len);
	if (!text) {
		diag_fatal_errno("unable to read %s", importing->path);
		importing->has_failed = true;
		return;
	}
	if (is_unit)
		import_service(importing, text, len);
	else
		import_processes(importing, text, len);
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
