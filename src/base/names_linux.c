/* names_linux.c -- see names.h; getdents64(2). */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/names.h"

/* What the kernel calls struct linux_dirent64; no libc has a name for it. */
struct record {
	uint64_t inode;
	int64_t offset;
	uint16_t size_bytes;
	uint8_t type;
	char name[];
};

/* Enough for most directories in one call; a name takes at most 280. */
#define ROOM_BYTES 2048

static enum names_kind kind_of(uint8_t type)
{
	/* The DT_ constants of readdir(3), which not every libc shows. */
	switch (type) {
	case 4: return NAMES_DIRECTORY;
	case 8: return NAMES_FILE;
	case 0: /* it isn't told */
	case 10: return NAMES_UNKNOWN;
	default: return NAMES_OTHER;
	}
}

int names_each(int dir_fd,
	       void (*take)(void *owner, const char *name,
			    enum names_kind kind),
	       void *owner)
{
	_Alignas(struct record) char room[ROOM_BYTES];
	int error, fd;
	long got;

	fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	while ((got = syscall(SYS_getdents64, fd, room, sizeof(room))) > 0) {
		const struct record *record;

		for (long at = 0; at < got; at += record->size_bytes) {
			record = (const void *)(room + at);
			if (strcmp(record->name, ".") != 0 &&
			    strcmp(record->name, "..") != 0)
				take(owner, record->name,
				     kind_of(record->type));
		}
	}
	error = errno;
	close(fd);
	errno = error;
	return got == 0 ? 0 : -1;
}
