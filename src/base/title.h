/*
 * title.h -- showing the latest bytes of a stream in the process list.
 *
 * An argument of the process is overwritten where it lies, so that ps(1) shows
 * it. NUL bytes are left out: they would end it.
 */
#ifndef BASE_TITLE_H
#define BASE_TITLE_H

#include <stddef.h>

/* Shifts `bytes` in at the right end of `window`. `bytes` may be changed. */
void title_append(char *window, size_t window_len, char *bytes, size_t count);

#endif
