/*
 * survey.h -- all services of a scan directory, as they stand and as they wait
 * for one another, at one moment; and what the last start of them waited for.
 *
 * Each name stands once, in the order of strcmp(3); names that only others
 * mention follow, as missing.
 */
#ifndef CLIENT_SURVEY_H
#define CLIENT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/look.h"
#include "service/graph.h"
#include "service/state.h"

struct survey_edge {
	size_t to; /* an index of services */
	enum graph_kind kind;
};

struct survey_service {
	char *name; /* owned */
	/* Owned: where a file system is mounted that doesn't answer, so that
	 * nothing else is known. NULL: there is none. */
	char *hangs_at;
	bool is_missing;
	bool is_bundle;
	bool is_needed;   /* an edge leads here */
	struct look look; /* its trouble, if it couldn't be opened */
	bool has_state;   /* it is supervised, and the rest counts */
	struct state state;
	/* Of the last SURVEY_DEATHS ones: those within SURVEY_RECENT_S before
	 * the look that weren't brought about by TERM. */
	unsigned recent_deaths;
	/* CLOCK_REALTIME; INT64_MIN: isn't up, or isn't ready. */
	int64_t began_ns, ready_ns;
	const char
		*waits_for; /* a name that it may not start before; or NULL */
	struct survey_edge *edges; /* owned */
	size_t edge_count;
};

struct survey {
	struct survey_service *services; /* owned */
	size_t count;
};

#define SURVEY_NEVER    INT64_MIN
#define SURVEY_DEATHS   3
#define SURVEY_RECENT_S 60

/* Fills in `survey`. 0, or -1 with errno: the directory couldn't be read, or
 * memory is short. A service that can't be read is one without a state. */
int survey_take(const char *scan_dir, struct survey *survey);
void survey_free(struct survey *survey);

/*
 * The longest chain of the last start: a service, what it had to wait for
 * longest, and so on; the first to start comes first. From the one that was
 * ready last. Writes at most `survey->count` indexes to `path` and returns how
 * many: 0 when nothing is ready. Pure.
 */
size_t survey_critical_path(const struct survey *survey, size_t *path);

#endif
