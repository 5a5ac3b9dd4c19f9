/*
 * script.h -- the script of a service's phase, ready to be started.
 */
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H

#include "engine/herald.h"
#include "engine/publish.h"
#include "engine/scope.h"
#include "engine/service.h"

#define SCRIPT_NUMBER_SIZE 16

/* Not to be copied: the plan points into it. */
struct script {
	struct spawn_plan plan;
	char *name; /* owned: the service may get another */
	/* What ended, for "finish": see config_finish_numbers(). */
	char first[SCRIPT_NUMBER_SIZE], second[SCRIPT_NUMBER_SIZE];
	char group[SCRIPT_NUMBER_SIZE];
	char entry[HERALD_ENTRY_SIZE];
	char cgroup[SCOPE_PATH_SIZE];
	char **environment; /* owned; NULL: the supervisor's */
	struct news news;   /* what it puts on record of itself */
};

/* Fills in what starts the script that the machine's phase is named for. 0, or
 * -1 with errno when memory is short. script_free() in both cases. */
int script_prepare(struct service *service, struct script *script);

void script_free(struct script *script);

#endif
