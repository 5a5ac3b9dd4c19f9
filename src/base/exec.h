/*
 * exec.h -- becoming the next program of a chain.
 */
#ifndef BASE_EXEC_H
#define BASE_EXEC_H

/* This process's environment: POSIX has each program declare it. */
extern char **environ;

/*
 * Runs argv[0] with the arguments `argv` and the environment `envp`, searching
 * the PATH of this process's own environment when argv[0] holds no slash; no
 * shell is tried for a file that isn't a program. Returns only on failure, with
 * errno: "access denied" and its like win over "file does not exist".
 * Source: the 0.76 specification, 1.4.
 */
void exec_search(char *const argv[], char *const envp[]);

/* The same for `file`, whatever argv[0] says. */
void exec_search_file(const char *file, char *const argv[], char *const envp[]);

/* exec_search(), then on failure "unable to run NAME: REASON" and exit 111. */
_Noreturn void exec_or_die(char *const argv[], char *const envp[]);

#endif
