/* scan_dir.c -- see scan_dir.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strb.h"
#include "service/scan_dir.h"

const char *scan_dir_find(const char *option)
{
	static const char *const usual[] = {HOLDFAST_SCANDIR, "/service",
					    "/etc/service", "/var/service"};
	const char *set = getenv("SVDIR");

	if (option)
		return option;
	if (set && *set != '\0')
		return set;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct stat st;

		if (stat(usual[i], &st) == 0 && S_ISDIR(st.st_mode))
			return usual[i];
	}
	return usual[0];
}

int scan_dir_path_of(const char *name, const char *scan_dir, char *out,
		     size_t size_bytes)
{
	struct strb path = strb_on(out, size_bytes);
	size_t len = strlen(name);

	if (name[0] != '.' && name[0] != '/' &&
	    (len == 0 || name[len - 1] != '/'))
		strb_add_format(&path, "%s/", scan_dir);
	strb_add(&path, name);
	if (!path.is_cut)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}
