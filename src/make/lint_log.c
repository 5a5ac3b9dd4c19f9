/* lint_log.c -- see lint_log.h. */
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/strb.h"
#include "chain/ids.h"
#include "make/lint_log.h"

#define LINE_SIZE  1024
#define WORDS_MOST 64
#define TEXT_SIZE  1024

/* The last line of the script that runs a logger, in words. */
struct line {
	char text[LINE_SIZE];
	char *words[WORDS_MOST];
	size_t count;
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_logger(const char *word)
{
	const char *name = base_of(word);

	return strcmp(name, "multilog") == 0 || strcmp(name, "svlogd") == 0 ||
	       strcmp(name, "s6-log") == 0;
}

static void split(struct line *line)
{
	line->count = 0;
	for (char *at = line->text; line->count < WORDS_MOST;) {
		at += strspn(at, " \t");
		if (*at == '\0')
			return;
		line->words[line->count++] = at;
		at += strcspn(at, " \t");
		if (*at != '\0')
			*at++ = '\0';
	}
}

/* Finds it; the place of the logger's name, or `count` if it isn't understood:
 * what a shell would replace can't be known here. */
static size_t find_logger(const char *run, struct line *line)
{
	while (*run != '\0') {
		size_t len = strcspn(run, "\n");
		struct strb text = strb_on(line->text, sizeof(line->text));

		strb_add_bytes(&text, run, len);
		run += len + (run[len] == '\n');
		if (text.is_cut || line->text[0] == '#')
			continue;
		if (strpbrk(line->text, "$`\\'\"|;&<>*?"))
			continue;
		split(line);
		for (size_t i = 0; i < line->count; i++) {
			if (is_logger(line->words[i]))
				return i;
		}
	}
	line->count = 0;
	return 0;
}

/* The user that the words before the logger switch to; NULL: none. */
static const char *find_user(const struct line *line, size_t logger)
{
	for (size_t i = 0; i < logger; i++) {
		const char *name = base_of(line->words[i]);
		bool is_switch = strcmp(name, "setuidgid") == 0 ||
				 strcmp(name, "s6-setuidgid") == 0 ||
				 strcmp(name, "setuser") == 0 ||
				 strcmp(name, "-u") == 0;

		if (is_switch)
			return i + 1 < logger ? line->words[i + 1] : NULL;
		if (strncmp(name, "-u", 2) == 0)
			return name + 2;
	}
	return NULL;
}

/* Whether that mode lets those ids write. */
static bool may_write(const struct stat *status, const struct ids *ids)
{
	const mode_t all = S_IWUSR | S_IXUSR;
	mode_t mode = status->st_mode;

	if (ids->uid == 0)
		return true;
	if (status->st_uid == ids->uid)
		return (mode & all) == all;
	for (size_t i = 0; i < ids->group_count; i++) {
		if (status->st_gid == ids->gids[i])
			return (mode & (all >> 3)) == all >> 3;
	}
	return (mode & (all >> 6)) == all >> 6;
}

static void look_at_target(struct lint *lint, int log_fd, const char *path,
			   const char *user, const struct ids *ids)
{
	char problem[TEXT_SIZE], file[PATH_MAX];
	struct stat status;
	bool is_missing = fstatat(log_fd, path, &status, 0) == -1;

	/* A logger makes its directory, if it may. */
	if (is_missing &&
	    (strncmp(path, "./", 2) != 0 || strchr(path + 2, '/') ||
	     fstat(log_fd, &status) == -1))
		return;
	if (!S_ISDIR(status.st_mode) || may_write(&status, ids))
		return;
	snprintf(problem, sizeof(problem), "the logger runs as %s, %s", user,
		 is_missing ? "who may not make it"
			    : "who may not write there");
	if (path[0] == '/')
		snprintf(file, sizeof(file), "%s", path);
	else
		snprintf(file, sizeof(file), "log/%s",
			 path + (strncmp(path, "./", 2) == 0 ? 2 : 0));
	lint_tell(lint, file, problem, "%schown it to %s",
		  is_missing ? "make it, and " : "", user);
}

void lint_log(struct lint *lint, int log_fd, const char *run)
{
	struct line line;
	size_t logger = find_logger(run, &line);
	const char *user;
	struct ids ids;
	char problem[TEXT_SIZE];

	if (line.count == 0)
		return;
	user = find_user(&line, logger);
	if (!user)
		return;
	if (!ids_parse(user, &ids)) {
		snprintf(problem, sizeof(problem), "there is no user %s", user);
		lint_tell(lint, "log/run", problem,
			  "add it, or name another one");
		return;
	}
	for (size_t i = logger + 1; i < line.count; i++) {
		const char *word = line.words[i];

		if (word[0] == '.' || word[0] == '/')
			look_at_target(lint, log_fd, word, user, &ids);
	}
}
