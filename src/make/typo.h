/*
 * typo.h -- names that were meant to be others.
 */
#ifndef MAKE_TYPO_H
#define MAKE_TYPO_H

/*
 * How many slips of a finger lie between two names: a character too many, too
 * few, another one, or two that changed places. `most` + 1 stands for all that
 * is more than `most`.
 */
unsigned typo_distance(const char *one, const char *other, unsigned most);

/*
 * Which of the names up to a NULL `word` was probably meant to be; NULL: none,
 * or it is one of them. Short names have to be nearer than long ones.
 */
const char *typo_guess(const char *word, const char *const names[]);

#endif
