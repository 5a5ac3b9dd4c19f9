/*
 * faults_preload.c -- memory and clocks that fail svscan, on demand.
 *
 * Preloaded; does nothing in any other program, such as the services.
 *     FAULTS_FAIL_AT=N      the Nth allocation fails, and says so in FAULTS_HIT
 *     FAULTS_FAIL_WHILE=F   allocations fail while the file F exists
 *     FAULTS_CLOCK=F        the wall clock is off by the seconds in the file F
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern char *program_invocation_short_name;

static bool is_armed;
static long fail_at, count;
static const char *fail_while, *hit, *clock_file;

__attribute__((constructor)) static void arm(void)
{
	const char *number = getenv("FAULTS_FAIL_AT");

	if (strcmp(program_invocation_short_name, "svscan") != 0)
		return;
	fail_at = number ? strtol(number, NULL, 10) : 0;
	fail_while = getenv("FAULTS_FAIL_WHILE");
	hit = getenv("FAULTS_HIT");
	clock_file = getenv("FAULTS_CLOCK");
	is_armed = true;
}

static bool fails(void)
{
	if (!is_armed)
		return false;
	count++;
	if (count != fail_at && !(fail_while && access(fail_while, F_OK) == 0))
		return false;
	if (hit)
		close(open(hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	char text[32] = "";
	int fd;

	if (clock != CLOCK_REALTIME || !clock_file)
		return result;
	fd = open(clock_file, O_RDONLY | O_CLOEXEC);
	if (fd != -1 && read(fd, text, sizeof(text) - 1) > 0)
		now->tv_sec += strtol(text, NULL, 10);
	if (fd != -1)
		close(fd);
	return result;
}
