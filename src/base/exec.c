/* exec.c -- see exec.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/strb.h"

/* Tries DIR/FILE; an empty `dir` is the current directory. Sets errno. */
static void try_in(const char *dir, size_t dir_len, const char *file,
		   char *const argv[], char *const envp[])
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));

	if (dir_len == 0)
		strb_add(&path, ".");
	strb_add_bytes(&path, dir, dir_len);
	strb_add(&path, "/");
	strb_add(&path, file);
	if (path.is_cut)
		errno = ENAMETOOLONG;
	else
		execve(room, argv, envp);
}

void exec_search_file(const char *file, char *const argv[], char *const envp[])
{
	const char *path = getenv("PATH");
	int refused = 0;

	if (strchr(file, '/')) {
		execve(file, argv, envp);
		return;
	}
	if (!path)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(path, ":");

		try_in(path, len, file, argv, envp);
		if (errno == EACCES || errno == EPERM || errno == EISDIR)
			refused = errno;
		else if (errno != ENOENT)
			return;
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	if (refused)
		errno = refused;
}

void exec_search(char *const argv[], char *const envp[])
{
	exec_search_file(argv[0], argv, envp);
}

_Noreturn void exec_or_die(char *const argv[], char *const envp[])
{
	exec_search(argv, envp);
	diag_die_errno(EXIT_SYSTEM, "unable to run %s", argv[0]);
}
