/* identity.c -- see identity.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "service/identity.h"
#include "service/record.h"
#include "service/supervise_dir.h"

/* clang-format off */
static const struct record_field fields[] = {
	{RECORD_TEXT, "script", offsetof(struct identity, script), sizeof(((struct identity *)NULL)->script)},
	{RECORD_NUMBER, "number", offsetof(struct identity, number), 0},
	{RECORD_NUMBER, "pid", offsetof(struct identity, pid), 0},
	{RECORD_NUMBER, "start", offsetof(struct identity, start_ticks), 0},
	{RECORD_TEXT, "boot", offsetof(struct identity, boot_id), BOOT_ID_SIZE},
	{RECORD_END, NULL, 0, 0},
};
/* clang-format on */

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

size_t identity_format(const struct identity *identity,
		       char out[IDENTITY_SIZE_MAX])
{
	struct strb text = strb_on(out, IDENTITY_SIZE_MAX);

	record_write(&text, fields, identity, ' ');
	out[text.len - 1] = '\n';
	return text.len;
}

bool identity_parse(const char *text, size_t len, struct identity *identity)
{
	memset(identity, 0, sizeof(*identity));
	return len > 0 && text[len - 1] == '\n' &&
	       record_read(text, len - 1, fields, identity, ' ') == 5;
}

int identity_write(int dir_fd, const struct identity *identity)
{
	char text[IDENTITY_SIZE_MAX];
	size_t len = identity_format(identity, text);

	return fd_replace_file(dir_fd, SUPERVISE_PROCESS, text, len, 0644);
}

bool identity_read(int dir_fd, struct identity *identity)
{
	char text[IDENTITY_SIZE_MAX];
	long count =
		fd_read_file(dir_fd, SUPERVISE_PROCESS, text, sizeof(text));

	return identity_parse(text, count > 0 ? (size_t)count : 0, identity);
}

bool identity_is_provable(const struct identity *identity)
{
	return identity->pid > 0 && identity->start_ticks >= 0 &&
	       strcmp(identity->boot_id, unknown_boot) != 0;
}

bool identity_is_alive(const struct identity *identity, const char *boot_id)
{
	return identity_is_provable(identity) &&
	       strcmp(identity->boot_id, boot_id) == 0 &&
	       identity_start_ticks(identity->pid) == identity->start_ticks;
}
