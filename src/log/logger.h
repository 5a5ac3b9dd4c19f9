/*
 * logger.h -- what all programs that log have in common: a run of multilog.h
 * from standard input, as a process.
 */
#ifndef LOG_LOGGER_H
#define LOG_LOGGER_H

#include <stdbool.h>

#include "log/multilog.h"

/*
 * Logs until the end, after setting up the process: signals, umask, standard
 * descriptors. HUP asks for a reload if `is_reloading`. Returns the exit code.
 */
int logger_main(struct script_source source, bool is_reloading);

#endif
