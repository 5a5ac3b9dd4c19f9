/* self_linux.c -- see self.h; prctl(2), proc(5) and close_range(2). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/self.h"
#include "base/strb.h"

int self_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int self_end_with(pid_t parent_pid, int signal_number)
{
	if (prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) == -1)
		return -1;
	return getppid() == parent_pid ? 0 : raise(signal_number);
}

static int read_link(const char *path, char *out, size_t size_bytes)
{
	ssize_t len = readlink(path, out, size_bytes);

	if (len == -1)
		return -1;
	/* A link that fills the room may have been cut. */
	if ((size_t)len == size_bytes) {
		errno = ENAMETOOLONG;
		return -1;
	}
	out[len] = '\0';
	return 0;
}

int self_path_of(int fd, char *out, size_t size_bytes)
{
	char room[40];
	struct strb path = strb_on(room, sizeof(room));

	strb_add_format(&path, "/proc/self/fd/%d", fd);
	return read_link(room, out, size_bytes);
}

int self_folder(char *out, size_t size_bytes)
{
	char *slash;

	if (read_link("/proc/self/exe", out, size_bytes) == -1)
		return -1;
	slash = strrchr(out, '/');
	if (!slash) {
		errno = ENOENT;
		return -1;
	}
	*slash = '\0';
	return 0;
}

/* Calls `call` for each; /proc lists those that there are. */
static void each_from(int first_fd, void (*call)(int fd))
{
	struct dirent *entry;
	DIR *open_fds = opendir("/proc/self/fd");

	while (open_fds && (entry = readdir(open_fds))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd >= first_fd && fd != dirfd(open_fds))
			call(fd);
	}
	if (open_fds)
		closedir(open_fds);
}

static void mark(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void close_one(int fd)
{
	close(fd);
}

/* One call from Linux 5.11 on. Source: close_range(2); musl has no name for the
 * flag. */
void self_close_on_exec_from(int first_fd)
{
	const unsigned close_range_cloexec = 1U << 2;

	if (syscall(SYS_close_range, first_fd, ~0U, close_range_cloexec) == -1)
		each_from(first_fd, mark);
}

void self_close_from(int first_fd)
{
	if (syscall(SYS_close_range, first_fd, ~0U, 0) == -1)
		each_from(first_fd, close_one);
}
