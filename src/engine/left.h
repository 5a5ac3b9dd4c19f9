/*
 * left.h -- services whose names have left the scan directory, on record.
 *
 * They are supervised until somebody tells them to end. For that a later
 * scanner must find them, too: each has a link in .svscan/left, named for
 * device and inode, that leads to its directory. Best effort: where a link
 * can't be made or the directory moves, what happens is what happened before
 * there were such links.
 */
#ifndef ENGINE_LEFT_H
#define ENGINE_LEFT_H

#include <sys/stat.h>

#include "engine/entry.h"

/* Puts the entry on record, in the .svscan of the directory open as `state_fd`,
 * or takes it off. Does nothing the second time. */
void left_note(int state_fd, struct entry *entry);
void left_forget(int state_fd, struct entry *entry);

/*
 * Calls `visit` with the path and the stat(2) of every directory on record that
 * a supervisor was killed over in this era, or in one that may go on; takes
 * the others off the record. Nothing is done where others could have made
 * links.
 */
void left_visit(int state_fd, struct eras *eras,
		void (*visit)(void *with, const char *path,
			      const struct stat *status),
		void *with);

#endif
