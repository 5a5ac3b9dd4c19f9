/* proc_stat.c -- see proc_stat.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/proc_stat.h"
#include "base/strb.h"

/* Numbers of the fields, as proc(5) counts them. */
enum field {
	FIELD_NAME = 2,
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_START = 22,
	FIELD_EXIT_STATUS = 52,
};

/* From the field `from`, in which `at` points, on; NULL: there is none. */
static const char *go_to(const char *at, enum field from, enum field to)
{
	for (int field = (int)from; at && field < (int)to; field++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at;
}

static int64_t number_at(const char *at)
{
	return at && *at >= '0' && *at <= '9' ? strtoll(at, NULL, 10) : -1;
}

bool proc_stat_parse(const char *text, struct proc_stat *stat)
{
	/* The name may hold anything, also blanks and parentheses. */
	const char *name_end = strrchr(text, ')');
	const char *state = go_to(name_end, FIELD_NAME, FIELD_STATE);
	const char *start = go_to(state, FIELD_STATE, FIELD_START);

	*stat = (struct proc_stat){.state = state ? *state : '\0'};
	stat->pid = number_at(text);
	stat->parent_pid = number_at(go_to(state, FIELD_STATE, FIELD_PARENT));
	stat->start_ticks = number_at(start);
	stat->exit_status =
		number_at(go_to(start, FIELD_START, FIELD_EXIT_STATUS));
	return stat->start_ticks >= 0;
}

static bool read_file(const char *path, struct proc_stat *stat)
{
	char text[1024];
	long count;

	count = fd_read_file(AT_FDCWD, path, text, sizeof(text) - 1);
	if (count <= 0)
		return false;
	text[count] = '\0';
	return proc_stat_parse(text, stat);
}

bool proc_stat_read(int64_t pid, struct proc_stat *stat)
{
	char path[40];
	struct strb name = strb_on(path, sizeof(path));

	strb_add_format(&name, "/proc/%lld/stat", (long long)pid);
	return read_file(path, stat);
}

bool proc_stat_read_own(struct proc_stat *stat)
{
	return read_file("/proc/self/stat", stat);
}
