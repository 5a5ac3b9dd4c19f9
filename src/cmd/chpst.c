/*
 * chpst.c -- run a program with a changed process state.
 *
 * All options are read before anything is changed; chain/change.h has the
 * order. Under the name of a chain loader of daemontools it takes that one's
 * arguments, as runit's does.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/env.h"
#include "base/exec.h"
#include "base/number.h"
#include "base/options.h"
#include "base/program.h"
#include "chain/change.h"

static const char synopsis[] =
	"[-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] "
	"[-/ root] [-C dir] [-n nice] [-l|-L lock] [-m n] [-d n] [-o n] "
	"[-p n] [-f n] [-c n] [-r n] [-t n] prog";

/* From the least to the most, and more: what is added is clamped. */
#define NICENESS_SPAN 40

enum long_option {
	LONG_ALL_GROUPS = 256,
	LONG_ENV_FILE,
	LONG_GIVE_OUTPUT,
	LONG_UMASK,
	LONG_IONICE,
	LONG_OOM_SCORE,
	LONG_NO_NEW_PRIVS,
	LONG_CLOSE,
	LONG_READ,
	LONG_WRITE,
	LONG_APPEND,
	LONG_COPY,
};

static const struct option long_options[] = {
	{"all-groups", no_argument, NULL, LONG_ALL_GROUPS},
	{"append", required_argument, NULL, LONG_APPEND},
	{"chdir", required_argument, NULL, 'C'},
	{"chroot", required_argument, NULL, '/'},
	{"close", required_argument, NULL, LONG_CLOSE},
	{"copy", required_argument, NULL, LONG_COPY},
	{"env-file", required_argument, NULL, LONG_ENV_FILE},
	{"give-output", no_argument, NULL, LONG_GIVE_OUTPUT},
	{"ionice", required_argument, NULL, LONG_IONICE},
	{"nice", required_argument, NULL, 'n'},
	{"no-new-privs", no_argument, NULL, LONG_NO_NEW_PRIVS},
	{"oom-score", required_argument, NULL, LONG_OOM_SCORE},
	{"read", required_argument, NULL, LONG_READ},
	{"umask", required_argument, NULL, LONG_UMASK},
	{"write", required_argument, NULL, LONG_WRITE},
	{NULL, 0, NULL, 0},
};

/* What the arguments ask for. */
struct order {
	struct change change;
	struct change_limit *limits; /* owned; as many as fit on the line */
	struct redirect *redirects;  /* likewise */
	const char **env_files;      /* likewise */
	char *argv0;                 /* instead of the program's name */
	bool is_verbose;
	bool is_quiet; /* a lock that can't be had is no failure */
	char **argv;   /* the program */
};

/* Which program we are taken for, and what its arguments mean. */
struct guise {
	const char *name;
	const char *synopsis;
	/* Fills in the order; false: wrong use. */
	bool (*read)(struct order *order, int argc, char *argv[]);
};

static bool add_limit(struct order *order, int letter, const char *text)
{
	struct change_limit *limit = &order->limits[order->change.limit_count];

	limit->letter = (char)letter;
	order->change.limit_count++;
	if (limits_parse(text, &limit->limit) == 0)
		return true;
	if (errno == ERANGE)
		diag_print("chpst: number too large for -%c: %s", letter, text);
	return false;
}

/* runit's takes numbers only. */
static bool add_number(struct order *order, int letter, const char *text)
{
	return strcmp(text, "=") != 0 && strcmp(text, "-") != 0 &&
	       add_limit(order, letter, text);
}

static bool add_redirect(struct order *order, enum redirect_kind kind)
{
	struct redirect *redirect =
		&order->redirects[order->change.redirect_count++];

	return redirect_parse(kind, optarg, redirect) == 0;
}

static bool set_lock(struct change *change, bool is_waiting)
{
	bool is_first = !change->lock;

	change->lock = optarg;
	change->is_lock_waiting = is_waiting;
	return is_first;
}

/* A lone sign is 0. What is beyond all niceness is as good as its end. */
static bool set_niceness(struct change *change, const char *text)
{
	change->has_niceness = true;
	change->niceness = 0;
	if (strcmp(text, "") == 0 || strcmp(text, "-") == 0 ||
	    strcmp(text, "+") == 0)
		return true;
	if (number_parse_signed(text, INT32_MIN, INT32_MAX,
				&change->niceness) == -1)
		return false;
	if (change->niceness > NICENESS_SPAN)
		change->niceness = NICENESS_SPAN;
	if (change->niceness < -NICENESS_SPAN)
		change->niceness = -NICENESS_SPAN;
	return true;
}

static bool set_umask(struct change *change, const char *text)
{
	uint64_t mask;

	if (number_parse_octal(text, 0777, &mask) == -1)
		return false;
	change->has_umask = true;
	change->umask = (unsigned)mask;
	return true;
}

static bool obey_long(struct order *order, int option)
{
	struct change *change = &order->change;

	switch (option) {
	case LONG_ALL_GROUPS: change->has_all_groups = true; return true;
	case LONG_ENV_FILE:
		order->env_files[change->env_file_count++] = optarg;
		return true;
	case LONG_GIVE_OUTPUT: change->gives_output = true; return true;
	case LONG_NO_NEW_PRIVS: change->refuses_privileges = true; return true;
	case LONG_UMASK: return set_umask(change, optarg);
	case LONG_IONICE:
		change->has_io = true;
		return favour_parse_io(optarg, &change->io) == 0;
	case LONG_OOM_SCORE:
		change->has_oom_score = true;
		return number_parse_signed(optarg, -1000, 1000,
					   &change->oom_score) == 0;
	case LONG_CLOSE: return add_redirect(order, REDIRECT_CLOSE);
	case LONG_READ: return add_redirect(order, REDIRECT_READ);
	case LONG_WRITE: return add_redirect(order, REDIRECT_WRITE);
	case LONG_APPEND: return add_redirect(order, REDIRECT_APPEND);
	case LONG_COPY: return add_redirect(order, REDIRECT_COPY);
	default: return false;
	}
}

static bool obey(struct order *order, int option)
{
	struct change *change = &order->change;

	switch (option) {
	case 'u': change->user = optarg; return true;
	case 'U': change->env_user = optarg; return true;
	case 'b': order->argv0 = optarg; return true;
	case 'e': change->env_dir = optarg; return true;
	case '/': change->root = optarg; return true;
	case 'C': change->dir = optarg; return true;
	case 'n': return set_niceness(change, optarg);
	case 'l': return set_lock(change, true);
	case 'L': return set_lock(change, false);
	case 'P': change->is_session = true; return true;
	case 'v': order->is_verbose = true; return true;
	case '0':
	case '1':
	case '2': change->is_closed[option - '0'] = true; return true;
	case 'V':
		diag_print("chpst (Holdfast) " HOLDFAST_VERSION);
		return false;
	default: return obey_long(order, option);
	}
}

static void warn_of_directory(const char *path, const char *name)
{
	diag_warn_errno("unable to read %s/%s", path, name);
}

static void pass_over_directory(const char *path, const char *name)
{
	(void)path;
	(void)name;
}

static bool read_chpst(struct order *order, int argc, char *argv[])
{
	const char *letters = "+:u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:r:t:vVP012";
	const struct change *change = &order->change;
	int option;

	while ((option = options_next_long(argc, argv, letters,
					   long_options)) != -1) {
		if (option < 256 && strchr("mdopfcrt", option)) {
			if (!add_number(order, option, optarg))
				return false;
		} else if (!obey(order, option)) {
			return false;
		}
	}
	order->argv = argv + optind;
	order->change.pass_over =
		order->is_verbose ? warn_of_directory : pass_over_directory;
	if (change->gives_output && !change->user)
		return false; /* there is nobody to give it to */
	/* A number is no account, so it is a member of nothing. */
	return !change->has_all_groups ||
	       (change->user && change->user[0] != ':');
}

static bool read_envdir(struct order *order, int argc, char *argv[])
{
	if (argc < 2)
		return false;
	order->change.env_dir = argv[1];
	order->argv = argv + 2;
	return true;
}

static bool read_envuidgid(struct order *order, int argc, char *argv[])
{
	if (argc < 2)
		return false;
	order->change.env_user = argv[1];
	order->change.is_account = true;
	order->argv = argv + 2;
	return true;
}

static bool read_setuidgid(struct order *order, int argc, char *argv[])
{
	if (argc < 2)
		return false;
	order->change.user = argv[1];
	order->change.is_account = true;
	order->argv = argv + 2;
	return true;
}

static bool read_pgrphack(struct order *order, int argc, char *argv[])
{
	order->change.is_session = true;
	order->argv = argv + (argc > 0);
	return true;
}

static bool read_setlock(struct order *order, int argc, char *argv[])
{
	int letter;

	order->change.is_lock_waiting = true;
	while ((letter = options_next(argc, argv, "+:nNxX")) != -1) {
		switch (letter) {
		case 'n': order->change.is_lock_waiting = false; break;
		case 'N': order->change.is_lock_waiting = true; break;
		case 'x': order->is_quiet = true; break;
		case 'X': order->is_quiet = false; break;
		default: return false;
		}
	}
	if (optind >= argc)
		return false;
	order->change.lock = argv[optind];
	order->argv = argv + optind + 1;
	return true;
}

static bool read_softlimit(struct order *order, int argc, char *argv[])
{
	int letter;

	while ((letter = options_next(argc, argv,
				      "+:a:c:d:f:l:m:o:p:r:s:t:")) != -1)
		if (letter == '?' || !add_limit(order, letter, optarg))
			return false;
	order->argv = argv + optind;
	return true;
}

static const struct guise guises[] = {
	{"envdir", "dir child", read_envdir},
	{"envuidgid", "account child", read_envuidgid},
	{"pgrphack", "child", read_pgrphack},
	{"setlock", "[ -nNxX ] file program [ arg ... ]", read_setlock},
	{"setuidgid", "account child", read_setuidgid},
	{"softlimit",
	 "[-a n] [-c n] [-d n] [-f n] [-l n] [-m n] [-o n] [-p n] [-r n] "
	 "[-s n] [-t n] child",
	 read_softlimit},
	{"chpst", synopsis, read_chpst}, /* last: under any other name, too */
};

static const struct guise *guise_of(const char *called_as)
{
	const char *slash = called_as ? strrchr(called_as, '/') : NULL;
	const char *name = slash ? slash + 1 : called_as;
	size_t i = 0;

	while (i + 1 < sizeof(guises) / sizeof(guises[0]) &&
	       (!name || strcmp(name, guises[i].name) != 0))
		i++;
	return &guises[i];
}

_Noreturn static void die(const struct change_trouble *trouble)
{
	errno = trouble->error;
	if (errno != 0)
		diag_die_errno(EXIT_SYSTEM, "%s", trouble->text);
	diag_die(EXIT_SYSTEM, "%s", trouble->text);
}

_Noreturn static void become(const struct order *order, const struct env *env)
{
	const char *file = order->argv[0];

	if (order->argv0)
		order->argv[0] = order->argv0;
	exec_search_file(file, order->argv, env->entries);
	diag_die_errno(EXIT_SYSTEM, "unable to run: %s", order->argv[0]);
}

int main(int argc, char *argv[])
{
	const struct guise *guise = guise_of(argv[0]);
	struct order order = {0};
	struct change_trouble trouble;
	struct env env;

	program_begin("chpst", argc, argv);
	order.limits = calloc((size_t)argc + 1, sizeof(*order.limits));
	order.redirects = calloc((size_t)argc + 1, sizeof(*order.redirects));
	order.env_files = calloc((size_t)argc + 1, sizeof(*order.env_files));
	if (!order.limits || !order.redirects || !order.env_files ||
	    env_start(&env, environ) == -1)
		diag_die(EXIT_SYSTEM, "out of memory");
	if (!guise->read(&order, argc, argv) || !order.argv[0]) {
		diag_set_program(guise->name);
		diag_usage(EXIT_USAGE, guise->synopsis);
	}
	order.change.limits = order.limits;
	order.change.redirects = order.redirects;
	order.change.env_files = order.env_files;
	if (change_apply(&order.change, &env, &trouble) == 0)
		become(&order, &env);
	if (!trouble.is_lock || !order.is_quiet)
		die(&trouble);
	env_free(&env);
	free(order.limits);
	free(order.redirects);
	free(order.env_files);
	return 0;
}
