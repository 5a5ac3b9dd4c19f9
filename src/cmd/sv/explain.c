/* explain.c -- see explain.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/options.h"
#include "base/strb.h"
#include "cmd/sv/command.h"
#include "cmd/sv/explain.h"
#include "make/explain.h"
#include "service/config.h"
#include "service/scan_dir.h"
#include "view/text.h"

#define FAILED_MOST 99   /* as runit's sv */
#define VALUE_BYTES 4096 /* of a file, more isn't looked at */
#define FILE_WIDTH  16   /* columns */

/* ---- a name ---- */

static void print_row(const char *file, const char *value, const char *meaning)
{
	char room[NAME_MAX + 1];
	struct strb shown = strb_on(room, sizeof(room));

	text_add_shown(&shown, file, SIZE_MAX);
	if (!isatty(STDOUT_FILENO))
		printf("%s\t%s\t%s\n", room, value, meaning);
	else if (*value != '\0')
		printf("%-*s %s\n%*s %s\n", FILE_WIDTH, room, value, FILE_WIDTH,
		       "", meaning);
	else
		printf("%-*s %s\n", FILE_WIDTH, room, meaning);
}

static void explain_all(void)
{
	const struct explanation *row;

	for (size_t i = 0; (row = explain_row(i)); i++)
		print_row(row->file, "", row->meaning);
}

/* ---- a directory ---- */

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void add_names(struct strb *value, const char *path, const char *file)
{
	char room[PATH_MAX];
	struct strb inner = strb_on(room, sizeof(room));
	struct dirent **names = NULL;
	int count;

	strb_add_format(&inner, "%s/%s", path, file);
	count = inner.is_cut ? -1 : scandir(room, &names, is_shown, alphasort);
	for (int i = 0; i < count; i++) {
		strb_add(value, i == 0 ? "" : " ");
		text_add_shown(value, names[i]->d_name, SIZE_MAX);
		free(names[i]);
	}
	free(names);
}

static void add_line(struct strb *value, int dir_fd, const char *file)
{
	char text[VALUE_BYTES];
	long len = fd_read_file(dir_fd, file, text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	text_add_shown(value, text, SIZE_MAX);
}

/* Of a script and of "supervise", what is in it is beside the point. */
static void add_value(struct strb *value, const char *path, int dir_fd,
		      const char *file)
{
	struct stat status;

	if (fstatat(dir_fd, file, &status, 0) == -1)
		strb_add(value, diag_reason(errno));
	else if (S_ISDIR(status.st_mode) && strcmp(file, "supervise") != 0 &&
		 strcmp(file, "log") != 0)
		add_names(value, path, file);
	else if (S_ISREG(status.st_mode) && !(status.st_mode & 0111))
		add_line(value, dir_fd, file);
}

static const char *meaning_of(const struct service_config *config,
			      const char *file, struct strb *room)
{
	const struct explanation *row = explain_find(file);
	const char *guess = row ? NULL : explain_guess(file);

	if (guess)
		strb_add_format(room, "nothing reads it; %s, perhaps?", guess);
	else if (!row)
		strb_add(room, "nothing reads it");
	else
		strb_add(room, row->meaning);
	for (int i = 0; row && i < CONFIG_NAME_COUNT; i++) {
		if (strcmp(config_file((enum config_name)i), file) == 0 &&
		    !config_has(config, (enum config_name)i))
			strb_add(room, " (without effect here)");
	}
	return room->data;
}

static void explain_file(const struct service_config *config, const char *path,
			 int dir_fd, const char *file)
{
	char value[VALUE_BYTES], meaning[256];
	struct strb value_text = strb_on(value, sizeof(value));
	struct strb meaning_text = strb_on(meaning, sizeof(meaning));

	add_value(&value_text, path, dir_fd, file);
	print_row(file, value, meaning_of(config, file, &meaning_text));
}

static void print_head(const char *name, const struct service_config *config)
{
	char room[512];
	struct strb text = strb_on(room, sizeof(room));

	text_add_shown(&text, name, 200);
	strb_add(&text, " is read as a directory of ");
	config_explain(config, &text);
	puts(room);
}

/* What can't be understood, and what counts instead. */
static void print_troubles(const char *name, char *troubles)
{
	for (char *line = strtok(troubles, "\n"); line;
	     line = strtok(NULL, "\n"))
		printf("%s/%s\n", name, line);
}

/* False after saying why not. */
static bool explain_directory(const char *name, const char *path, int dir_fd)
{
	char room[CONFIG_TROUBLES_SIZE];
	struct strb troubles = strb_on(room, sizeof(room));
	struct service_config config;
	struct dirent **names = NULL;
	int count;

	config_defaults(&config);
	if (config_read(dir_fd, &config, &troubles) == -1 ||
	    (count = scandir(path, &names, is_shown, alphasort)) == -1) {
		diag_warn_errno("unable to read %s", path);
		return false;
	}
	print_head(name, &config);
	for (int i = 0; i < count; i++) {
		explain_file(&config, path, dir_fd, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	print_troubles(name, room);
	return true;
}

/* ---- the command ---- */

static void say_unknown(const char *word, const char *scan_dir)
{
	const char *guess = explain_guess(word);

	diag_warn("%s is neither a service in %s nor a file that supervisors "
		  "read%s%s%s",
		  word, scan_dir, guess ? "; did you mean " : "",
		  guess ? guess : "", guess ? "?" : "");
}

static bool explain(const char *word, const char *scan_dir)
{
	const struct explanation *row = explain_find(word);
	char path[PATH_MAX];
	bool is_done;
	int dir_fd = -1;

	if (scan_dir_path_of(word, scan_dir, path, sizeof(path)) == 0)
		dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd != -1) {
		is_done = explain_directory(word, path, dir_fd);
		close(dir_fd);
		return is_done;
	}
	if (row)
		print_row(row->file, "", row->meaning);
	else
		say_unknown(word, scan_dir);
	return row != NULL;
}

int explain_command(const char *scan_dir, int argc, char *argv[])
{
	int failed = 0;

	if (options_next(argc, argv, "+:") != -1)
		return COMMAND_MISUSED;
	scan_dir = scan_dir_find(scan_dir);
	if (!argv[optind])
		explain_all();
	for (int i = optind; argv[i]; i++)
		failed += !explain(argv[i], scan_dir);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	return failed < FAILED_MOST ? failed : FAILED_MOST;
}
