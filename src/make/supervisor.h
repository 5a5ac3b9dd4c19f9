/*
 * supervisor.h -- a configuration of supervisord, of one or more files, and the
 * services that it stands for.
 *
 * All of it is read before anything is made: supervisord itself takes all of a
 * configuration, or nothing. What nobody knows until a service runs, the
 * variables of its supervisor, stays a variable where a shell sees it, in
 * commands and environments; elsewhere its value is looked up and written down,
 * and that is told.
 */
#ifndef MAKE_SUPERVISOR_H
#define MAKE_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "make/import.h"
#include "make/supervisor_file.h"

struct supervisor_source {
	char *path, *text, *here; /* owned */
};

/* Of a key that is said twice, the last one counts. */
struct supervisor_option {
	const char *section, *key; /* key: NULL where a section begins */
	const char *value;
	size_t source;
	unsigned line;
};

/* Starts as {.import = ...}, of which `tell` and `with` are set. */
struct supervisor {
	struct import *import;
	struct supervisor_source *sources; /* owned */
	size_t source_count;
	struct supervisor_option *options; /* owned */
	size_t option_count;
	char host[256];
	bool is_quiet;   /* it has been told, of the process before */
	bool has_failed; /* there is a service that can't be made */
	bool is_short;   /* of memory */
};

/* Whether that is a configuration of supervisord, by its text. */
bool supervisor_is_meant(const char *text);

/*
 * Reads the `len` bytes of a file, which text[len] ends with a '\0', and whose
 * memory is taken over. `dir` is the absolute path of its directory. 0, or -1
 * after telling what is wrong with it.
 */
int supervisor_read(struct supervisor *supervisor, const char *path,
		    const char *dir, char *text, size_t len);

/* Adds the patterns of further files, as the first file names them: absolute
 * paths. Those found are to be read in the order of their names. */
void supervisor_includes(struct supervisor *supervisor, struct list *patterns);

/* Tells of files that aren't there. */
void supervisor_tell_missing(struct supervisor *supervisor,
			     const char *pattern);

/* Calls `take` for each service, and for each group, a bundle, when all are
 * read, as import_procfile() does. */
int supervisor_finish(struct supervisor *supervisor,
		      int (*take)(void *with, struct import *import));

void supervisor_free(struct supervisor *supervisor);

/* ---- for the files of supervisor ---- */

/* A section [program:NAME], and the group that it is in. */
struct supervisor_program {
	const char *section, *name;
	const char *group; /* its own name, if it is in none */
	bool is_in_group;
	int64_t priority, group_priority;
	int64_t first, count; /* process numbers */
};

/* One of its processes. */
struct supervisor_service {
	const struct supervisor_program *program;
	int64_t number;
	const char *process; /* the name that supervisord has for it */
	const char *name;    /* the name that it gets */
};

/* The option that counts; NULL: it isn't said. */
const struct supervisor_option *
supervisor_find(const struct supervisor *supervisor, const char *section,
		const char *key);

/* Tells of an option. */
void supervisor_tell(const struct supervisor *supervisor,
		     const struct supervisor_option *option, const char *advice,
		     const char *why, ...) PRINTF_LIKE(4, 5);

/* Its value with "%(name)s" replaced; NULL after telling why not. Variables
 * that the plan has are known, and set already if `is_command`. `service` may
 * be NULL, or have no name yet. */
const char *supervisor_value(struct supervisor *supervisor,
			     const struct supervisor_option *option,
			     const struct supervisor_service *service,
			     bool is_command);

/* The same, with the variables that are known here and now, which is told. */
const char *supervisor_value_now(struct supervisor *supervisor,
				 const struct supervisor_option *option,
				 const struct supervisor_service *service);

/* Values of other kinds: `standard` if it isn't said, or, after telling, isn't
 * understood. */
int64_t supervisor_number(struct supervisor *supervisor, const char *section,
			  const char *key,
			  const struct supervisor_service *service,
			  int64_t standard);
bool supervisor_truth(struct supervisor *supervisor, const char *section,
		      const char *key, const struct supervisor_service *service,
		      bool standard);

/* Tells that a value isn't understood. */
void supervisor_tell_bad(const struct supervisor *supervisor,
			 const struct supervisor_option *option);

/* Fills the plan in with a service. False after telling why there can't be one.
 * (supervisor_plan.c) */
bool supervisor_plan(struct supervisor *supervisor,
		     const struct supervisor_service *service);

/* Output, and the log. (supervisor_output.c) */
void supervisor_plan_output(struct supervisor *supervisor,
			    const struct supervisor_service *service);

/* Tells of sections and keys that nothing here does. (supervisor_lost.c) */
void supervisor_tell_lost(struct supervisor *supervisor);

#endif
