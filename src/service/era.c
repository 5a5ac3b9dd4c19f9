/* era.c -- see era.h. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/proc_stat.h"
#include "base/strb.h"
#include "service/era.h"

/* The pid namespace that the machine began with. */
#define MACHINE_NAMESPACE INT64_C(0xEFFFFFFC)
/* What was found out about an era counts for so long. */
#define SOUGHT_NS INT64_C(4000000000)

static const char unknown_boot[] = "unknown";

static void read_boot_id(char out[BOOT_ID_SIZE])
{
	struct proc_stat stat;
	long count = fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
				  out, BOOT_ID_SIZE - 1);

	if (count < BOOT_ID_SIZE - 1 || !proc_stat_read_own(&stat) ||
	    stat.pid != getpid())
		snprintf(out, BOOT_ID_SIZE, "%s", unknown_boot);
	else
		out[BOOT_ID_SIZE - 1] = '\0';
}

/* Of a process by its number or "self"; 0: it can't be told. */
static int64_t namespace_of(const char *process, const char *kind)
{
	char room[64];
	struct strb path = strb_on(room, sizeof(room));
	struct stat status;

	strb_add_format(&path, "/proc/%s/ns/%s", process, kind);
	return !path.is_cut && stat(room, &status) == 0 ? (int64_t)status.st_ino
							: 0;
}

void era_read(struct era *era)
{
	struct proc_stat init;

	read_boot_id(era->boot_id);
	era->pid_namespace = namespace_of("self", "pid");
	era->time_namespace = namespace_of("self", "time");
	era->init_ticks = proc_stat_read(1, &init) ? init.start_ticks : 0;
}

bool era_is_of_machine(const struct era *era)
{
	return era->pid_namespace == MACHINE_NAMESPACE;
}

bool era_is_known(const struct era *era)
{
	return strcmp(era->boot_id, unknown_boot) != 0;
}

bool era_has_same_clock(const struct era *recorded, const struct era *own)
{
	return recorded->time_namespace == 0 || own->time_namespace == 0 ||
	       recorded->time_namespace == own->time_namespace;
}

static bool is_same_init(const struct era *recorded, const struct era *own)
{
	return recorded->init_ticks <= 0 || own->init_ticks <= 0 ||
	       recorded->init_ticks == own->init_ticks ||
	       !era_has_same_clock(recorded, own);
}

enum era_relation era_relate(const struct era *recorded, const struct era *own)
{
	if (strcmp(recorded->boot_id, own->boot_id) != 0)
		return ERA_OVER;
	if (recorded->pid_namespace == 0 || own->pid_namespace == 0)
		return ERA_SAME;
	/* The inode of one that has gone is given to another. */
	if (recorded->pid_namespace == own->pid_namespace)
		return recorded->pid_namespace == MACHINE_NAMESPACE ||
				       is_same_init(recorded, own)
			       ? ERA_SAME
			       : ERA_OVER;
	return recorded->pid_namespace == MACHINE_NAMESPACE ? ERA_ELSEWHERE
							    : ERA_UNSEEN;
}

/* ---- looking for one ---- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A start time, as the kernel counts them, of what would start now. */
static int64_t now_ticks(void)
{
#ifdef CLOCK_BOOTTIME
	int64_t hertz = sysconf(_SC_CLK_TCK);
	struct timespec up;

	if (hertz > 0 && clock_gettime(CLOCK_BOOTTIME, &up) == 0)
		return (int64_t)up.tv_sec * hertz +
		       up.tv_nsec / (1000000000 / hertz);
#endif
	return 0;
}

static bool is_init_of(const char *process, const struct eras *eras)
{
	const struct era *sought = &eras->sought;
	int64_t pid = 0;
	struct proc_stat stat;

	if (namespace_of(process, "pid") != sought->pid_namespace)
		return false;
	for (; isdigit((unsigned char)*process); process++)
		pid = pid * 10 + (*process - '0');
	return sought->init_ticks <= 0 ||
	       !era_has_same_clock(sought, &eras->own) ||
	       (proc_stat_read(pid, &stat) &&
		stat.start_ticks == sought->init_ticks);
}

/* All processes of the namespaces below this one are in /proc. */
static bool find(const struct eras *eras)
{
	DIR *processes = opendir("/proc");
	const struct dirent *process;
	bool is_found = false;

	while (processes && !is_found && (process = readdir(processes)))
		is_found = isdigit((unsigned char)process->d_name[0]) &&
			   is_init_of(process->d_name, eras);
	if (processes)
		closedir(processes);
	return is_found;
}

static bool is_sought(const struct eras *eras, const struct era *era)
{
	return eras->sought_at_ns != 0 &&
	       now_ns() < eras->sought_at_ns + SOUGHT_NS &&
	       eras->sought.pid_namespace == era->pid_namespace &&
	       eras->sought.init_ticks == era->init_ticks &&
	       eras->sought.time_namespace == era->time_namespace;
}

void eras_begin(struct eras *eras)
{
	*eras = (struct eras){.began_ticks = now_ticks()};
	era_read(&eras->own);
}

enum era_relation eras_relate(struct eras *eras, const struct era *recorded)
{
	enum era_relation relation = era_relate(recorded, &eras->own);

	if (relation != ERA_UNSEEN)
		return relation;
	if (!is_sought(eras, recorded)) {
		eras->sought = *recorded;
		eras->is_found = find(eras);
		eras->sought_at_ns = now_ns();
	}
	return eras->is_found ? ERA_ELSEWHERE : ERA_OVER;
}
