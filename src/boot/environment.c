/* environment.c -- see boot.h: what is known of the world by those started. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"

#include "base/exec.h"
#include "base/fd.h"
#include "base/self.h"
#include "base/strb.h"
#include "boot/boot.h"
#include "service/death.h"
#include "service/ending.h"
#include "service/mains.h"

#define PATH_OF_SERVICES                                                       \
	"/command:/usr/local/bin:/usr/local/sbin:"                             \
	"/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin"

/*
 * argv[0] comes first: it may name a link (/command/svscanboot) that an upgrade
 * turns to the new programs, which the next svscan should be of.
 */
void boot_find_folder(struct boot *boot, const char *called_as)
{
	struct strb folder = strb_on(boot->folder, sizeof(boot->folder));
	const char *slash = called_as ? strrchr(called_as, '/') : NULL;

	if (slash && called_as[0] != '/' &&
	    getcwd(boot->folder, sizeof(boot->folder))) {
		folder.len = strlen(boot->folder);
		strb_add(&folder, "/");
	}
	if (slash)
		strb_add_bytes(&folder, called_as, (size_t)(slash - called_as));
	if (slash && folder.len == 0)
		strb_add(&folder, "/.");
	if (folder.is_cut ||
	    (!slash && self_folder(boot->folder, sizeof(boot->folder)) == -1))
		boot->folder[0] = '\0';
}

static bool has_part(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	for (const char *at = path; at; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, folder, len) == 0 &&
		    (at[len] == ':' || at[len] == '\0'))
			return true;
	}
	return false;
}

static bool is_of_use(const char *folder)
{
	return folder[0] == '/' && !strchr(folder, ':');
}

/* In front: what a machine has under the same names may be older. */
static void add_path(struct boot *boot)
{
	struct strb path = strb_on(boot->path, sizeof(boot->path));

	strb_add(&path, "PATH=");
	if (is_of_use(boot->folder) &&
	    !has_part(PATH_OF_SERVICES, boot->folder))
		strb_add_format(&path, "%s:", boot->folder);
	strb_add(&path, PATH_OF_SERVICES);
	boot->environment[boot->environment_count++] = boot->path;
}

int boot_set_environment(struct boot *boot)
{
	boot->environment = calloc(1 + BOOT_VARIABLES, sizeof(char *));
	if (!boot->environment)
		return -1;
	add_path(boot);
	environ = boot->environment;
	return 0;
}

void boot_add_variable(struct boot *boot, char *entry)
{
	boot->environment[boot->environment_count++] = entry;
}

/* ---- of a container ---- */

/* Behind what the image has: that is what it was made for. */
static char *extend_path(const char *path, const char *folder)
{
	size_t size = strlen(path) + strlen(folder) + 2;
	char *made = malloc(size);

	if (made) {
		struct strb text = strb_on(made, size);

		strb_add_format(&text, "%s:%s", path, folder);
	}
	return made;
}

static char *make_path(const struct boot *boot)
{
	const char *path = getenv("PATH");

	if (!path || path[0] == '\0')
		path = PATH_OF_SERVICES;
	if (is_of_use(boot->folder) && !has_part(path, boot->folder))
		return extend_path(path, boot->folder);
	return strdup(path);
}

int boot_pass_environment(struct boot *boot)
{
	char *path = make_path(boot);
	size_t count = 0;

	unsetenv(DEATH_VARIABLE);
	unsetenv(KEEPING_VARIABLE);
	unsetenv(ENDING_VARIABLE);
	unsetenv(MAINS_VARIABLE);
	unsetenv(ENDING_BEGUN_VARIABLE);
	if (!path || setenv("PATH", path, 1) == -1)
		return -1;
	free(path);
	while (environ[count])
		count++;
	boot->environment = calloc(count + 1 + BOOT_VARIABLES, sizeof(char *));
	if (!boot->environment)
		return -1;
	memcpy(boot->environment, environ, count * sizeof(char *));
	boot->environment_count = count;
	environ = boot->environment;
	return 0;
}

/* As mkdir -p does; the last folder is for nobody else. */
static int make_folders(const char *path)
{
	char room[PATH_MAX];
	struct strb part = strb_on(room, sizeof(room));

	strb_add(&part, path);
	if (part.is_cut) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(room + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(room, 0755) == -1 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0700) == -1 && errno != EEXIST ? -1 : 0;
}

/* As envdir(8) reads it: NUL bytes for newlines, and no file is empty. */
static int write_variable(int dir_fd, const char *entry)
{
	const char *value = strchr(entry, '=');
	size_t len = value ? strlen(value + 1) : 0;
	char name[NAME_MAX + 1];
	char *text;
	int result;

	/* Some can't be the name of a file, or would be none of envdir's. */
	if (!value || value == entry || value - entry > NAME_MAX - 4 ||
	    entry[0] == '.' || memchr(entry, '/', (size_t)(value - entry)))
		return 0;
	memcpy(name, entry, (size_t)(value - entry));
	name[value - entry] = '\0';
	text = malloc(len + 1);
	if (!text)
		return -1;
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(value[i + 1] == '\n' ? '\0' : value[i + 1]);
	text[len] = '\n';
	result = fd_replace_file(dir_fd, name, text, len + 1, 0600);
	free(text);
	return result;
}

int boot_write_environment(const struct boot *boot, const char *path)
{
	int result = -1, dir_fd;

	if (make_folders(path) == -1)
		return -1;
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1)
		return -1;
	for (size_t i = 0; i < boot->environment_count; i++) {
		if (write_variable(dir_fd, boot->environment[i]) == -1)
			goto out;
	}
	result = 0;
out:
	close(dir_fd);
	return result;
}
