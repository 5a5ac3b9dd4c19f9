/* lint.c -- see lint.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/options.h"
#include "base/strb.h"
#include "client/survey.h"
#include "cmd/sv/command.h"
#include "cmd/sv/lint.h"
#include "make/lint.h"
#include "service/scan_dir.h"
#include "view/object.h"
#include "view/proctree.h"

#define SOME_FOUND 1

struct inspection {
	const char *scan_dir;
	bool is_json;
	struct survey
		survey; /* of the scan directory; empty if there is none */
	struct proctree tree;
	char path[PATH_MAX]; /* of the service that is looked at */
	bool has_failed;
};

static void print_json(const struct inspection *inspection,
		       const struct lint_finding *finding)
{
	struct object object = {.file = stdout};

	object_begin(&object, NULL);
	object_text(&object, "service", inspection->path);
	object_text(&object, "file", finding->file);
	object_text(&object, "problem", finding->problem);
	object_text(&object, "advice", finding->advice);
	object_end(&object);
}

static void on_finding(void *with, const struct lint_finding *finding)
{
	const struct inspection *inspection = with;
	const char *file = finding->file;

	if (inspection->is_json) {
		print_json(inspection, finding);
		return;
	}
	if (*file == '/')
		printf("%s", file);
	else
		printf("%s%s%s", inspection->path, *file ? "/" : "", file);
	printf(": %s; %s\n", finding->problem, finding->advice);
}

static const struct survey_service *find(const struct survey *survey,
					 const char *name)
{
	for (size_t i = 0; i < survey->count; i++) {
		const struct survey_service *service = &survey->services[i];

		if (!service->is_missing && strcmp(service->name, name) == 0)
			return service;
	}
	return NULL;
}

static void inspect(struct inspection *inspection, struct lint *lint,
		    const char *name)
{
	const struct survey_service *service = find(&inspection->survey, name);
	char *path = inspection->path;
	int dir_fd = -1;

	if (scan_dir_path_of(name, inspection->scan_dir, path, PATH_MAX) == 0)
		dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1 || lint_directory(lint, dir_fd) == -1) {
		diag_warn_errno("unable to look at %s", path);
		inspection->has_failed = true;
	} else if (service) {
		lint_processes(lint, dir_fd, &service->look,
			       service->recent_deaths, &inspection->tree);
		if (lint_needs(lint, &inspection->survey, name) == -1)
			diag_die_errno(EXIT_SYSTEM, "unable to look at %s",
				       path);
	}
	if (dir_fd != -1)
		close(dir_fd);
}

unsigned lint_print(const char *path, int dir_fd)
{
	static struct inspection inspection; /* large */
	struct lint lint = {.on_finding = on_finding, .with = &inspection};
	struct strb text = strb_on(inspection.path, sizeof(inspection.path));

	strb_add(&text, path);
	lint_directory(&lint, dir_fd);
	return lint.count;
}

static int inspect_all(struct inspection *inspection, char *const names[])
{
	struct lint lint = {.on_finding = on_finding, .with = inspection};
	const struct survey *survey = &inspection->survey;

	if (survey_take(inspection->scan_dir, &inspection->survey) == -1 &&
	    !names[0])
		diag_die_errno(EXIT_SYSTEM, "unable to read %s",
			       inspection->scan_dir);
	proctree_take(&inspection->tree); /* no processes: nothing to tell */
	for (size_t i = 0; names[i]; i++)
		inspect(inspection, &lint, names[i]);
	for (size_t i = 0; !names[0] && i < survey->count; i++) {
		if (!survey->services[i].is_missing &&
		    !survey->services[i].hangs_at)
			inspect(inspection, &lint, survey->services[i].name);
	}
	survey_free(&inspection->survey);
	proctree_free(&inspection->tree);
	if (fflush(stdout) == EOF)
		diag_die_errno(EXIT_SYSTEM, "unable to write");
	if (inspection->has_failed)
		return EXIT_SYSTEM;
	return lint.count > 0 ? SOME_FOUND : 0;
}

int lint_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	static struct inspection inspection; /* large */
	int letter;

	inspection.scan_dir = scan_dir_find(scan_dir);
	while ((letter = options_next_long(argc, argv, "+:j", words)) != -1) {
		if (letter != 'j')
			return COMMAND_MISUSED;
		inspection.is_json = true;
	}
	return inspect_all(&inspection, argv + optind);
}
