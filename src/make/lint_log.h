/*
 * lint_log.h -- whether a logger may write where it is to.
 */
#ifndef MAKE_LINT_LOG_H
#define MAKE_LINT_LOG_H

#include "make/lint_finding.h"

/* A part of lint_directory(); `log_fd` is that of log/, whose script `run` has
 * that text. */
void lint_log(struct lint *lint, int log_fd, const char *run);

#endif
