/* surrender.c -- see surrender.h. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/surrender.h"
#include "service/record.h"
#include "service/scan_control.h"
#include "service/state.h"

#define SURRENDER_FILE SCAN_DIR "/giving-up"

struct surrender {
	int64_t exit_code;
	char boot_id[BOOT_ID_SIZE];
};

static const struct record_field fields[] = {
	{RECORD_NUMBER, "code", offsetof(struct surrender, exit_code), 0},
	{RECORD_TEXT, "boot", offsetof(struct surrender, boot_id),
	 BOOT_ID_SIZE},
	{RECORD_END, NULL, 0, 0},
};

void surrender_note(const char *boot_id, int exit_code)
{
	struct surrender surrender = {.exit_code = exit_code};
	char room[100];
	struct strb text = strb_on(room, sizeof(room));

	memcpy(surrender.boot_id, boot_id, sizeof(surrender.boot_id));
	record_write(&text, fields, &surrender, '\n');
	fd_replace_file(AT_FDCWD, SURRENDER_FILE, room, text.len, 0644);
}

int surrender_recall(const char *boot_id)
{
	struct surrender surrender = {.exit_code = -1};
	char text[100];
	long len = fd_read_file(AT_FDCWD, SURRENDER_FILE, text, sizeof(text));

	if (len > 0)
		record_read(text, (size_t)len, fields, &surrender, '\n');
	if (surrender.exit_code < 0 || surrender.exit_code > UINT8_MAX ||
	    strcmp(surrender.boot_id, boot_id) != 0)
		return -1;
	return (int)surrender.exit_code;
}

void surrender_forget(void)
{
	unlink(SURRENDER_FILE);
}
