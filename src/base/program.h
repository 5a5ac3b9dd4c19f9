/*
 * program.h -- what every program does first.
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

/*
 * Names the program in messages, as diag_set_program() does; `name` is borrowed
 * for good. Asked for its version, by "--version" as the only argument, it
 * writes "NAME (Holdfast) VERSION" to standard output and exits 0, or 111 if
 * that fails. (To 0.76 a lone "--version" is a file, a program or wrong use.)
 */
void program_begin(const char *name, int argc, char *argv[]);

#endif
