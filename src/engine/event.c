/* event.c -- see event.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/event.h"
#include "engine/rules.h"
#include "service/config.h"

#define EVENT_DIR      "event"
#define LISTENER       "ftrig1:" /* how their names begin */
#define LISTENERS_MOST 1024      /* that are told: anybody may add some */
#define NAMES_MOST     4096      /* that are looked at for them */

static void tell_one(int dir_fd, const char *name, const char *letters)
{
	struct stat status;
	int fd;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISFIFO(status.st_mode))
		return;
	fd = openat(dir_fd, name,
		    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		if (errno == ENXIO) /* nobody reads it any more */
			unlinkat(dir_fd, name, 0);
		return;
	}
	/* SIGPIPE is blocked. EAGAIN: who doesn't read is told nothing. */
	if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
	    write(fd, letters, strlen(letters)) == -1 && errno == EPIPE)
		unlinkat(dir_fd, name, 0);
	close(fd);
}

/* Where names that come are told of, nothing has to be opened to know. */
static bool may_have_listeners(const struct site *site)
{
	if (!site->is_watched)
		return true;
	loop_directories_catch_up(site->loop);
	return site->may_have_changed ||
	       config_has(rules_of(site), CONFIG_EVENT);
}

void event_tell(const struct site *site, const char *letters)
{
	int fd = may_have_listeners(site)
			 ? openat(site->dir_fd, EVENT_DIR,
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			 : -1;
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd != -1)
			close(fd);
		return;
	}
	for (int names = 0, told = 0;
	     names < NAMES_MOST && told < LISTENERS_MOST &&
	     (entry = readdir(dir));
	     names++) {
		if (strncmp(entry->d_name, LISTENER, sizeof(LISTENER) - 1) != 0)
			continue;
		tell_one(dirfd(dir), entry->d_name, letters);
		told++;
	}
	closedir(dir);
}

void event_note_end(struct events *events, const struct site *site,
		    enum machine_phase phase, bool has_failed)
{
	bool is_last = phase == MACHINE_FINISHING ||
		       !config_has(rules_of(site), CONFIG_FINISH);
	char *at = events->due;

	if (phase == MACHINE_UP)
		*at++ = 'd';
	if (has_failed && (phase == MACHINE_UP || phase == MACHINE_FINISHING))
		*at++ = 'O';
	if (is_last && (phase == MACHINE_UP || phase == MACHINE_FINISHING))
		*at++ = 'D';
	*at = '\0';
}

void event_flush(struct events *events, const struct site *site)
{
	if (events->due[0] != '\0')
		event_tell(site, events->due);
	events->due[0] = '\0';
}
