/*
 * floor.c -- starts the services of a scan directory and does nothing else.
 *
 * No supervisor can start them in less than this takes, nor have the kernel
 * keep less for them: what a suite costs is counted from here. It is as cheap
 * as can be: a vfork() and an exec for each, no file made, no child watched.
 */
#include <dirent.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"

/*
 * The folder is entered before the fork: until it execs, the child borrows this
 * process's memory and may not do much.
 */
static void start(int scan_fd, const char *name)
{
	static char run[] = "./run";
	char *const argv[] = {run, NULL};
	pid_t pid;

	if (chdir(name) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to chdir to %s", name);
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	pid = vfork();
	if (pid == 0) {
		execve(run, argv, environ);
		_exit(EXIT_SYSTEM);
	}
	if (pid == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to fork for %s", name);
	if (fchdir(scan_fd) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to leave %s", name);
}

int main(int argc, char *argv[])
{
	const struct dirent *entry;
	DIR *names;

	diag_set_program("floor");
	if (argc != 2)
		diag_usage(EXIT_USAGE, "directory");
	if (chdir(argv[1]) == -1 || !(names = opendir(".")))
		diag_die_errno(EXIT_SYSTEM, "unable to read %s", argv[1]);
	while ((entry = readdir(names))) {
		if (entry->d_name[0] != '.')
			start(dirfd(names), entry->d_name);
	}
	closedir(names);
	for (;;)
		pause();
}
