/* tai64n.c -- see tai64n.h. */
#include <stdint.h>

#include "base/tai64n.h"

static const uint64_t unix_epoch = (UINT64_C(1) << 62) + 10;

void tai64n_pack(struct timespec moment, unsigned char out[TAI64N_SIZE])
{
	uint64_t seconds = unix_epoch + (uint64_t)moment.tv_sec;
	uint32_t nanoseconds = (uint32_t)moment.tv_nsec;

	for (int i = 7; i >= 0; i--, seconds >>= 8)
		out[i] = (unsigned char)(seconds & 0xff);
	for (int i = 11; i >= 8; i--, nanoseconds >>= 8)
		out[i] = (unsigned char)(nanoseconds & 0xff);
}

struct timespec tai64n_unpack(const unsigned char in[TAI64N_SIZE])
{
	uint64_t seconds = 0;
	uint32_t nanoseconds = 0;

	for (int i = 0; i < 8; i++)
		seconds = seconds << 8 | in[i];
	for (int i = 8; i < 12; i++)
		nanoseconds = nanoseconds << 8 | in[i];
	return (struct timespec){.tv_sec = (time_t)(seconds - unix_epoch),
				 .tv_nsec = (long)nanoseconds};
}

void tai64n_format(struct timespec moment, char out[TAI64N_LABEL_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char packed[TAI64N_SIZE];

	tai64n_pack(moment, packed);
	*out++ = '@';
	for (int i = 0; i < TAI64N_SIZE; i++) {
		*out++ = digits[packed[i] >> 4];
		*out++ = digits[packed[i] & 15];
	}
}

/* The value and 1; 0 for what is no digit. */
static const unsigned char hex_values[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* The number of `count` digits; *is_good becomes false if one is none. */
static uint64_t number(const char *digits, size_t count, bool *is_good)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned found = hex_values[(unsigned char)digits[i]];

		if (found == 0)
			*is_good = false;
		value = value << 4 | ((found - 1) & 15);
	}
	return value;
}

bool tai64n_parse(const char label[TAI64N_LABEL_SIZE], struct timespec *moment)
{
	bool is_good = label[0] == '@';
	uint64_t seconds = number(label + 1, 16, &is_good);
	uint64_t nanoseconds = number(label + 17, 8, &is_good);

	if (is_good)
		*moment = (struct timespec){
			.tv_sec = (time_t)(seconds - unix_epoch),
			.tv_nsec = (long)nanoseconds};
	return is_good;
}

struct timespec tai64n_now(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}

uint64_t tai64n_seconds_since(const unsigned char stamp[TAI64N_SIZE])
{
	unsigned char now[TAI64N_SIZE];
	uint64_t then_seconds = 0, now_seconds = 0;

	tai64n_pack(tai64n_now(), now);
	for (int i = 0; i < 8; i++) {
		then_seconds = then_seconds << 8 | stamp[i];
		now_seconds = now_seconds << 8 | now[i];
	}
	return now_seconds < then_seconds ? 0 : now_seconds - then_seconds;
}
