/* overview.c -- see overview.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "service/identity.h"
#include "view/logline.h"
#include "view/overview.h"
#include "view/text.h"

/* Columns: less of the path says nothing. */
#define LEAST_PATH 10

struct row_moment overview_moment(void)
{
	return (struct row_moment){.now = tai64n_now(),
				   .now_ns = loop_now_ns()};
}

/* Of a status that nobody keeps up to date, the pid may be anybody's; one of a
 * container is somebody else's here. */
static void check_pid(const struct era *own, struct row *row)
{
	const struct look *look = &row->service->look;
	const struct state *state = &look->state;
	struct identity identity = {.pid = state->pid,
				    .start_ticks = state->start_ticks};

	if (!look->has_state || era_relate(&state->era, own) == ERA_SAME)
		row->seen_pid = row->pid;
	if (!look->trouble)
		return;
	row->pid = row->seen_pid = 0;
	if (!look->has_state || state->pid <= 0)
		return;
	identity.era = state->era;
	row->is_stray = !look->is_hosted && identity_is_alive(&identity, own);
	if (row->is_stray)
		row->pid = row->seen_pid = state->pid;
}

const char *overview_log_trouble(const char *scan_dir, const char *name)
{
	char path[PATH_MAX];
	struct strb text = strb_on(path, sizeof(path));
	const char *trouble = NULL;
	struct look look;
	int dir_fd, log_fd;

	strb_add_format(&text, "%s/%s", scan_dir, name);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1)
		return NULL;
	log_fd = look_open_log(dir_fd);
	close(dir_fd);
	if (log_fd == -1)
		return NULL;
	look_take(log_fd, &look, NULL);
	close(log_fd);
	/* What isn't to be seen isn't trouble. */
	if (look.trouble)
		trouble = look.is_hosted || look.error == EACCES
				  ? NULL
				  : "not supervised";
	else if (look.has_state && look.state.is_failed)
		trouble = "failed";
	else if (look.phase == LOOK_DOWN)
		trouble = "down";
	else if (look.status.is_paused)
		trouble = "paused";
	return trouble;
}

static void complete_row(struct overview *overview, struct row *row,
			 bool has_logs)
{
	check_pid(&overview->own_era, row);
	if (row->seen_pid != 0)
		row->usage = proctree_usage(&overview->tree, row->seen_pid);
	if (row->is_hosted)
		row->log_trouble =
			overview_log_trouble(overview->scan_dir, row->name);
	if (has_logs && row->state != ROW_BUNDLE && !row->service->is_missing &&
	    !row->service->hangs_at)
		logline_last(row->name, overview->scan_dir, row->log_line,
			     sizeof(row->log_line));
	overview->health_count[row_health(row)]++;
}

int overview_take(struct overview *overview, const char *scan_dir,
		  bool has_logs)
{
	size_t count;

	*overview = (struct overview){.scan_dir = scan_dir};
	if (survey_take(scan_dir, &overview->survey) == -1)
		return -1;
	count = overview->survey.count;
	overview->rows = calloc(count + 1, sizeof(*overview->rows));
	if (!overview->rows) {
		survey_free(&overview->survey);
		return -1;
	}
	overview->count = count;
	/* Without it, no figures are shown. */
	proctree_take(&overview->tree);
	overview->moment = overview_moment();
	era_read(&overview->own_era);
	for (size_t i = 0; i < count; i++) {
		row_judge(&overview->survey.services[i], &overview->moment,
			  &overview->rows[i]);
		complete_row(overview, &overview->rows[i], has_logs);
	}
	if (count != 0)
		qsort(overview->rows, count, sizeof(*overview->rows),
		      row_compare);
	return 0;
}

static void take_figures(struct overview *overview, struct row *row)
{
	const struct row before = *row;

	row_judge(before.service, &overview->moment, row);
	row->log_trouble = before.log_trouble;
	row->is_stray = before.is_stray;
	row->pid = before.pid;
	row->seen_pid = before.seen_pid;
	memcpy(row->log_line, before.log_line, sizeof(row->log_line));
	if (row->seen_pid != 0)
		row->usage = proctree_usage(&overview->tree, row->seen_pid);
}

void overview_take_figures(struct overview *overview)
{
	proctree_free(&overview->tree);
	proctree_take(&overview->tree);
	overview->moment = overview_moment();
	for (size_t i = 0; i < overview->count; i++)
		take_figures(overview, &overview->rows[i]);
	if (overview->count != 0)
		qsort(overview->rows, overview->count, sizeof(*overview->rows),
		      row_compare);
}

void overview_free(struct overview *overview)
{
	proctree_free(&overview->tree);
	survey_free(&overview->survey);
	free(overview->rows);
	*overview = (struct overview){.rows = NULL};
}

struct row *overview_find(const struct overview *overview, const char *name)
{
	for (size_t i = 0; i < overview->count; i++) {
		if (strcmp(overview->rows[i].name, name) == 0)
			return &overview->rows[i];
	}
	return NULL;
}

static void summarize(const struct overview *overview, struct strb *text)
{
	static const char *const words[] = {
		[ROW_BAD] = "in trouble",
		[ROW_BUSY] = "on the way",
		[ROW_GOOD] = "up",
		[ROW_IDLE] = "down",
	};
	const char *before = ": ";

	strb_add_format(text, "%zu service%s", overview->count,
			overview->count == 1 ? "" : "s");
	for (int health = ROW_BAD; health <= ROW_IDLE; health++) {
		if (overview->health_count[health] == 0)
			continue;
		strb_add_format(text, "%s%zu %s", before,
				overview->health_count[health], words[health]);
		before = ", ";
	}
}

void overview_add_title(const struct overview *overview, const char *remark,
			size_t width, struct strb *text)
{
	char words[1024];
	struct strb summary = strb_on(words, sizeof(words));
	size_t room;

	strb_add(&summary, ": ");
	summarize(overview, &summary);
	strb_add(&summary, remark);
	room = text_width(words);
	room = room + LEAST_PATH < width ? width - room : LEAST_PATH;
	room = text_add_shown(text, overview->scan_dir, room);
	text_add_shown(text, words, width - room);
}
