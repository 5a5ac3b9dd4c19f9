/* supervisor.c -- see supervisor.h: files, and values of keys. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "base/number.h"
#include "base/strb.h"
#include "make/supervisor.h"

/* ---- files ---- */

bool supervisor_is_meant(const char *text)
{
	static const char *const sections[] = {
		"[supervisord]", "[program:",      "[group:",
		"[include]",     "[fcgi-program:", "[eventlistener:"};

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		for (size_t i = 0; i < sizeof(sections) / sizeof(*sections);
		     i++) {
			if (strncmp(text, sections[i], strlen(sections[i])) ==
			    0)
				return true;
		}
	}
	return false;
}

static bool add_option(struct supervisor *supervisor,
		       const struct supervisor_line *line)
{
	struct supervisor_option *options =
		realloc(supervisor->options,
			(supervisor->option_count + 1) * sizeof(*options));

	if (!options) {
		supervisor->is_short = true;
		return false;
	}
	supervisor->options = options;
	options[supervisor->option_count++] = (struct supervisor_option){
		.section = line->section,
		.key = line->key,
		.value = line->value,
		.source = supervisor->source_count - 1,
		.line = line->number,
	};
	return true;
}

/* Takes the text over in any case. */
static struct supervisor_source *add_source(struct supervisor *supervisor,
					    const char *path, const char *dir,
					    char *text)
{
	struct supervisor_source *sources =
		realloc(supervisor->sources,
			(supervisor->source_count + 1) * sizeof(*sources));
	struct supervisor_source *source;

	if (!sources) {
		free(text);
		supervisor->is_short = true;
		return NULL;
	}
	supervisor->sources = sources;
	source = &sources[supervisor->source_count++];
	*source = (struct supervisor_source){
		.path = strdup(path), .text = text, .here = strdup(dir)};
	if (!source->path || !source->here)
		supervisor->is_short = true;
	return source;
}

int supervisor_read(struct supervisor *supervisor, const char *path,
		    const char *dir, char *text, size_t len)
{
	static const char marks[] = {SUPERVISOR_VARIABLE, SUPERVISOR_END,
				     SUPERVISOR_QUOTED, '\0'};
	struct supervisor_reader reader = {.at = text, .end = text + len};
	struct import *import = supervisor->import;
	struct utsname system;
	struct supervisor_line line;
	int result = 0;

	if (supervisor->source_count == 0 && uname(&system) == 0) {
		struct strb host =
			strb_on(supervisor->host, sizeof(supervisor->host));

		strb_add(&host, system.nodename);
	}
	if (!add_source(supervisor, path, dir, text))
		return 0;
	import->path = supervisor->source_count > 1 ? path : NULL;
	if (strlen(text) != len || strpbrk(text, marks)) {
		import_tell(import, 0, "",
			    "import a configuration of supervisord",
			    "it isn't text: there are control characters in "
			    "it");
		return -1;
	}
	while (supervisor_next(&reader, &line)) {
		if (!line.wrong) {
			add_option(supervisor, &line);
			continue;
		}
		import_tell(import, line.number, "",
			    "correct it: supervisord takes none of it, either",
			    "%s", line.wrong);
		result = -1;
	}
	return result;
}

void supervisor_free(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->source_count; i++) {
		free(supervisor->sources[i].path);
		free(supervisor->sources[i].text);
		free(supervisor->sources[i].here);
	}
	free(supervisor->sources);
	free(supervisor->options);
	*supervisor = (struct supervisor){.import = supervisor->import};
}

void supervisor_includes(struct supervisor *supervisor, struct list *patterns)
{
	const struct supervisor_option *option =
		supervisor_find(supervisor, "include", "files");
	const char *text =
		option ? supervisor_value_now(supervisor, option, NULL) : NULL;

	while (text && *(text += strspn(text, " \t\r\n\f\v")) != '\0') {
		size_t len = strcspn(text, " \t\r\n\f\v");

		if (*text == '/')
			list_add_bytes(patterns, text, len);
		else
			list_add_format(patterns, "%s/%.*s",
					supervisor->sources[0].here, (int)len,
					text);
		text += len;
	}
}

void supervisor_tell_missing(struct supervisor *supervisor, const char *pattern)
{
	const struct supervisor_option *option =
		supervisor_find(supervisor, "include", "files");

	if (option)
		supervisor_tell(supervisor, option,
				"nothing, if that is as it should be",
				"there is no file %s", pattern);
}

/* ---- telling ---- */

void supervisor_tell(const struct supervisor *supervisor,
		     const struct supervisor_option *option, const char *advice,
		     const char *why, ...)
{
	struct import *import = supervisor->import;
	char room[512];
	struct strb text = strb_on(room, sizeof(room));
	va_list args;

	if (supervisor->is_quiet)
		return;
	va_start(args, why);
	strb_add_vformat(&text, why, args);
	va_end(args);
	import->path = option->source > 0
			       ? supervisor->sources[option->source].path
			       : NULL;
	import_tell(import, option->line,
		    option->key ? option->key : option->section, advice, "%s",
		    room);
	import->path = NULL;
}

void supervisor_tell_bad(const struct supervisor *supervisor,
			 const struct supervisor_option *option)
{
	char room[80];
	struct strb shown = strb_on(room, sizeof(room));

	strb_add_shown(&shown, option->value, 40);
	supervisor_tell(supervisor, option,
			"correct it: supervisord refuses that, too",
			"%s isn't understood", room);
}

/* ---- values ---- */

const struct supervisor_option *
supervisor_find(const struct supervisor *supervisor, const char *section,
		const char *key)
{
	const struct supervisor_option *found = NULL, *fallback = NULL;

	for (size_t i = 0; i < supervisor->option_count; i++) {
		const struct supervisor_option *option =
			&supervisor->options[i];

		if (!option->key || strcmp(option->key, key) != 0)
			continue;
		if (strcmp(option->section, section) == 0)
			found = option;
		else if (strcmp(option->section, "DEFAULT") == 0)
			fallback = option;
	}
	return found ? found : fallback;
}

const char *supervisor_value(struct supervisor *supervisor,
			     const struct supervisor_option *option,
			     const struct supervisor_service *service,
			     bool is_command)
{
	struct supervisor_names names = {
		.is_settled = is_command,
		.here = supervisor->sources[option->source].here,
		.host = supervisor->host,
		.known = &supervisor->import->plan.environment,
	};
	const char *wrong, *result;
	char *text;

	if (service) {
		names.program = service->program->name;
		names.group = service->program->group;
		names.has_number = true;
		names.number = service->number;
		names.count = service->program->count;
	}
	text = supervisor_expand(option->value, &names, &wrong);
	if (!text) {
		if (wrong)
			supervisor_tell(supervisor, option,
					"correct it, and import it again", "%s",
					wrong);
		else
			supervisor->is_short = true;
		return NULL;
	}
	if (strstr(option->value, "%(host_node_name)"))
		supervisor_tell(supervisor, option,
				"nothing, if it is to run on this machine",
				"the name of this machine is written down");
	result = import_keep(supervisor->import, text);
	free(text);
	return result;
}

const char *supervisor_value_now(struct supervisor *supervisor,
				 const struct supervisor_option *option,
				 const struct supervisor_service *service)
{
	const char *text = supervisor_value(supervisor, option, service, false);

	while (text && strchr(text, SUPERVISOR_VARIABLE)) {
		const char *mark = strchr(text, SUPERVISOR_VARIABLE);
		const char *end = strchr(mark, SUPERVISOR_END);
		const char *name =
			import_keep_format(supervisor->import, "%.*s",
					   (int)(end - mark - 1), mark + 1);
		const char *value = getenv(name);

		if (!value) {
			supervisor_tell(supervisor, option,
					"set it, and import it again",
					"there is no variable %s here", name);
			return NULL;
		}
		supervisor_tell(
			supervisor, option, "import it again when that changes",
			"the value that %s has here is written down", name);
		/* What is in there can't pass for a mark. */
		if (strpbrk(value, "\001\002\003"))
			return NULL;
		text = import_keep_format(supervisor->import, "%.*s%s%s",
					  (int)(mark - text), text, value,
					  end + 1);
	}
	return text;
}

int64_t supervisor_number(struct supervisor *supervisor, const char *section,
			  const char *key,
			  const struct supervisor_service *service,
			  int64_t standard)
{
	const struct supervisor_option *option =
		supervisor_find(supervisor, section, key);
	const char *text =
		option ? supervisor_value_now(supervisor, option, service)
		       : NULL;
	int64_t number;

	if (!text)
		return standard;
	if (number_parse_signed(text, INT32_MIN, INT32_MAX, &number) == 0)
		return number;
	supervisor_tell_bad(supervisor, option);
	return standard;
}

bool supervisor_truth(struct supervisor *supervisor, const char *section,
		      const char *key, const struct supervisor_service *service,
		      bool standard)
{
	static const char *const words[] = {"false", "no",  "off", "0",
					    "true",  "yes", "on",  "1"};
	const size_t count = sizeof(words) / sizeof(words[0]);
	const struct supervisor_option *option =
		supervisor_find(supervisor, section, key);
	const char *text =
		option ? supervisor_value_now(supervisor, option, service)
		       : NULL;

	for (size_t i = 0; text && i < count; i++) {
		if (strcasecmp(words[i], text) == 0)
			return i >= count / 2;
	}
	if (text)
		supervisor_tell_bad(supervisor, option);
	return standard;
}
