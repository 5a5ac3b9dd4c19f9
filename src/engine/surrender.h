/*
 * surrender.h -- the end of all because one service gave up, and its directory
 * says so in "on-giving-up".
 *
 * It is on record, in .svscan, before the failure itself is: a supervisor that
 * is killed anywhere on the way to the end is followed by one that goes on
 * there. The record is of one boot, and goes when all is over.
 */
#ifndef ENGINE_SURRENDER_H
#define ENGINE_SURRENDER_H

/* Puts it on record in the scan directory, the cwd. A failure to do so is left
 * at that: without a record it ends as well, unless somebody is killed. */
void surrender_note(const char *boot_id, int exit_code);

/* The exit code on record, or -1: there is none of this boot. */
int surrender_recall(const char *boot_id);

/* It is over. */
void surrender_forget(void);

#endif
