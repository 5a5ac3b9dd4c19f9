/* fuzz_status.c -- any supervise/status: all of it is read, and comes back. */
#include <string.h>

#include "base/tai64n.h"
#include "fuzz.h"
#include "service/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char again[STATUS_SIZE];
	struct status status, reread;

	if (size < STATUS_CLASSIC_SIZE)
		return 0;
	status_unpack(data, &status);
	MUST(!status.is_term_sent);
	status_pack(&status, again);
	/* The moment and the pid, byte for byte; then two flags. */
	MUST(memcmp(again, data, TAI64N_SIZE + 4) == 0);
	MUST(again[16] == (data[16] != 0 && status.run_pid != 0));
	MUST(again[17] == data[17]);
	MUST(again[18] == 0);
	MUST(again[19] == (status.run_pid != 0));
	status_unpack(again, &reread);
	MUST(reread.run_pid == status.run_pid);
	MUST(reread.wanted == status.wanted);
	MUST(reread.changed_at.tv_sec == status.changed_at.tv_sec);
	MUST(reread.changed_at.tv_nsec == status.changed_at.tv_nsec);
	return 0;
}
