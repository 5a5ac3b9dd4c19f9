/* self_portable.c -- see self.h; a system that has neither. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/self.h"

int self_adopt_orphans(void)
{
	errno = ENOSYS;
	return -1;
}

int self_end_with(pid_t parent_pid, int signal_number)
{
	(void)parent_pid;
	(void)signal_number;
	errno = ENOSYS;
	return -1;
}

int self_folder(char *out, size_t size_bytes)
{
	(void)out;
	(void)size_bytes;
	errno = ENOSYS;
	return -1;
}

static int descriptors(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	return most < 0 || most > 65536 ? 65536 : (int)most;
}

void self_close_on_exec_from(int first_fd)
{
	for (int fd = first_fd; fd < descriptors(); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void self_close_from(int first_fd)
{
	for (int fd = first_fd; fd < descriptors(); fd++)
		close(fd);
}

int self_path_of(int fd, char *out, size_t size_bytes)
{
	(void)fd;
	(void)out;
	(void)size_bytes;
	errno = ENOSYS;
	return -1;
}
