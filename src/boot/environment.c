/* environment.c -- see boot.h: what is known of the world by those started. */
#include <string.h>
#include <unistd.h>

#include "base/exec.h"
#include "base/self.h"
#include "base/strb.h"
#include "boot/boot.h"

#define PATH_OF_SERVICES                                                       \
	"/command:/usr/local/bin:/usr/local/sbin:"                             \
	"/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin"

/*
 * argv[0] comes first: it may name a link (/command/svscanboot) that an upgrade
 * turns to the new programs, which the next svscan should be of.
 */
void boot_find_folder(struct boot *boot, const char *called_as)
{
	struct strb folder = strb_on(boot->folder, sizeof(boot->folder));
	const char *slash = called_as ? strrchr(called_as, '/') : NULL;

	if (slash && called_as[0] != '/' &&
	    getcwd(boot->folder, sizeof(boot->folder))) {
		folder.len = strlen(boot->folder);
		strb_add(&folder, "/");
	}
	if (slash)
		strb_add_bytes(&folder, called_as, (size_t)(slash - called_as));
	if (slash && folder.len == 0)
		strb_add(&folder, "/.");
	if (folder.is_cut ||
	    (!slash && self_folder(boot->folder, sizeof(boot->folder)) == -1))
		boot->folder[0] = '\0';
}

static bool has_part(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	for (const char *at = path; at; at = strchr(at, ':')) {
		at += *at == ':';
		if (strncmp(at, folder, len) == 0 &&
		    (at[len] == ':' || at[len] == '\0'))
			return true;
	}
	return false;
}

void boot_set_environment(struct boot *boot)
{
	static char *environment[] = {NULL, NULL};
	struct strb path = strb_on(boot->path, sizeof(boot->path));

	strb_add(&path, "PATH=");
	if (boot->folder[0] == '/' && !strchr(boot->folder, ':') &&
	    !has_part(PATH_OF_SERVICES, boot->folder))
		strb_add_format(&path, "%s:", boot->folder);
	strb_add(&path, PATH_OF_SERVICES);
	environment[0] = boot->path;
	environ = environment;
}
