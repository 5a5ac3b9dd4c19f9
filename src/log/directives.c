/* directives.c -- see directives.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "log/directives.h"

#define CONFIG_MAX    65536 /* bytes of a file */
#define SIZE_DEFAULT  1000000
#define COUNT_DEFAULT 10
#define AGE_MAX       4000000000 /* seconds */
#define PORT_DEFAULT  514        /* syslog */

/* Begins, ends, and the actions between that aren't one for each line. */
#define FIXED_ACTIONS 6

/* Where the reading of one file is. */
struct reading {
	struct script *script;
	struct logdir_config *dir;
	size_t dir_index;
	bool is_sent, is_only_sent; /* u, U */
	const char *path;           /* of the file */
};

/* The file as a text of its own: NULL with errno; ENOENT for no file. */
static char *load(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	size_t len = 0;
	ssize_t got = 1;
	int error;

	if (fd == -1)
		return NULL;
	text = malloc(CONFIG_MAX + 1);
	while (text && got > 0 && len < CONFIG_MAX) {
		got = read(fd, text + len, CONFIG_MAX - len);
		if (got > 0)
			len += (size_t)got;
	}
	error = text && len == CONFIG_MAX ? EFBIG : errno;
	close(fd);
	if (!text || got != 0) {
		free(text);
		errno = error;
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static void complain(const struct reading *reading, const char *line)
{
	diag_warn("%s: what is \"%s\"? Not obeyed", reading->path, line);
}

static bool number(const char *text, unsigned long most, unsigned long *value)
{
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	*value = strtoul(text, NULL, 10);
	if (errno != 0 || *value > most)
		*value = most;
	return true;
}

/* A directive with a number: whether it is one. */
static bool set_limit(struct logdir_config *dir, const char *line)
{
	unsigned long value;

	if (!number(line + 1, line[0] == 't' ? AGE_MAX : LONG_MAX, &value))
		return false;
	switch (line[0]) {
	case 's': dir->size_limit = value > 0 ? value : LONG_MAX; break;
	/* Ours counts `current`, too. */
	case 'n': dir->count_limit = value > 0 ? value + 1 : ULONG_MAX; break;
	case 'N':
		dir->is_yielding = true;
		dir->kept_count = value;
		break;
	default: dir->age_limit_s = value; break;
	}
	return true;
}

/* "A.B.C.D[:PORT]" */
static bool set_peer(struct reading *reading, const char *text)
{
	struct sockaddr_in *peer = &reading->script->peers[reading->dir_index];
	char address[INET_ADDRSTRLEN];
	size_t len = strcspn(text, ":");
	unsigned long port = PORT_DEFAULT;

	if (len >= sizeof(address) ||
	    (text[len] == ':' &&
	     (!number(text + len + 1, USHRT_MAX, &port) || port == 0)))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	*peer = (struct sockaddr_in){.sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port)};
	return inet_pton(AF_INET, address, &peer->sin_addr) == 1;
}

/* A line that isn't a pattern. */
static void set(struct reading *reading, const char *line)
{
	struct logdir_config *dir = reading->dir;
	bool is_good = true;

	switch (line[0]) {
	case '\0':
	case '#':
	case '-':
	case '+':
	case 'e':
	case 'E': return; /* nothing, or for add_patterns() */
	case 's':
	case 'n':
	case 'N':
	case 't': is_good = set_limit(dir, line); break;
	case '!': dir->processor = line[1] ? line + 1 : NULL; break;
	case 'p': dir->prefix = line[1] ? line + 1 : NULL; break;
	case 'u':
	case 'U':
		is_good = set_peer(reading, line + 1);
		reading->is_sent = reading->is_sent || is_good;
		reading->is_only_sent = is_good && line[0] == 'U';
		break;
	default: is_good = false; break;
	}
	if (!is_good)
		complain(reading, line);
}

static void add(struct script *script, struct action action)
{
	script->actions[script->action_count++] = action;
}

/* The patterns of `lines` that select by one letter and deselect by another. */
static bool add_patterns(struct script *script, char *const *lines,
			 char selecting, char deselecting)
{
	bool has_any = false;

	for (; *lines; lines++) {
		const char *line = *lines;
		struct action action = {.kind = ACTION_SELECT};

		if (line[0] != selecting && line[0] != deselecting)
			continue;
		if (line[0] == deselecting)
			action.kind = ACTION_DESELECT;
		action.pattern = (struct pattern){.kind = PATTERN_RUNIT,
						  .source = line + 1};
		add(script, action);
		has_any = true;
	}
	return has_any;
}

/* Splits `text` in place into lines, NULL-terminated: NULL with ENOMEM. */
static char **split(char *text)
{
	size_t count = 1;
	char **lines;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		count++;
	lines = calloc(count + 1, sizeof(*lines));
	for (size_t i = 0; lines && i < count; i++) {
		lines[i] = text;
		text += strcspn(text, "\n");
		if (*text)
			*text++ = '\0';
	}
	return lines;
}

/* Makes room for the actions of another directory. */
static int reserve(struct script *script, char *const *lines)
{
	size_t count = script->action_count + FIXED_ACTIONS;
	struct action *actions;

	for (; *lines; lines++)
		count++;
	actions = realloc(script->actions, count * sizeof(*actions));
	if (!actions)
		return -1;
	script->actions = actions;
	return 0;
}

static void add_actions(struct reading *reading, char *const *lines)
{
	struct script *script = reading->script;
	struct action alert = {.kind = ACTION_ALERT,
			       .prefix = reading->dir->prefix};
	struct action send = {.kind = ACTION_SEND,
			      .index = reading->dir_index,
			      .prefix = reading->dir->prefix};
	size_t before;

	add(script, (struct action){.kind = ACTION_BEGIN, .is_selected = true});
	add_patterns(script, lines, '+', '-');
	if (reading->is_sent)
		add(script, send);
	if (!reading->is_only_sent)
		add(script, (struct action){.kind = ACTION_DIR,
					    .index = reading->dir_index});
	before = script->action_count;
	add(script, (struct action){.kind = ACTION_BEGIN});
	if (add_patterns(script, lines, 'e', 'E'))
		add(script, alert);
	else
		script->action_count = before;
}

/* What one directory is to do: 0, or -1 with ENOMEM. */
static int read_dir(struct script *script, const char *path, size_t tail_bytes)
{
	char room[PATH_MAX];
	struct strb config_path = strb_on(room, sizeof(room));
	struct logdir_config *dir = &script->dirs[script->dir_count];
	struct reading reading = {.script = script,
				  .dir = dir,
				  .dir_index = script->dir_count,
				  .path = room};
	char *text, **lines;

	*dir = (struct logdir_config){.path = path,
				      .is_optional = true,
				      .size_limit = SIZE_DEFAULT,
				      .count_limit = COUNT_DEFAULT + 1};
	script->dir_count++;
	strb_add_format(&config_path, "%s/config", path);
	text = load(room);
	if (!text && errno == ENOMEM)
		return -1;
	if (!text && errno != ENOENT)
		diag_warn_errno("unable to read %s, using defaults", room);
	if (!text && !(text = calloc(1, 1)))
		return -1;
	script->texts[script->text_count++] = text;
	lines = split(text);
	if (!lines || reserve(script, lines) == -1) {
		free(lines);
		return -1;
	}
	for (char **line = lines; *line; line++)
		set(&reading, *line);
	dir->tail_bytes =
		tail_bytes < dir->size_limit ? tail_bytes : dir->size_limit;
	add_actions(&reading, lines);
	free(lines);
	return 0;
}

int directives_read(struct script *script, void *context)
{
	const struct directives *from = context;
	size_t count = 0;

	while (from->paths[count])
		count++;
	*script = (struct script){.mark = from->mark,
				  .is_mark_hidden = true,
				  .is_tolerant = true,
				  .told_as = from->told_as,
				  .line_limit = from->line_limit,
				  .alert_limit = SIZE_MAX, /* no other limit */
				  .replaced = from->replaced};
	script->dirs = calloc(count + 1, sizeof(*script->dirs));
	script->peers = calloc(count + 1, sizeof(*script->peers));
	script->texts = calloc(count + 1, sizeof(*script->texts));
	if (!script->dirs || !script->peers || !script->texts)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (read_dir(script, from->paths[i], from->line_limit) == -1)
			return -1;
	}
	return 0;
}
