/*
 * processor.h -- runs a full file through a command ("!CMD").
 *
 * The command reads `previous` and `state` and writes `processed` and
 * `newstate`. It can be run again at will until both results are safely on
 * disk; only then `previous` goes. Source: the 0.76 specification, 3.8.
 */
#ifndef LOG_PROCESSOR_H
#define LOG_PROCESSOR_H

#include "log/archive.h"

/*
 * Runs `command` with /bin/sh until it succeeds, then leaves its output as
 * `processed`, complete (mode 744) and synced, its state as `state`, and no
 * `previous`. Reads no input meanwhile. A stop that is asked for while the
 * command runs waits 5 seconds for its end, as the command is saving lines;
 * then the command's process group gets TERM, and 5 seconds later KILL. 0, or
 * -1 when it gave up; then `previous` still stands.
 */
int processor_run(struct archive *archive, const char *command);

#endif
