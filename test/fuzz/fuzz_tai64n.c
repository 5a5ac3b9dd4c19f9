/* fuzz_tai64n.c -- 25 bytes are a label, which is told apart, or they aren't.
 */
#include <string.h>

#include "base/tai64n.h"
#include "fuzz.h"

static bool is_label(const char *text)
{
	return text[0] == '@' &&
	       strspn(text + 1, "0123456789abcdef") == TAI64N_LABEL_SIZE - 1;
}

static void check_packed(struct timespec moment)
{
	unsigned char packed[TAI64N_SIZE];
	struct timespec again;

	tai64n_pack(moment, packed);
	again = tai64n_unpack(packed);
	MUST(again.tv_sec == moment.tv_sec && again.tv_nsec == moment.tv_nsec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TAI64N_LABEL_SIZE + 1] = "", again[TAI64N_LABEL_SIZE];
	struct timespec moment = {12, 34};
	bool is_read;

	if (size < TAI64N_LABEL_SIZE)
		return 0;
	memcpy(text, data, TAI64N_LABEL_SIZE);
	is_read = tai64n_parse((const char *)data, &moment);
	MUST(is_read == is_label(text));
	if (!is_read) {
		MUST(moment.tv_sec == 12 && moment.tv_nsec == 34);
		return 0;
	}
	tai64n_format(moment, again);
	MUST(memcmp(text, again, sizeof(again)) == 0);
	check_packed(moment);
	return 0;
}
