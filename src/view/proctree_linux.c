/* proctree_linux.c -- proctree_list(), see proctree.h; proc(5). */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strb.h"
#include "view/proctree.h"

/* Numbers of the fields, as proc(5) counts them. */
enum field {
	FIELD_STATE = 3,
	FIELD_PARENT = 4,
	FIELD_SESSION = 6,
	FIELD_CPU_FIRST = 14, /* user, kernel, the same of ended children */
	FIELD_CPU_LAST = 17,
	FIELD_MEMORY = 24,
	FIELD_COUNT
};

static bool read_numbers(char *at, long long numbers[FIELD_COUNT])
{
	for (int field = FIELD_PARENT; field < FIELD_COUNT; field++) {
		char *end;

		numbers[field] = strtoll(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}
	return true;
}

/* Fills in what the text of a file "stat" says; false: it is none. */
static bool parse(char *text, struct process *process)
{
	/* The name may hold anything, also blanks and parentheses. */
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	long long numbers[FIELD_COUNT], ticks = 0;

	if (!name || !end || end < name || strlen(end) < 4 ||
	    !read_numbers(end + 3, numbers))
		return false;
	*end = '\0';
	process->state = end[2];
	process->parent_pid = numbers[FIELD_PARENT];
	process->session_pid = numbers[FIELD_SESSION];
	for (int field = FIELD_CPU_FIRST; field <= FIELD_CPU_LAST; field++)
		ticks += numbers[field];
	process->cpu_ms = ticks * 1000 / sysconf(_SC_CLK_TCK);
	process->memory_bytes = numbers[FIELD_MEMORY] * sysconf(_SC_PAGESIZE);
	snprintf(process->name, sizeof(process->name), "%s", name + 1);
	return true;
}

static bool read_process(int proc_fd, const char *pid, struct process *process)
{
	char room[64], text[1024];
	struct strb path = strb_on(room, sizeof(room));
	long len;

	strb_add_format(&path, "%s/stat", pid);
	len = fd_read_file(proc_fd, room, text, sizeof(text) - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	process->pid = 0;
	for (; *pid; pid++)
		process->pid = process->pid * 10 + (*pid - '0');
	return parse(text, process);
}

int proctree_list(struct proctree *tree)
{
	DIR *names = opendir("/proc");
	struct dirent *entry;
	int result = 0;

	if (!names)
		return -1;
	while (result == 0 && (entry = readdir(names))) {
		struct process *process;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		process = proctree_add(tree);
		if (!process)
			result = -1;
		else if (!read_process(dirfd(names), entry->d_name, process))
			tree->count--; /* it has ended */
	}
	closedir(names);
	return result;
}
