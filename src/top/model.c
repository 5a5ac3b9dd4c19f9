/* model.c -- which rows are shown, in which order, with which figures. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/span.h"
#include "top/top.h"
#include "view/logline.h"

/* A share over less is noise: ticks of the processor are 10 ms. */
#define SHARE_SPAN_NS (SPAN_SECOND_NS / 2)

/* ---- shares ---- */

static int compare_samples(const void *one, const void *other)
{
	const struct top_sample *a = one, *b = other;

	return strcmp(a->name, b->name);
}

static struct top_sample *find_sample(const struct top *top, char *name)
{
	const struct top_sample wanted = {.name = name};

	if (top->sample_count == 0)
		return NULL;
	return bsearch(&wanted, top->samples, top->sample_count, sizeof(wanted),
		       compare_samples);
}

static void free_samples(struct top_sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(samples[i].name);
	free(samples);
}

static void reckon_share(const struct top *top, struct row *row,
			 struct top_sample *sample)
{
	struct top_sample *before = find_sample(top, row->service->name);
	int64_t span_ns;

	*sample = (struct top_sample){
		.name = strdup(row->name),
		.pid = row->pid,
		.cpu_ms = row->usage.cpu_ms,
		.at_ns = top->overview.moment.now_ns,
	};
	row->share_permille = 0;
	if (!before || before->pid != row->pid)
		return;
	span_ns = sample->at_ns - before->at_ns;
	/* Too soon: the older sample stays. */
	if (span_ns < SHARE_SPAN_NS) {
		sample->cpu_ms = before->cpu_ms;
		sample->at_ns = before->at_ns;
	}
	if (span_ns > 0 && row->usage.cpu_ms > before->cpu_ms)
		row->share_permille = (row->usage.cpu_ms - before->cpu_ms) *
				      SPAN_SECOND_NS / span_ns;
}

static void reckon_shares(struct top *top)
{
	size_t count = top->overview.count;
	struct top_sample *samples = calloc(count + 1, sizeof(*samples));

	if (!samples)
		return;
	for (size_t i = 0; i < count; i++) {
		reckon_share(top, &top->overview.rows[i], &samples[i]);
		if (!samples[i].name) {
			free_samples(samples, i);
			return;
		}
	}
	free_samples(top->samples, top->sample_count);
	top->samples = samples;
	top->sample_count = count;
	if (count != 0)
		qsort(samples, count, sizeof(*samples), compare_samples);
}

/* ---- order ---- */

static int compare_names(const void *one, const void *other)
{
	const struct row *const *a = one, *const *b = other;

	return strcmp((*a)->name, (*b)->name);
}

static int compare_memory(const void *one, const void *other)
{
	const struct row *const *a = one, *const *b = other;
	int64_t difference =
		(*b)->usage.memory_bytes - (*a)->usage.memory_bytes;

	return difference != 0 ? (difference > 0) - (difference < 0)
			       : compare_names(one, other);
}

static int compare_shares(const void *one, const void *other)
{
	const struct row *const *a = one, *const *b = other;
	int64_t difference = (*b)->share_permille - (*a)->share_permille;

	return difference != 0 ? (difference > 0) - (difference < 0)
			       : compare_names(one, other);
}

static void sort_rows(struct top *top)
{
	static int (*const compares[])(const void *, const void *) = {
		[TOP_BY_NAME] = compare_names,
		[TOP_BY_MEMORY] = compare_memory,
		[TOP_BY_CPU] = compare_shares,
	};

	/* By trouble they are already. */
	if (top->order != TOP_BY_TROUBLE && top->row_count > 0)
		qsort(top->rows, top->row_count, sizeof(struct row *),
		      compares[top->order]);
}

/* ---- selection ---- */

static void select_row(struct top *top, size_t at)
{
	char *name = at < top->row_count ? strdup(top->rows[at]->name) : NULL;

	free(top->selected);
	top->selected = name;
	top->at = at;
}

struct row *top_selected(const struct top *top)
{
	return top->at < top->row_count ? top->rows[top->at] : NULL;
}

void top_move(struct top *top, long rows)
{
	long at = (long)top->at + rows, last = (long)top->row_count - 1;

	at = at > last ? last : at;
	select_row(top, at < 0 ? 0 : (size_t)at);
}

/* The selected name may stand elsewhere now, or be gone. */
static void follow_selection(struct top *top)
{
	for (size_t i = 0; top->selected && i < top->row_count; i++) {
		if (strcmp(top->rows[i]->name, top->selected) == 0) {
			top->at = i;
			return;
		}
	}
	top_move(top, 0);
}

void top_arrange(struct top *top)
{
	top->row_count = 0;
	for (size_t i = 0; i < top->overview.count; i++) {
		struct row *row = &top->overview.rows[i];

		if (strcasestr(row->name, top->filter) ||
		    strcasestr(row_word(row->state), top->filter))
			top->rows[top->row_count++] = row;
	}
	sort_rows(top);
	follow_selection(top);
}

/* ---- looking ---- */

int top_look(struct top *top)
{
	struct overview overview;
	struct row **rows;

	if (overview_take(&overview, top->scan_dir, false) == -1)
		return -1;
	rows = realloc(top->rows, (overview.count + 1) * sizeof(*rows));
	if (!rows) {
		overview_free(&overview);
		return -1;
	}
	overview_free(&top->overview);
	top->rows = rows;
	top->overview = overview;
	reckon_shares(top);
	top_arrange(top);
	return 0;
}

void top_take_figures(struct top *top)
{
	overview_take_figures(&top->overview);
	reckon_shares(top);
	top_arrange(top);
}

bool top_has_changing_figures(const struct top *top)
{
	for (size_t i = top->first;
	     i < top->row_count && i < top->first + terminal_room(); i++) {
		const struct row *row = top->rows[i];
		int64_t since_s =
			top->overview.moment.now.tv_sec - row->since_s;

		/* Later, the span that is shown has no seconds. */
		if (row->pid != 0 || row->state == ROW_RESTARTING ||
		    (row->since_s != 0 && since_s < 3600))
			return true;
	}
	return false;
}

void top_free(struct top *top)
{
	overview_free(&top->overview);
	free_samples(top->samples, top->sample_count);
	free(top->rows);
	free(top->selected);
}
