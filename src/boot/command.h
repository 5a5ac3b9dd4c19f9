/*
 * command.h -- a command that runs beside the services of a container, on the
 * container's own input and terminal; its end is the end of all.
 *
 * It is started once, when svscan is ready, and never again. On a terminal its
 * process group is the one in the foreground, so what is typed reaches it and
 * not process 1, and a shell has job control. In a stop it is told first, as it
 * uses the services, and these are told when it has ended, or after a while.
 */
#ifndef BOOT_COMMAND_H
#define BOOT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct command {
	char *const *argv;   /* borrowed; NULL: there is none */
	int input_fd;        /* standard input, as it was; owned */
	pid_t pid;           /* 0: it doesn't run */
	bool was_started;    /* not again, whatever becomes of it */
	bool is_on_terminal; /* that of input_fd */
	int exit_code;       /* when it has ended, or 128 and a signal */
	/* CLOCK_MONOTONIC; 0: it wasn't told to end. */
	int64_t patience_due_ns;
};

/* Before standard input is another one. 0, or -1 with errno. */
int command_keep_input(struct command *command);

/* Whether it is still to be started. */
bool command_is_due(const struct command *command);

/* In the parent, and in the child, which must have pid 0 here: makes the child
 * what it is to be. */
void command_settle(struct command *command, pid_t pid);

/* In the child: becomes the program, or exits as a shell does: 127 if there is
 * none, 126 if it can't be run. */
_Noreturn void command_exec(const struct command *command);

/* Tells it to end, by `number`; the first time only. */
void command_tell(struct command *command, int number, int64_t patience_due_ns);

/* Whether others have to wait for its end. */
bool command_is_awaited(const struct command *command, int64_t now_ns);

/* It was stopped from the terminal: nobody here could continue it. */
void command_continue(const struct command *command);

/* It has ended, as wait(2) says. */
void command_note_end(struct command *command, int status);

#endif
