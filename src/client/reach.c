/* reach.c -- see reach.h. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"
#include "client/reach.h"

#define LIMIT_MS 1000

/* Those that hang, of a program that looks again and again. */
struct scout {
	struct scout *next;
	pid_t pid;
	char path[];
};

static struct scout *scouts;

static void note(const char *path, pid_t pid)
{
	size_t size = strlen(path) + 1;
	struct scout *scout = malloc(sizeof(*scout) + size);

	if (!scout)
		return; /* another will be sent, then */
	memcpy(scout->path, path, size);
	scout->pid = pid;
	scout->next = scouts;
	scouts = scout;
}

static bool has_one_out(const char *path)
{
	struct scout **link = &scouts;

	while (*link && strcmp((*link)->path, path) != 0)
		link = &(*link)->next;
	if (*link && waitpid((*link)->pid, NULL, WNOHANG) != 0) {
		struct scout *back = *link;

		*link = back->next;
		free(back);
		return false;
	}
	return *link != NULL;
}

/* Whoever waits for the end of our output doesn't wait for this. The end of
 * standard input, of all descriptors, is that of `end_fd`. */
static _Noreturn void be_scout(int end_fd, const char *path,
			       void (*look)(const char *path))
{
	int null_fd = open("/dev/null", O_RDWR);

	dup2(end_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	dup2(null_fd, STDERR_FILENO);
	self_close_from(STDERR_FILENO + 1);
	look(path);
	_exit(0);
}

/* False: it isn't back in time, or none could be sent. */
static bool send_out(const char *path, void (*look)(const char *path))
{
	struct pollfd end = {.events = POLLIN};
	int ends[2];
	bool is_back;
	pid_t pid;

	if (pipe(ends) == -1)
		return false;
	pid = fork();
	if (pid == 0)
		be_scout(ends[1], path, look);
	close(ends[1]);
	end.fd = ends[0];
	is_back = pid != -1 && poll(&end, 1, LIMIT_MS) == 1;
	close(ends[0]);
	if (is_back)
		waitpid(pid, NULL, 0);
	else if (pid != -1)
		note(path, pid);
	return is_back;
}

bool reach_answers(const struct mounts *mounts, const char *scan_dir,
		   const char *name, char *place,
		   void (*look)(const char *path))
{
	static const char *const parts[] = {
		"",         "/supervise", "/log/supervise", "/dependencies.d",
		"/wants.d", "/after.d",   "/contents.d",
	};
	char room[PATH_MAX], path[PATH_MAX];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct strb text = strb_on(room, sizeof(room));

		strb_add_format(&text, "%s/%s%s", scan_dir, name, parts[i]);
		if (text.is_cut || mounts_follow(mounts, room, strlen(scan_dir),
						 place) != MOUNTS_REMOTE)
			continue;
		text = strb_on(path, sizeof(path));
		strb_add_format(&text, "%s/%s", scan_dir, name);
		return !has_one_out(path) && send_out(path, look);
	}
	return true;
}
