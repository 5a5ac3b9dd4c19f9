/*
 * locate.h -- where the log of a service is.
 *
 * Whoever knows best is asked first: the logger that runs has the file open
 * that it writes to. Where there is none, or it can't be looked at, the usual
 * places are tried.
 */
#ifndef READ_LOCATE_H
#define READ_LOCATE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes the log directory of `name` to `out`. A name without a slash is that
 * of a service in `scan_dir` or else, like others, a directory: a service, its
 * log, or a log directory itself. 0, or -1 with errno: ESRCH when nothing is
 * there that could be a log, ENAMETOOLONG, or what stat(2) gave.
 */
int locate_log(const char *name, const char *scan_dir, char *out,
	       size_t size_bytes);

/*
 * Writes the directory of the first `current` that process `pid` has open. 0,
 * or -1 with errno: ENOENT if there is none, ENOSYS where the system doesn't
 * tell, EACCES where it doesn't tell this user.
 * (logger_linux.c, logger_portable.c)
 */
int locate_of_logger(pid_t pid, char *out, size_t size_bytes);

#endif
