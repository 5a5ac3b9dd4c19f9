/*
 * logline.h -- the last line of a log, quickly and silently: for tables.
 *
 * It is looked for in the last few kilobytes of the latest file only; a log
 * that can't be read, or has been compressed, has none.
 */
#ifndef VIEW_LOGLINE_H
#define VIEW_LOGLINE_H

#include <stddef.h>

/*
 * Writes the beginning of the last line, without its stamp, to `out`; "" if
 * there is none. `size_bytes` is at least 1.
 */
void logline_last(const char *name, const char *scan_dir, char *out,
		  size_t size_bytes);

#endif
