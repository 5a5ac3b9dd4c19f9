/*
 * typed.h -- text that a person typed, taken apart from its front.
 *
 * Each function moves *rest behind what it took. One that finds something else
 * there takes nothing and says so. Case never matters.
 */
#ifndef READ_TYPED_H
#define READ_TYPED_H

#include <stdbool.h>
#include <stddef.h>

bool typed_is_digit(char byte);

/* Takes the very bytes of `text`, whatever follows them. */
bool typed_take(const char **rest, const char *text);

/* Takes `word` if no letter follows it. */
bool typed_take_word(const char **rest, const char *word);

/*
 * Takes one of the names, whole or only its first three letters, if no letter
 * follows. Returns which one, from 0; -1 for none.
 */
int typed_take_name(const char **rest, const char *const *names, size_t count);

/* Takes a number of `least` to `most` digits, nine at most, and no digit
 * behind it. */
bool typed_take_number(const char **rest, size_t least, size_t most,
		       int *number);

/* Takes spaces: whether there were any. */
bool typed_take_spaces(const char **rest);

#endif
