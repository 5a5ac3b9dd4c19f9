/*
 * scan_dir.h -- where services are: the scan directory, for those who name a
 * service without saying where.
 */
#ifndef SERVICE_SCAN_DIR_H
#define SERVICE_SCAN_DIR_H

#include <stddef.h>

/*
 * The scan directory: `option` or, if that is NULL, $SVDIR or, if that isn't
 * set, the first that exists of the built-in one, /service, /etc/service and
 * /var/service. Never NULL; borrowed.
 */
const char *scan_dir_find(const char *option);

/*
 * Writes the path of the service that `name` names to `out`: one that begins
 * with a dot or a slash, or ends with a slash, is a path, others are in
 * `scan_dir`. 0, or -1 with ENAMETOOLONG. Source: the runit suite's sv(8).
 */
int scan_dir_path_of(const char *name, const char *scan_dir, char *out,
		     size_t size_bytes);

#endif
