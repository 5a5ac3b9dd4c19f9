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

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

bool tai64n_parse(const char label[TAI64N_LABEL_SIZE], struct timespec *moment)
{
	unsigned char packed[TAI64N_SIZE];

	if (label[0] != '@')
		return false;
	for (int i = 0; i < TAI64N_SIZE; i++) {
		int high = hex_value(label[1 + 2 * i]);
		int low = hex_value(label[2 + 2 * i]);

		if (high == -1 || low == -1)
			return false;
		packed[i] = (unsigned char)(high << 4 | low);
	}
	*moment = tai64n_unpack(packed);
	return true;
}

struct timespec tai64n_now(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_REALTIME, &now);
	return now;
}
