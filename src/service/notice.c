/* notice.c -- see notice.h. */
#include <stdlib.h>
#include <string.h>

#include "base/strb.h"
#include "service/notice.h"

#define CUT_BYTES 3 /* "...", for the rest of what doesn't fit */

/* What follows `key`, if the line begins with it; else NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 ? line + len : NULL;
}

static void read_line(const char *line, struct notice *notice)
{
	const char *text = value_of(line, "STATUS=");
	const char *pid = value_of(line, "MAINPID=");
	struct strb shown;

	if (text) {
		shown = strb_on(notice->text, sizeof(notice->text));
		strb_add_shown(&shown, text,
			       sizeof(notice->text) - CUT_BYTES - 1);
		notice->has_text = true;
	}
	if (pid) {
		notice->main_pid = strtol(pid, NULL, 10);
		notice->has_main_pid = true;
	}
	notice->is_ready |= strcmp(line, "READY=1") == 0;
	notice->is_stopping |= strcmp(line, "STOPPING=1") == 0;
}

void notice_read(char *message, struct notice *notice)
{
	char *line, *rest = NULL;

	memset(notice, 0, sizeof(*notice));
	for (line = strtok_r(message, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		read_line(line, notice);
}
