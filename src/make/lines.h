/*
 * lines.h -- lines of configuration files, taken apart in place.
 */
#ifndef MAKE_LINES_H
#define MAKE_LINES_H

/* The line at *at, which ends at its newline or at `end`, where a '\0' stands;
 * *at is the next one then. */
char *lines_take(char **at, char *end);

/* The text without blanks at both its ends: bytes of `blanks`. */
char *lines_trim(char *text, const char *blanks);

#endif
