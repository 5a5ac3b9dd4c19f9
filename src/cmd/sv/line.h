/*
 * line.h -- a service in one line, in the words of runit's sv.
 *
 * Scripts read these lines, so they are runit's to the byte:
 * "run: NAME: (pid 17) 5s, normally down", "fail: NAME: runsv not running".
 * What runit doesn't know is told at the end: ", waiting for NAME", ", failed:
 * exit 3".
 */
#ifndef CMD_SV_LINE_H
#define CMD_SV_LINE_H

#include "client/look.h"

/* Prints what `look` saw of the service open as `dir_fd`, without a newline.
 * `name` is what it is called on the line. */
void line_service(const char *name, int dir_fd, const struct look *look);

/* Prints why it can't be told how a service is, without a newline: for a look
 * that has trouble. */
void line_trouble(const char *name, const struct look *look);

/* The same for a file of it that couldn't be used, with errno. */
void line_trouble_with(const char *name, const char *what);

/* Ends the line, and lets it be seen. */
void line_end(void);

#endif
