/*
 * quote.h -- words for the shell.
 *
 * What is written is read back by any POSIX shell as exactly the bytes that
 * were given, whatever they are: nothing is expanded, split or run.
 */
#ifndef MAKE_QUOTE_H
#define MAKE_QUOTE_H

#include <stdio.h>

/* Writes `word` so that sh(1) takes it for one word; as it is, if nothing in it
 * means anything to a shell. */
void quote_word(FILE *out, const char *word);

/* The same for each of the words up to a NULL, a blank before each. */
void quote_words(FILE *out, const char *const words[]);

#endif
