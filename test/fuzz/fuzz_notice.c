/* fuzz_notice.c -- any message to a notify socket. */
#include <string.h>

#include "fuzz.h"
#include "service/notice.h"

static int is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			return 0;
	}
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notice notice;
	char *message = malloc(size + 1);

	if (!message)
		return 0;
	memcpy(message, data, size);
	message[size] = '\0';
	notice_read(message, &notice);
	MUST(IS_TEXT(notice.text));
	MUST(is_plain(notice.text));
	MUST(notice.has_text || notice.text[0] == '\0');
	MUST(notice.has_main_pid || notice.main_pid == 0);
	MUST(!notice.is_ready || memmem(data, size, "READY=1", 7));
	MUST(!notice.is_stopping || memmem(data, size, "STOPPING=1", 10));
	free(message);
	return 0;
}
