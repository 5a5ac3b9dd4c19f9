/* place.c -- see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "make/place.h"
#include "make/root_lock.h"

#define RUNITS_ROOT "/etc/sv"
#define USUAL_ROOT  "/etc/holdfast"

/* Whether it is one of those that scan_dir_find() finds by itself. */
static bool is_systems(const char *scan_dir)
{
	static const char *const usual[] = {HOLDFAST_SCANDIR, "/service",
					    "/etc/service", "/var/service"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strcmp(scan_dir, usual[i]) == 0)
			return true;
	}
	return false;
}

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* An absolute path, so that links lead there from everywhere; what isn't there
 * yet is none for realpath(3). */
static void add_absolute(struct strb *text, const char *path)
{
	char room[PATH_MAX];

	if (path[0] != '/') {
		if (!getcwd(room, sizeof(room))) {
			text->is_cut = true;
			return;
		}
		strb_add_format(text, "%s/", room);
	}
	strb_add(text, path);
}

int place_find(struct place *place, const char *scan_dir, const char *root)
{
	struct strb text = strb_on(place->root, sizeof(place->root));
	const char *set = getenv("SVROOT");
	char real[PATH_MAX];

	place->scan_dir = scan_dir;
	place->scan_fd = place->root_fd = place->lock_fd = -1;
	if (!root && set && *set != '\0')
		root = set;
	if (root) {
		add_absolute(&text, root);
	} else if (is_systems(scan_dir)) {
		strb_add(&text,
			 is_directory(RUNITS_ROOT) ? RUNITS_ROOT : USUAL_ROOT);
	} else {
		if (!realpath(scan_dir, real))
			return -1;
		strb_add_format(&text, "%s-available", real);
	}
	errno = ENAMETOOLONG;
	return text.is_cut ? -1 : 0;
}

void place_say_missing(const char *scan_dir)
{
	if (errno == ENOENT)
		diag_fatal("there is no scan directory %s: make it, or name "
			   "another by -d or SVDIR",
			   scan_dir);
	else
		diag_fatal_errno("unable to open the scan directory %s",
				 scan_dir);
}

/* With all folders above that aren't there. */
static int make_folders(const char *path)
{
	char room[PATH_MAX];
	struct strb text = strb_on(room, sizeof(room));

	strb_add(&text, path);
	for (char *slash = strchr(room + 1, '/');;
	     slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdir(room, 0755) == -1 && errno != EEXIST)
			return -1;
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int say_no(const char *what, const char *path)
{
	diag_fatal_errno("unable to %s %s", what, path);
	return -1;
}

int place_open(struct place *place, bool makes_root)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	place->scan_fd = open(place->scan_dir, flags);
	if (place->scan_fd == -1) {
		place_say_missing(place->scan_dir);
		return -1;
	}
	if (makes_root && make_folders(place->root) == -1)
		return say_no("make", place->root);
	place->root_fd = open(place->root, flags);
	if (place->root_fd == -1)
		return errno == ENOENT && !makes_root
			       ? 0
			       : say_no("open", place->root);
	if (root_lock_take(place->root_fd, place->root, &place->lock_fd) == -1)
		return say_no("lock", place->root);
	return 0;
}

void place_unlock(struct place *place)
{
	root_lock_give(place->root_fd, &place->lock_fd);
}

int place_lock(struct place *place)
{
	if (place->root_fd == -1 ||
	    root_lock_take(place->root_fd, place->root, &place->lock_fd) == 0)
		return 0;
	return say_no("lock", place->root);
}

void place_close(struct place *place)
{
	place_unlock(place);
	if (place->scan_fd != -1)
		close(place->scan_fd);
	if (place->root_fd != -1)
		close(place->root_fd);
	place->scan_fd = place->root_fd = -1;
}

const char *place_name_trouble(const char *name)
{
	if (*name == '\0')
		return "it is empty";
	if (*name == '.')
		return "supervisors pass over names that begin with a dot";
	if (*name == '-')
		return "it would be taken for an option";
	if (strchr(name, '/'))
		return "there is a slash in it";
	/* With room for what stands around it while it is made. */
	if (strlen(name) > NAME_MAX - strlen("..new"))
		return "it is too long";
	for (; *name != '\0'; name++) {
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return "there is a control character in it";
	}
	return NULL;
}

enum place_entry place_look(const struct place *place, const char *name)
{
	struct stat status;

	if (fstatat(place->scan_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? PLACE_NONE : PLACE_OTHER;
	if (S_ISLNK(status.st_mode))
		return PLACE_LINK;
	return S_ISDIR(status.st_mode) ? PLACE_DIRECTORY : PLACE_OTHER;
}

int place_link(const struct place *place, const char *name, const char *target)
{
	if (symlinkat(target, place->scan_fd, name) == -1)
		return -1;
	return fsync(place->scan_fd);
}
