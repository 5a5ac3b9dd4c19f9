/* status.c -- see status.h. */
#include "base/tai64n.h"
#include "service/status.h"

void status_pack(const struct status *status, unsigned char out[STATUS_SIZE])
{
	uint32_t pid = status->run_pid;

	tai64n_pack(status->changed_at, out);
	for (int i = 12; i < 16; i++, pid >>= 8)
		out[i] = (unsigned char)(pid & 0xff);
	out[16] = status->is_paused && status->run_pid != 0;
	out[17] = (unsigned char)status->wanted;
	out[18] = status->is_term_sent && status->run_pid != 0;
	out[19] = (unsigned char)(status->run_pid != 0 ? status->activity
						       : STATUS_DOWN);
}

void status_unpack(const unsigned char in[STATUS_CLASSIC_SIZE],
		   struct status *status)
{
	status->changed_at = tai64n_unpack(in);
	status->run_pid = 0;
	for (int i = 15; i >= 12; i--)
		status->run_pid = status->run_pid << 8 | in[i];
	status->is_paused = in[16] != 0;
	status->wanted = (char)in[17];
	status->is_term_sent = false;
	status->activity = status->run_pid != 0 ? STATUS_RUN : STATUS_DOWN;
}
