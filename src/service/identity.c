/* identity.c -- see identity.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/strb.h"
#include "service/identity.h"

static const char unknown_boot[] = "unknown";

void identity_boot_id(char out[BOOT_ID_SIZE])
{
	long count = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
				  out, BOOT_ID_SIZE - 1);

	if (count < BOOT_ID_SIZE - 1)
		snprintf(out, BOOT_ID_SIZE, "unknown");
	else
		out[BOOT_ID_SIZE - 1] = '\0';
}

/*
 * Reads /proc/PID/stat into `text` and returns where its field 2 ends; NULL:
 * there is no such process. That field, the name, may hold anything, also
 * blanks and parentheses, so fields are counted from the last ')'.
 * Source: proc(5).
 */
static const char *read_stat(int64_t pid, char *text, size_t size_bytes)
{
	char path[40];
	struct strb name = strb_on(path, sizeof(path));
	long count;

	strb_add_format(&name, "/proc/%lld/stat", (long long)pid);
	count = fd_read_file(AT_FDCWD, path, text, size_bytes - 1);
	if (count <= 0)
		return NULL;
	text[count] = '\0';
	return strrchr(text, ')');
}

int64_t identity_start_ticks(int64_t pid)
{
	char text[1024];
	const char *at = read_stat(pid, text, sizeof(text));

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoll(at, NULL, 10) : -1;
}

bool identity_is_zombie(int64_t pid)
{
	char text[1024];
	const char *at = read_stat(pid, text, sizeof(text));

	return at && strncmp(at, ") Z ", 4) == 0;
}

bool identity_is_provable(const struct identity *identity)
{
	/* Process 1 and what the kernel starts itself are nobody's service. */
	return identity->pid > 1 && identity->start_ticks > 0 &&
	       strcmp(identity->boot_id, unknown_boot) != 0;
}

bool identity_is_alive(const struct identity *identity, const char *boot_id)
{
	return identity_is_provable(identity) &&
	       strcmp(identity->boot_id, boot_id) == 0 &&
	       identity_start_ticks(identity->pid) == identity->start_ticks;
}
