/* config_read.c -- see config.h; how the directory is read. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/names.h"
#include "service/config_row.h"

#define LINE_BYTES    512 /* of a file that are read, with a '\0' */
#define SHEBANG_BYTES 256 /* what Linux reads of one, about */
#define BIT(name)     (UINT64_C(1) << (name))

/* One reading of a directory, under way. */
struct reading {
	int dir_fd;
	struct service_config config;
	/* Sets of names, by what the listing says of them. */
	uint64_t directories, doubtful;
	struct strb *troubles; /* NULL: nobody wants to know */
	int error;             /* that ends the reading; 0: none */
};

/* ---- names ---- */

static void take_name(void *owner, const char *name, enum names_kind kind)
{
	struct reading *reading = owner;

	for (int i = 0; i < CONFIG_NAME_COUNT; i++) {
		const char *file = config_rows[i].file;

		if (file[0] != name[0] || strcmp(file, name) != 0)
			continue;
		reading->config.there |= BIT(i);
		if (kind == NAMES_DIRECTORY)
			reading->directories |= BIT(i);
		if (kind == NAMES_UNKNOWN)
			reading->doubtful |= BIT(i);
		return;
	}
}

/* Where the directory can't be listed, each name is asked for. */
static bool list(struct reading *reading)
{
	if (names_each(reading->dir_fd, take_name, reading) == 0)
		return true;
	if (errno != EACCES && errno != EPERM) {
		reading->error = errno;
		return false;
	}
	reading->config.there = reading->doubtful = BIT(CONFIG_NAME_COUNT) - 1;
	return true;
}

/* ---- looking at what is there ---- */

/* Whether something went wrong that isn't the file's fault, nor lasts. */
static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* 0, or -1: it isn't there after all, or the reading ends here. */
static int look(struct reading *reading, enum config_name name,
		struct stat *status)
{
	if (fstatat(reading->dir_fd, config_rows[name].file, status, 0) == 0)
		return 0;
	if (is_shortage(errno))
		reading->error = errno;
	/* A link in a circle, say, is there: its user will say what's wrong. */
	if (errno == ENOENT)
		reading->config.there &= ~BIT(name);
	return -1;
}

/* Whether this process may execute the file; mostly its mode tells. */
static bool is_executable(const struct reading *reading, enum config_name name,
			  const struct stat *status)
{
	const mode_t any = S_IXUSR | S_IXGRP | S_IXOTH;

	if (!S_ISREG(status->st_mode) || (status->st_mode & any) == 0)
		return false;
	if ((status->st_mode & any) == any || geteuid() == 0)
		return true;
	return faccessat(reading->dir_fd, config_rows[name].file, X_OK,
			 AT_EACCESS) == 0;
}

static void look_at_script(struct reading *reading, enum config_name name)
{
	struct stat status;

	if (look(reading, name, &status) == 0 &&
	    is_executable(reading, name, &status))
		reading->config.usable |= BIT(name);
}

static void look_at_logger(struct reading *reading)
{
	struct service_config *config = &reading->config;
	struct stat status = {.st_mode = S_IFDIR};

	if ((reading->directories & BIT(CONFIG_LOG)) == 0 &&
	    look(reading, CONFIG_LOG, &status) == -1)
		return;
	config->log = CONFIG_LOG_UNUSABLE;
	if (S_ISDIR(status.st_mode))
		config->log = CONFIG_LOG_DIRECTORY;
	else if (is_executable(reading, CONFIG_LOG, &status))
		config->log = CONFIG_LOG_INLINE;
	if (config->log != CONFIG_LOG_UNUSABLE)
		config->usable |= BIT(CONFIG_LOG);
}

static void look_at_folder(struct reading *reading, enum config_name name)
{
	struct stat status;
	bool is_folder = (reading->directories & BIT(name)) != 0;

	if ((reading->doubtful & BIT(name)) != 0)
		is_folder = look(reading, name, &status) == 0 &&
			    S_ISDIR(status.st_mode);
	if (is_folder)
		reading->config.usable |= BIT(name);
}

static void look_at_presence(struct reading *reading, enum config_name name)
{
	struct stat status;

	/* A link to nowhere is nothing. */
	if ((reading->doubtful & BIT(name)) == 0 ||
	    look(reading, name, &status) == 0)
		reading->config.usable |= BIT(name);
}

/* ---- files of a line ---- */

/* Reads the beginning of a file, ended by '\0'. -1: errno tells why not. */
static int read_text(const struct reading *reading, enum config_name name,
		     char *text, size_t size_bytes)
{
	long got = fd_read_file(reading->dir_fd, config_rows[name].file, text,
				size_bytes - 1);

	if (got == -1)
		return -1;
	/* A zero byte belongs into no such file and must not hide what follows.
	 */
	for (long i = 0; i < got; i++) {
		if (text[i] == '\0')
			text[i] = '?';
	}
	text[got] = '\0';
	return 0;
}

static void look_at_line(struct reading *reading, enum config_name name)
{
	char text[LINE_BYTES], room[LINE_BYTES];
	struct strb wrong = strb_on(room, sizeof(room));
	bool is_good = false;

	if (read_text(reading, name, text, sizeof(text)) == 0) {
		is_good = config_take(&reading->config, name, text, &wrong);
	} else if (errno == ENOENT) {
		reading->config.there &= ~BIT(name);
		is_good = true;
	} else if (is_shortage(errno)) {
		reading->error = errno;
		return;
	} else {
		reading->config.troubled |= BIT(name);
		strb_add_format(&wrong, "unable to read it: %s; using %s",
				diag_reason(errno), config_rows[name].instead);
	}
	if (is_good || !reading->troubles)
		return;
	strb_add(reading->troubles, config_rows[name].file);
	strb_add(reading->troubles, ": ");
	strb_add(reading->troubles, room);
	strb_add(reading->troubles, "\n");
}

/* ---- all of it ---- */

/* A script that can be run but not read is no evidence. */
static bool is_execline(const struct reading *reading, enum config_name name)
{
	char text[SHEBANG_BYTES];

	return config_has(&reading->config, name) &&
	       read_text(reading, name, text, sizeof(text)) == 0 &&
	       config_is_execline(text);
}

static void look_at(struct reading *reading, enum config_name name)
{
	switch (config_rows[name].kind) {
	case CONFIG_SCRIPT: look_at_script(reading, name); break;
	case CONFIG_LOGGER: look_at_logger(reading); break;
	case CONFIG_FOLDER: look_at_folder(reading, name); break;
	case CONFIG_PRESENCE: look_at_presence(reading, name); break;
	case CONFIG_LINE: look_at_line(reading, name); break;
	}
}

int config_read(int dir_fd, struct service_config *config,
		struct strb *troubles)
{
	struct reading reading = {.dir_fd = dir_fd, .troubles = troubles};

	config_defaults(&reading.config);
	if (!list(&reading))
		goto out;
	for (int i = 0; i < CONFIG_NAME_COUNT && reading.error == 0; i++) {
		if ((reading.config.there & BIT(i)) != 0)
			look_at(&reading, (enum config_name)i);
	}
	if (reading.error != 0)
		goto out;
	reading.config.is_run_execline = is_execline(&reading, CONFIG_RUN);
	reading.config.is_finish_execline =
		is_execline(&reading, CONFIG_FINISH);
	config_conclude(&reading.config);
	*config = reading.config;
	return 0;
out:
	errno = reading.error;
	return -1;
}
