/*
 * ini.h -- variables from a file of sections and "NAME=VALUE" lines.
 *
 * "[SECTION]" puts "SECTION_" before the names that follow. Blanks around names
 * and values don't count, nor do lines that are neither, and comments: lines
 * that begin with '#' or ';'.
 * Source: daemontools-encore, envini(8); comments are ours.
 */
#ifndef CHAIN_INI_H
#define CHAIN_INI_H

#include <stddef.h>

#include "base/env.h"

/*
 * Sets in `env` what the `len` bytes of `text` say; every name begins with
 * `prefix`. `text` is changed while it is read; text[len] is written, too. 0,
 * or -1 with ENOMEM; then some variables are set.
 */
int ini_apply(char *text, size_t len, const char *prefix, struct env *env);

#endif
