/* typo.c -- see typo.h. */
#include <stdbool.h>
#include <string.h>

#include "make/typo.h"

#define LEN_MOST 32 /* of names that are compared */

static unsigned least(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/* The optimal string alignment distance: rows of the table of the distances
 * between beginnings, of which three are needed at a time. */
unsigned typo_distance(const char *one, const char *other, unsigned most)
{
	size_t rows = strlen(one), columns = strlen(other);
	unsigned table[3][LEN_MOST + 1];
	unsigned *now = table[0], *last = table[1], *before = table[2];

	if (rows > LEN_MOST || columns > LEN_MOST)
		return most + 1;
	for (size_t j = 0; j <= columns; j++)
		now[j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		unsigned *oldest = before;

		before = last;
		last = now;
		now = oldest;
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= columns; j++) {
			bool is_same = one[i - 1] == other[j - 1];

			now[j] = least(last[j - 1] + !is_same,
				       least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
			    one[i - 2] == other[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return least(now[columns], most + 1);
}

const char *typo_guess(const char *word, const char *const names[])
{
	const char *found = NULL;
	unsigned nearest = 0;

	for (; *names; names++) {
		unsigned most = strlen(*names) < 7 ? 1 : 2;
		unsigned distance = typo_distance(word, *names, most);

		if (distance == 0)
			return NULL;
		if (distance > most || (found && distance >= nearest))
			continue;
		found = *names;
		nearest = distance;
	}
	return found;
}
