/*
 * day.h -- days as people name them: "2026-11-22", "yesterday", "monday".
 *
 * A day that is named without its year, or without its week, is the latest
 * such day that has begun: who looks into logs looks back.
 */
#ifndef READ_DAY_H
#define READ_DAY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Of the Gregorian calendar; month and day count from 1. */
struct day {
	int year, month, day;
};

/* Days since 1970-01-01. */
int64_t day_number(struct day day);
struct day day_of_number(int64_t number);

/* Whether there is such a day. */
bool day_exists(struct day day);

/* `count` months earlier; the last day of a month that is too short. */
struct day day_before_months(struct day day, int count);

/*
 * Takes a day off the front of *rest (typed.h):
 *   2026-11-22  2026/11/22            as it stands, real or not
 *   today  yesterday  tomorrow
 *   monday  mon                       the latest, today included
 *   "last monday"                     the latest before today
 *   "Nov 22"  "22 nov"  "Nov 22 2026"
 * False if there is none; *rest is then anywhere.
 */
bool day_take(const char **rest, struct day today, struct day *day);

#endif
