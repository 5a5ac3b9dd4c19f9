/*
 * payload.c -- the service of the comparison: reports its start, then sleeps.
 *
 * It is run as ./run itself, without a shell in between, and does so little
 * that what is measured is the supervisor.
 */
#include <unistd.h>

#include "base/diag.h"
#include "report.h"

int main(void)
{
	diag_set_program("payload");
	if (report_self() == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to report");
	for (;;)
		pause();
}
