/*
 * envfile.h -- variables from a file of "NAME=VALUE" lines with the quotes of a
 * shell, as the files in /etc/default are, and as systemd reads them.
 *
 * Nothing is expanded or run. Blanks around names and values don't count, nor
 * do empty lines, comments, which begin with '#' or ';', and lines without a
 * name that a shell could have. Within '...' everything is itself, within "..."
 * a backslash before one of \ " ` $ makes that itself; elsewhere it does so
 * with any byte. Quotes may hold newlines, and a backslash before a newline
 * outside of '...' removes both.
 * Source: systemd.exec(5), EnvironmentFile=.
 */
#ifndef CHAIN_ENVFILE_H
#define CHAIN_ENVFILE_H

#include <stddef.h>

#include "base/env.h"

/*
 * Sets in `env` what the `len` bytes of `text` say, which are changed while
 * they are read; text[len] is written, too. 0, or -1 with ENOMEM; then some
 * variables are set.
 */
int envfile_apply(char *text, size_t len, struct env *env);

#endif
