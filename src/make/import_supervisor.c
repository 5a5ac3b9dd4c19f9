/*
 * import_supervisor.c -- the services of a configuration of supervisord, their
 * groups and their order: see supervisor.h.
 *
 * Priorities are an order of groups, and of programs within a group. Each
 * service comes after those that are next before it; what these come after is
 * theirs to say.
 */
#include <stdlib.h>
#include <string.h>

#include "make/place.h"
#include "make/supervisor.h"

#define PRIORITY 999 /* unless told otherwise */
/* More than that are a slip. */
#define MOST_SERVICES 1000

struct roster {
	struct supervisor_program *programs; /* owned */
	size_t program_count;
	struct supervisor_service *services; /* owned */
	size_t service_count;
};

static const char *name_in(struct supervisor *supervisor,
			   const struct supervisor_option *option,
			   const char *prefix)
{
	const char *name = option->section + strlen(prefix);
	size_t len;

	name += strspn(name, " \t");
	len = strlen(name);
	while (len > 0 && strchr(" \t", name[len - 1]))
		len--;
	return import_keep_format(supervisor->import, "%.*s", (int)len, name);
}

/* Whether a section begins here, of that kind, that didn't begin before. */
static bool is_first(const struct supervisor *supervisor, size_t i,
		     const char *prefix)
{
	const struct supervisor_option *option = &supervisor->options[i];

	if (option->key ||
	    strncmp(option->section, prefix, strlen(prefix)) != 0)
		return false;
	for (size_t j = 0; j < i; j++) {
		if (!supervisor->options[j].key &&
		    strcmp(supervisor->options[j].section, option->section) ==
			    0)
			return false;
	}
	return true;
}

/* ---- programs ---- */

static void add_program(struct supervisor *supervisor, struct roster *roster,
			const struct supervisor_option *option)
{
	struct supervisor_program *program =
		&roster->programs[roster->program_count];
	const char *section = option->section;
	struct supervisor_service service = {.program = program};
	bool had_failed = supervisor->has_failed;

	*program = (struct supervisor_program){
		.section = section,
		.name = name_in(supervisor, option, "program:"),
	};
	program->group = program->name;
	supervisor->has_failed = true; /* until all is known */
	if (place_name_trouble(program->name)) {
		supervisor_tell(supervisor, option,
				"rename it, and import it again", "%s",
				place_name_trouble(program->name));
		return;
	}
	if (!supervisor_find(supervisor, section, "command")) {
		supervisor_tell(supervisor, option,
				"correct it: supervisord refuses that, too",
				"there is no command in it");
		return;
	}
	program->priority = supervisor_number(supervisor, section, "priority",
					      &service, PRIORITY);
	program->group_priority = program->priority;
	program->count =
		supervisor_number(supervisor, section, "numprocs", &service, 1);
	program->first = supervisor_number(supervisor, section,
					   "numprocs_start", &service, 0);
	if (program->count < 1 || program->count > MOST_SERVICES) {
		supervisor_tell_bad(
			supervisor,
			supervisor_find(supervisor, section, "numprocs"));
		return;
	}
	supervisor->has_failed = had_failed;
	roster->program_count++;
}

static struct supervisor_program *find_program(const struct roster *roster,
					       const char *name, size_t len)
{
	for (size_t i = 0; i < roster->program_count; i++) {
		if (strncmp(roster->programs[i].name, name, len) == 0 &&
		    roster->programs[i].name[len] == '\0')
			return &roster->programs[i];
	}
	return NULL;
}

/* Puts its programs into a group. */
static void take_group(struct supervisor *supervisor, struct roster *roster,
		       const struct supervisor_option *section)
{
	const struct supervisor_option *option =
		supervisor_find(supervisor, section->section, "programs");
	const char *group = name_in(supervisor, section, "group:");
	const char *text =
		option ? supervisor_value_now(supervisor, option, NULL) : NULL;
	int64_t priority = supervisor_number(supervisor, section->section,
					     "priority", NULL, PRIORITY);

	if (place_name_trouble(group)) {
		supervisor_tell(supervisor, section,
				"rename it, and import it again", "%s",
				place_name_trouble(group));
		return;
	}
	while (text && *(text += strspn(text, ", \t\r\n")) != '\0') {
		size_t len = strcspn(text, ",\r\n"), trimmed = len;
		struct supervisor_program *program;

		while (trimmed > 0 && strchr(" \t", text[trimmed - 1]))
			trimmed--;
		program = find_program(roster, text, trimmed);
		if (!program)
			supervisor_tell(supervisor, option,
					"add the program, or remove its name",
					"no program %.*s is made of it",
					(int)trimmed, text);
		else if (program->is_in_group)
			supervisor_tell(supervisor, option,
					"copy its section under another name",
					"%s is in group %s, and there is one "
					"of it",
					program->name, program->group);
		else
			*program = (struct supervisor_program){
				.section = program->section,
				.name = program->name,
				.group = group,
				.is_in_group = true,
				.priority = program->priority,
				.group_priority = priority,
				.first = program->first,
				.count = program->count,
			};
		text += len;
	}
}

/* ---- services ---- */

static bool is_taken(const struct roster *roster, const char *name)
{
	for (size_t i = 0; i < roster->service_count; i++) {
		if (strcmp(roster->services[i].name, name) == 0)
			return true;
	}
	return false;
}

/* One process. Its name is supervisord's for it, with the program's before it
 * if that doesn't begin so already. */
static void add_service(struct supervisor *supervisor, struct roster *roster,
			const struct supervisor_program *program,
			int64_t number)
{
	const struct supervisor_option *option =
		supervisor_find(supervisor, program->section, "process_name");
	struct supervisor_service *service =
		&roster->services[roster->service_count];
	const char *trouble;

	*service = (struct supervisor_service){
		.program = program, .number = number, .process = program->name};
	if (option)
		service->process =
			supervisor_value_now(supervisor, option, service);
	else
		option = supervisor_find(supervisor, program->section,
					 "command");
	if (!service->process) {
		supervisor->has_failed = true;
		return;
	}
	service->name = service->process;
	if (strncmp(service->name, program->name, strlen(program->name)) != 0)
		service->name =
			import_keep_format(supervisor->import, "%s-%s",
					   program->name, service->process);
	trouble = place_name_trouble(service->name);
	if (!trouble && is_taken(roster, service->name))
		trouble = "there is a service of that name: with numprocs, "
			  "process_name needs a %(process_num)02d";
	if (!trouble) {
		roster->service_count++;
		return;
	}
	supervisor->has_failed = true;
	supervisor_tell(supervisor, option,
			"correct it: supervisord refuses that, too", "%s",
			trouble);
}

static bool is_before(const struct supervisor_program *one,
		      const struct supervisor_program *other)
{
	if (one->group_priority != other->group_priority)
		return one->group_priority < other->group_priority;
	return strcmp(one->group, other->group) == 0 &&
	       one->priority < other->priority;
}

/* Whether nothing of what is before `program` comes after `other`. */
static bool is_next_before(const struct roster *roster,
			   const struct supervisor_program *other,
			   const struct supervisor_program *program)
{
	for (size_t i = 0; i < roster->program_count; i++) {
		if (is_before(other, &roster->programs[i]) &&
		    is_before(&roster->programs[i], program))
			return false;
	}
	return is_before(other, program);
}

static void add_order(struct supervisor *supervisor,
		      const struct roster *roster,
		      const struct supervisor_program *program)
{
	struct list *names = &supervisor->import->plan.edges[GRAPH_AFTER];
	const struct supervisor_program *last = NULL;
	bool is_next = false;

	for (size_t i = 0; i < roster->service_count; i++) {
		const struct supervisor_service *service = &roster->services[i];

		if (service->program != last)
			is_next = is_next_before(roster, service->program,
						 program);
		last = service->program;
		if (is_next)
			list_add(names, service->name);
	}
}

/* ---- making them ---- */

static void forget_plan(struct import *import)
{
	plan_free(&import->plan);
	import->plan = (struct plan){.folder = import->plan.folder};
}

static int make_service(struct supervisor *supervisor,
			const struct roster *roster,
			const struct supervisor_service *service,
			int (*take)(void *with, struct import *import))
{
	struct import *import = supervisor->import;
	int result = 0;

	supervisor->is_quiet = service->number != service->program->first;
	import->name = service->name;
	if (supervisor_plan(supervisor, service)) {
		add_order(supervisor, roster, service->program);
		result = take(import->with, import);
	} else {
		result = -1;
	}
	supervisor->is_quiet = false;
	forget_plan(import);
	return result;
}

/* The bundle of a group, or of a program of several processes. */
static int make_group(struct supervisor *supervisor,
		      const struct roster *roster,
		      const struct supervisor_program *program,
		      int (*take)(void *with, struct import *import))
{
	struct import *import = supervisor->import;
	int result;

	for (size_t i = 0; i < roster->service_count; i++) {
		const struct supervisor_service *service = &roster->services[i];

		if (strcmp(service->program->group, program->group) == 0)
			list_add(&import->plan.edges[GRAPH_CONTAINS],
				 service->name);
	}
	import->name = program->group;
	import->plan.is_bundle = import->plan.needs_no_log = true;
	result = take(import->with, import);
	forget_plan(import);
	return result;
}

static int make_groups(struct supervisor *supervisor,
		       const struct roster *roster,
		       int (*take)(void *with, struct import *import))
{
	int result = 0;

	for (size_t i = 0; i < roster->program_count; i++) {
		const struct supervisor_program *program = &roster->programs[i];
		const struct supervisor_option *option = supervisor_find(
			supervisor, program->section, "command");
		bool is_done = !program->is_in_group && program->count == 1;

		for (size_t j = 0; j < i; j++)
			is_done |= strcmp(roster->programs[j].group,
					  program->group) == 0;
		if (is_done)
			continue;
		if (is_taken(roster, program->group))
			supervisor_tell(supervisor, option,
					"rename the group if it is needed",
					"its group %s isn't made: a service "
					"has that name",
					program->group);
		else if (make_group(supervisor, roster, program, take) != 0)
			result = -1;
	}
	return result;
}

/* Fills the roster in. False: memory is short. */
static bool call_roll(struct supervisor *supervisor, struct roster *roster)
{
	size_t count = 0;

	/* Each has a section at least. */
	roster->programs =
		calloc(supervisor->option_count + 1, sizeof(*roster->programs));
	if (!roster->programs)
		return false;
	for (size_t i = 0; i < supervisor->option_count; i++) {
		if (is_first(supervisor, i, "program:"))
			add_program(supervisor, roster,
				    &supervisor->options[i]);
	}
	for (size_t i = 0; i < supervisor->option_count; i++) {
		if (is_first(supervisor, i, "group:"))
			take_group(supervisor, roster, &supervisor->options[i]);
	}
	for (size_t i = 0; i < roster->program_count; i++)
		count += (size_t)roster->programs[i].count;
	if (count > MOST_SERVICES) {
		import_tell(supervisor->import, 0, "", "divide it",
			    "there are more than %d processes in it",
			    MOST_SERVICES);
		roster->program_count = 0;
		count = 0;
	}
	roster->service_count = 0;
	/* One that is none, at least. */
	roster->services = calloc(count + 1, sizeof(*roster->services));
	if (!roster->services)
		return false;
	for (size_t i = 0; i < roster->program_count; i++) {
		const struct supervisor_program *program = &roster->programs[i];

		for (int64_t j = 0; j < program->count; j++)
			add_service(supervisor, roster, program,
				    program->first + j);
	}
	return true;
}

int supervisor_finish(struct supervisor *supervisor,
		      int (*take)(void *with, struct import *import))
{
	struct roster roster = {.programs = NULL};
	int result = -1;

	supervisor_tell_lost(supervisor);
	if (!call_roll(supervisor, &roster) || supervisor->is_short) {
		import_tell(supervisor->import, 0, "", "try again later",
			    "memory is short");
		goto out;
	}
	if (roster.service_count == 0) {
		import_tell(supervisor->import, 0, "", "see [program:x]",
			    "there is no service in it");
		goto out;
	}
	result = supervisor->has_failed ? -1 : 0;
	for (size_t i = 0; i < roster.service_count; i++) {
		if (make_service(supervisor, &roster, &roster.services[i],
				 take) != 0)
			result = -1;
	}
	if (make_groups(supervisor, &roster, take) != 0)
		result = -1;
out:
	free(roster.programs);
	free(roster.services);
	return result;
}
