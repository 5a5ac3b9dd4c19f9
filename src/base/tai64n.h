/*
 * tai64n.h -- moments as TAI64N labels.
 *
 * Packed: 8 bytes of seconds (2^62 + 10 + Unix time) and 4 of nanoseconds, big
 * endian. As text: '@' and 24 lower-case hex digits. The 10 is constant; leap
 * seconds are not counted. Source: the 0.76 specification, 1.5.
 */
#ifndef BASE_TAI64N_H
#define BASE_TAI64N_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define TAI64N_SIZE       12 /* bytes, packed */
#define TAI64N_LABEL_SIZE 25 /* bytes, as text, without a '\0' */

void tai64n_pack(struct timespec moment, unsigned char out[TAI64N_SIZE]);

/* The reverse. Any 12 bytes give some moment; tv_nsec is not range-checked. */
struct timespec tai64n_unpack(const unsigned char in[TAI64N_SIZE]);

/*
 * Whole seconds that have passed since a packed moment, 0 for one to come: as
 * the bytes stand, also those that no clock can show.
 */
uint64_t tai64n_seconds_since(const unsigned char stamp[TAI64N_SIZE]);

/* Writes the label, without a '\0'. */
void tai64n_format(struct timespec moment, char out[TAI64N_LABEL_SIZE]);

/* Reads a label; false, and *moment as it was, unless all 25 bytes are one. */
bool tai64n_parse(const char label[TAI64N_LABEL_SIZE], struct timespec *moment);

/* CLOCK_REALTIME; cannot fail. */
struct timespec tai64n_now(void);

#endif
