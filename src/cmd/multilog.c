/* multilog.c -- keep lines of input in size-limited, rotated files. */
#include "base/program.h"
#include "log/logger.h"

static int read_script(struct script *script, void *context)
{
	return script_parse(script, context);
}

int main(int argc, char *argv[])
{
	program_begin("multilog", argc, argv);
	return logger_main(
		(struct script_source){read_script, argc > 0 ? argv + 1 : argv},
		false);
}
