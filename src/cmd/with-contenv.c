/*
 * with-contenv.c -- run a program with the variables that its container was
 * started with, where something has cleared them on the way.
 *
 * Also as the interpreter of a script: #!/command/with-contenv sh
 */
#include <errno.h>
#include <string.h>
#include <getopt.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/options.h"
#include "base/program.h"
#include "boot/place.h"
#include "chain/envdir.h"

static const char synopsis[] = "[-e dir] program";

_Noreturn static void die(const struct envdir *envdir)
{
	if (envdir->step == ENVDIR_READ)
		diag_die_errno(EXIT_SYSTEM, "unable to read %s/%s",
			       envdir->path, envdir->name);
	diag_die_errno(EXIT_SYSTEM, "unable to read directory %s",
		       envdir->path);
}

/* Where there is no such directory, what is inherited is all there is. */
static void apply(struct envdir *envdir)
{
	if (access(envdir->path, F_OK) == -1 && errno == ENOENT)
		return;
	if (envdir_apply(envdir) == -1)
		die(envdir);
}

int main(int argc, char *argv[])
{
	struct env env;
	struct envdir envdir = {
		.env = &env, .path = BOOT_ENVIRONMENT, .prefix = ""};
	int letter;

	program_begin("with-contenv", argc, argv);
	while ((letter = options_next(argc, argv, "+:e:")) != -1) {
		if (letter != 'e')
			diag_usage(EXIT_USAGE, synopsis);
		envdir.path = optarg;
	}
	if (optind == argc)
		diag_usage(EXIT_USAGE, synopsis);
	if (env_start(&env, environ) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	apply(&envdir);
	exec_or_die(argv + optind, env.entries);
}
