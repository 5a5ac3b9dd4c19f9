/* page_parts.c -- what pages have besides rows; see page.h. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/fd.h"
#include "base/strb.h"
#include "read/locate.h"
#include "read/stream.h"
#include "service/tally.h"
#include "view/page.h"

/* Of a value, or a line, more isn't shown. */
#define TEXT_BYTES 1024

bool page_path(const struct overview *overview, const struct row *row,
	       char *out, size_t size_bytes)
{
	struct strb path = strb_on(out, size_bytes);

	strb_add_format(&path, "%s/%s", overview->scan_dir, row->name);
	return !path.is_cut && !row->service->hangs_at;
}

struct row_end page_death(const struct tally_death *death,
			  const struct row_end *last)
{
	bool is_signal = death->signal_number != 0;
	struct row_end end = {
		.how = is_signal ? ROW_END_SIGNAL : ROW_END_EXIT,
		.number = is_signal ? death->signal_number : death->exit_code,
		.at_s = death->at.tv_sec,
	};

	return last->how == end.how && last->number == end.number &&
			       last->at_s == end.at_s
		       ? *last
		       : end;
}

size_t page_deaths(const char *dir_path, const struct row_end *last,
		   struct row_end deaths[PAGE_DEATHS])
{
	struct tally_death all[PAGE_DEATHS];
	int dir_fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count;

	if (dir_fd == -1)
		return 0;
	count = tally_read(dir_fd, all, PAGE_DEATHS);
	close(dir_fd);
	for (int i = 0; i < count; i++)
		deaths[i] = page_death(&all[i], last);
	return count > 0 ? (size_t)count : 0;
}

/* ---- environment ---- */

static int is_variable(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The first line, as envdir takes it. */
static void read_value(int dir_fd, const char *name, char out[TEXT_BYTES])
{
	long len = fd_read_file(dir_fd, name, out, TEXT_BYTES - 1);

	out[len > 0 ? len : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

void page_each_variable(const char *dir_path,
			void (*take)(void *owner, const char *name,
				     const char *value),
			void *owner)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	struct dirent **names;
	int count, env_fd;

	strb_add_format(&path, "%s/env", dir_path);
	env_fd = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (env_fd == -1)
		return;
	count = scandir(room, &names, is_variable, alphasort);
	for (int i = 0; i < count; i++) {
		char value[TEXT_BYTES];

		read_value(env_fd, names[i]->d_name, value);
		take(owner, names[i]->d_name, value);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	close(env_fd);
}

/* ---- log ---- */

static bool is_readable(const char *dir)
{
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	struct stat st;

	strb_add_format(&path, "%s/current", dir);
	return access(dir, R_OK | X_OK) == 0 &&
	       (stat(room, &st) == -1 || access(room, R_OK) == 0);
}

/* "2026-11-23 01:31:07", local time; "" if it has no stamp. */
static size_t format_stamp(struct calendar *calendar,
			   const struct stream_line *line,
			   char out[CALENDAR_SIZE])
{
	size_t len = line->stamp_len > 0
			     ? calendar_format(calendar, line->stamp, out)
			     : 0;
	char *dot;

	out[len] = '\0';
	dot = strchr(out, '.');
	if (dot)
		*dot = '\0';
	return len > 0 ? line->stamp_len : 0;
}

static void take_line(struct calendar *calendar, const struct stream_line *line,
		      void (*take)(void *owner, const char *time,
				   const char *line),
		      void *owner)
{
	char time[CALENDAR_SIZE + 1], text[TEXT_BYTES];
	size_t start = format_stamp(calendar, line, time), len;

	if (start > 0 && start < line->len && line->text[start] == ' ')
		start++;
	len = line->len - start;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	for (size_t i = 0; i < len; i++) {
		char byte = line->text[start + i];

		text[i] = byte;
		if (byte == '\0')
			text[i] = '?';
	}
	text[len] = '\0';
	take(owner, time, text);
}

bool page_each_line(const char *name, const char *scan_dir, uint64_t count,
		    void (*take)(void *owner, const char *time,
				 const char *line),
		    void *owner)
{
	const struct stream_rules rules = {.has_tail = true,
					   .tail_count = count};
	struct calendar calendar = {.is_utc = false};
	char path[PATH_MAX];
	struct stream *stream;

	if (locate_log(name, scan_dir, path, sizeof(path)) == -1 ||
	    !is_readable(path))
		return false;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return false;
	if (stream_open(stream, path, &rules) == 0) {
		while (stream_next(stream) == STREAM_LINE)
			take_line(&calendar, &stream->line, take, owner);
	}
	stream_close(stream);
	free(stream);
	return true;
}
