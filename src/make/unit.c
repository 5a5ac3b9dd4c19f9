/* unit.c -- see unit.h. */
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strb.h"
#include "make/unit.h"

void unit_tell(const struct unit *unit, const char *advice, const char *why,
	       ...)
{
	char room[512];
	struct strb text = strb_on(room, sizeof(room));
	va_list args;

	va_start(args, why);
	strb_add_vformat(&text, why, args);
	va_end(args);
	import_tell(unit->import, unit->line->number, unit->line->key, advice,
		    "%s", room);
}

/* ---- specifiers ---- */

const char *unit_base(struct unit *unit, enum unit_directory kind)
{
	static const struct {
		const char *path, *variable, *below_home;
	} bases[UNIT_DIRECTORY_COUNT] = {
		[UNIT_RUNTIME] = {"/run", "XDG_RUNTIME_DIR", NULL},
		[UNIT_STATE] = {"/var/lib", "XDG_STATE_HOME", ".local/state"},
		[UNIT_CACHE] = {"/var/cache", "XDG_CACHE_HOME", ".cache"},
		[UNIT_LOGS] = {"/var/log", NULL, ".local/state/log"},
		[UNIT_CONFIGURATION] = {"/etc", "XDG_CONFIG_HOME", ".config"},
	};
	const char *set =
		bases[kind].variable ? getenv(bases[kind].variable) : NULL;
	const char *home = getenv("HOME");

	if (geteuid() == 0)
		return bases[kind].path;
	if (set && *set == '/')
		return import_keep(unit->import, set);
	if (home && *home == '/' && bases[kind].below_home)
		return import_keep_format(unit->import, "%s/%s", home,
					  bases[kind].below_home);
	return bases[kind].path;
}

/* A part of the unit's name. */
static const char *part_of(struct unit *unit, char letter)
{
	const char *name = unit->import->name, *at = strchr(name, '@');
	size_t prefix_len = at ? (size_t)(at - name) : strlen(name);
	const char *part = name, *dash;
	size_t len = prefix_len;
	char room[512];

	if (letter == 'i' || letter == 'I') {
		part = at ? at + 1 : "";
		len = strlen(part);
	} else if (letter == 'j' || letter == 'J') {
		for (dash = name; dash < name + prefix_len; dash++) {
			if (*dash == '-')
				part = dash + 1;
		}
		len = prefix_len - (size_t)(part - name);
	}
	if (letter != 'I' && letter != 'J' && letter != 'P')
		return import_keep_format(unit->import, "%.*s", (int)len, part);
	if (!unit_unescape(part, len, true, room, sizeof(room)))
		return NULL;
	return import_keep(unit->import, room);
}

/* What "%LETTER" stands for; NULL: nothing that is known here. */
static const char *specifier(struct unit *unit, char letter)
{
	const struct passwd *account;

	switch (letter) {
	case '%': return "%";
	case 'n':
		return import_keep_format(unit->import, "%s.service",
					  unit->import->name);
	case 'N': return unit->import->name;
	case 'p':
	case 'P':
	case 'i':
	case 'I':
	case 'j':
	case 'J': return part_of(unit, letter);
	case 't': return unit_base(unit, UNIT_RUNTIME);
	case 'S': return unit_base(unit, UNIT_STATE);
	case 'C': return unit_base(unit, UNIT_CACHE);
	case 'L': return unit_base(unit, UNIT_LOGS);
	case 'E': return unit_base(unit, UNIT_CONFIGURATION);
	case 'T': return "/tmp";
	case 'V': return "/var/tmp";
	case 'U':
		return import_keep_format(unit->import, "%lu",
					  (unsigned long)geteuid());
	case 'G':
		return import_keep_format(unit->import, "%lu",
					  (unsigned long)getegid());
	default: break;
	}
	account = strchr("uhs", letter) ? getpwuid(geteuid()) : NULL;
	if (!account)
		return NULL;
	return import_keep(unit->import, letter == 'u'   ? account->pw_name
					 : letter == 'h' ? account->pw_dir
							 : account->pw_shell);
}

const char *unit_expand(struct unit *unit, const char *text)
{
	struct list pieces = {.items = NULL};
	const char *result = NULL, *piece = NULL;
	struct strb joined;
	size_t size = 1;
	char *room = NULL;

	for (size_t len; *text != '\0'; text += len) {
		len = strcspn(text, "%");
		if (len > 0) {
			list_add_bytes(&pieces, text, len);
			continue;
		}
		piece = text[1] == '\0' ? NULL : specifier(unit, text[1]);
		if (!piece) {
			unit_tell(unit, "write out what it stands for",
				  "%%%c can't be carried over",
				  text[1] > ' ' && text[1] < 0x7f ? text[1]
								  : ' ');
			goto out;
		}
		list_add(&pieces, piece);
		len = 2;
	}
	for (size_t i = 0; i < pieces.count; i++)
		size += strlen(pieces.items[i]);
	room = malloc(size);
	if (room) {
		joined = strb_on(room, size);
		for (size_t i = 0; i < pieces.count; i++)
			strb_add(&joined, pieces.items[i]);
		result = import_keep(unit->import, room);
	}
	if (!room || pieces.is_short)
		unit->import->texts.is_short = true;
out:
	free(room);
	list_free(&pieces);
	return result;
}
