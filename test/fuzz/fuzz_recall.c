/*
 * fuzz_recall.c -- any files in supervise/: what the next supervisor makes of
 * both of them.
 *
 * "state" and "status", with a '\0' between the two. Reads
 * files and /proc, so it is slow; nothing is ever signalled.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/recall.h"
#include "fuzz.h"
#include "service/supervise_dir.h"

static char folder[256];

static void clean_up(void)
{
	if (chdir(folder) == -1)
		return;
	unlink(SUPERVISE_STATE);
	unlink(SUPERVISE_STATUS);
	rmdir(SUPERVISE_DIR);
	rmdir(folder);
}

/* The same directory for all inputs: only the two files are ever read. */
static int open_folder(void)
{
	const char *room = getenv("TMPDIR");
	int fd;

	snprintf(folder, sizeof(folder), "%s/fuzz-XXXXXX",
		 room ? room : "/tmp");
	MUST(mkdtemp(folder));
	atexit(clean_up);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(fd != -1);
	supervise_dir_make(fd);
	return fd;
}

static void put_file(int dir_fd, const char *name, const char *bytes,
		     size_t count)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	MUST(fd != -1);
	MUST(write(fd, bytes, count) == (ssize_t)count);
	close(fd);
}

static void check_recall(const struct recall *recall)
{
	const struct machine *machine = &recall->standing.machine;

	MUST(machine->phase != MACHINE_GONE);
	MUST(machine->phase < MACHINE_PHASE_COUNT);
	MUST(machine->phase != MACHINE_WAITING ||
	     machine->want != MACHINE_WANT_DOWN);
	MUST(recall->standing.pid >= 0);
	MUST(recall->verdict >= 0 && recall->verdict < CLAIM_VERDICTS);
	MUST((recall->standing.pid != 0) == (recall->verdict == CLAIM_ALIVE));
	MUST(recall->standing.pid == 0 || machine->phase == MACHINE_UP);
	MUST(recall->standing.pid == 0 ||
	     recall->identity.pid == recall->standing.pid);
	/* One is added to these for each start and death to come. */
	MUST(recall->standing.starts >= 0 &&
	     recall->standing.starts < INT64_MAX);
	MUST(recall->standing.deaths >= 0 &&
	     recall->standing.deaths < INT64_MAX);
	for (int i = 0; i < 2; i++)
		MUST(recall->standing.signals_due[i] >= 0 &&
		     recall->standing.signals_due[i] < NSIG);
	MUST(IS_TEXT(recall->identity.era.boot_id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {SUPERVISE_STATE, SUPERVISE_STATUS};
	static struct eras eras = {.own.boot_id = "boot",
				   .own.pid_namespace = 1};
	static int dir_fd = -1;
	const char *at = (const char *)data, *end = at + size;
	struct recall recall;

	if (dir_fd == -1)
		dir_fd = open_folder();
	for (int i = 0; i < 2; i++) {
		size_t rest = (size_t)(end - at);
		size_t len = i < 1 ? strnlen(at, rest) : rest;

		put_file(dir_fd, names[i], at, len);
		at += len < rest ? len + 1 : len;
	}
	for (int is_down = 0; is_down < 2; is_down++) {
		const struct recall_place from = {.place = {.dir_fd = dir_fd},
						  .home_fd = dir_fd,
						  .eras = &eras};

		recall_service(&from, is_down, &recall);
		check_recall(&recall);
	}
	return 0;
}
