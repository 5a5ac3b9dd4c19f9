/*
 * down_file.h -- the file "down" of a service, which says what is wished for
 * after a reboot: commands may ask for it to be made or removed.
 */
#ifndef ENGINE_DOWN_FILE_H
#define ENGINE_DOWN_FILE_H

#include "engine/site.h"
#include "service/control.h"

/* Brings about what is due; a failure is said. False: nothing was. */
bool down_file_change(const struct site *site, enum control_down_file due);

#endif
