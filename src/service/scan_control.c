/* scan_control.c -- see scan_control.h. */
#include <stddef.h>

#include "base/diag.h"
#include "service/scan_control.h"

/* clang-format off */
static const struct scan_control controls[SCAN_COMMAND_COUNT] = {
	[SCAN_NOW]     = {'s', SCAN_NOW,     "scan"},
	[SCAN_STOP]    = {'t', SCAN_STOP,    "stop"},
	[SCAN_DETACH]  = {'d', SCAN_DETACH,  "detach"},
	[SCAN_UPGRADE] = {'u', SCAN_UPGRADE, "upgrade"},
};
/* clang-format on */

const struct scan_control *scan_control_find(char letter)
{
	for (int i = 0; i < SCAN_COMMAND_COUNT; i++) {
		if (controls[i].letter == letter)
			return &controls[i];
	}
	return NULL;
}

char scan_control_letter(enum scan_command command)
{
	return controls[command].letter;
}

bool scan_control_is_failure(int exit_code)
{
	return exit_code == EXIT_USAGE || exit_code == EXIT_SYSTEM;
}
