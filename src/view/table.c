/* table.c -- see table.h. */
#include <inttypes.h>
#include <stdbool.h>

#include "view/table.h"
#include "view/text.h"

#define GAP 2 /* blanks between columns */
/* Less of these isn't worth showing. */
#define LEAST_NAME  8
#define LEAST_STATE 12
#define LEAST_LOG   12

static const struct {
	const char *heading;
	bool is_number; /* to the right */
} columns[TABLE_COLUMN_COUNT] = {
	[TABLE_NAME] = {"SERVICE", false},
	[TABLE_STATE] = {"STATE", false},
	[TABLE_SINCE] = {"FOR", true},
	[TABLE_PID] = {"PID", true},
	[TABLE_RESTARTS] = {"RST", true},
	[TABLE_MEMORY] = {"MEM", true},
	[TABLE_CPU] = {"CPU", true},
	[TABLE_LOG] = {"LAST LOG LINE", false},
};

/* What goes first when there isn't room for all. */
static const enum table_column dispensable[] = {TABLE_CPU, TABLE_RESTARTS,
						TABLE_MEMORY, TABLE_PID};

const char *table_colour(enum row_health health)
{
	static const char *const colours[] = {
		[ROW_BAD] = "31;1",
		[ROW_BUSY] = "33",
		[ROW_GOOD] = "32",
		[ROW_IDLE] = "2",
	};

	return colours[health];
}

static void add_share(const struct row *row, struct strb *text)
{
	int64_t permille = row->share_permille;

	if (permille < 100)
		strb_add_format(text, "%" PRId64 ".%" PRId64 "%%",
				permille / 10, permille % 10);
	else
		strb_add_format(text, "%" PRId64 "%%", permille / 10);
}

void table_cell(const struct table *table, enum table_column column,
		const struct row *row, const struct row_moment *moment,
		struct strb *text)
{
	bool has_usage = row->usage.process_count > 0;

	switch (column) {
	case TABLE_NAME: strb_add(text, row->name); break;
	case TABLE_STATE: row_describe(row, text); break;
	case TABLE_SINCE:
		if (row->since_s != 0)
			text_add_span(text, moment->now.tv_sec - row->since_s);
		break;
	case TABLE_PID:
		if (row->pid != 0)
			strb_add_format(text, "%" PRId64, row->pid);
		break;
	case TABLE_RESTARTS:
		if (row->restarts > 0)
			strb_add_format(text, "%" PRId64, row->restarts);
		break;
	case TABLE_MEMORY:
		if (has_usage)
			text_add_bytes(text, row->usage.memory_bytes);
		break;
	case TABLE_CPU:
		if (has_usage && table->has_shares)
			add_share(row, text);
		else if (has_usage)
			text_add_cpu(text, row->usage.cpu_ms);
		break;
	case TABLE_LOG: strb_add(text, row->log_line); break;
	case TABLE_COLUMN_COUNT: break;
	}
}

/* ---- how wide ---- */

static void measure(struct table *table, const struct row *rows, size_t count,
		    const struct row_moment *moment)
{
	for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
		enum table_column column = (enum table_column)i;

		table->columns[i] = 0;
		for (size_t j = 0; j < count; j++) {
			char room[TABLE_LINE_SIZE];
			struct strb text = strb_on(room, sizeof(room));
			size_t width;

			table_cell(table, column, &rows[j], moment, &text);
			width = text_width(room);
			if (width > table->columns[i])
				table->columns[i] = width;
		}
		/* A column that says nothing isn't shown. */
		if (table->columns[i] != 0 &&
		    table->columns[i] < text_width(columns[i].heading))
			table->columns[i] = text_width(columns[i].heading);
	}
}

/* Without the log. */
static size_t total(const struct table *table)
{
	size_t sum = 0;

	for (int i = 0; i < TABLE_LOG; i++) {
		if (table->columns[i] != 0)
			sum += table->columns[i] + (sum ? GAP : 0);
	}
	return sum;
}

static void shrink(struct table *table, enum table_column column, size_t least,
		   size_t width)
{
	size_t sum = total(table), *columns_of = &table->columns[column];
	size_t excess = sum > width ? sum - width : 0;

	if (excess == 0 || *columns_of <= least)
		return;
	*columns_of -=
		excess < *columns_of - least ? excess : *columns_of - least;
}

void table_plan(struct table *table, const struct row *rows, size_t count,
		const struct row_moment *moment, size_t width)
{
	size_t used;

	measure(table, rows, count, moment);
	/* One long name or state shall not drive out everything else. */
	shrink(table, TABLE_NAME, 24, width);
	shrink(table, TABLE_STATE, 28, width);
	for (size_t i = 0; i < sizeof(dispensable) / sizeof(dispensable[0]) &&
			   total(table) > width;
	     i++)
		table->columns[dispensable[i]] = 0;
	shrink(table, TABLE_NAME, LEAST_NAME, width);
	shrink(table, TABLE_STATE, LEAST_STATE, width);
	used = total(table) + GAP;
	if (table->columns[TABLE_LOG] == 0 || used + LEAST_LOG > width)
		table->columns[TABLE_LOG] = 0;
	else if (used + table->columns[TABLE_LOG] > width)
		table->columns[TABLE_LOG] = width - used;
}

/* ---- lines ---- */

static void cut_blanks(struct strb *line)
{
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->data[--line->len] = '\0';
}

static void add_cell(const struct table *table, enum table_column column,
		     const char *cell, struct strb *line)
{
	if (columns[column].is_number)
		text_add_right(line, cell, table->columns[column]);
	else
		text_add_left(line, cell, table->columns[column]);
}

void table_add_heading(const struct table *table, struct strb *line)
{
	for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
		if (table->columns[i] == 0)
			continue;
		if (i != 0)
			strb_add(line, "  ");
		add_cell(table, (enum table_column)i, columns[i].heading, line);
	}
	cut_blanks(line);
}

void table_add_row(const struct table *table, const struct row *row,
		   const struct row_moment *moment, struct strb *line,
		   struct table_mark *mark)
{
	*mark = (struct table_mark){.offset = 0};
	for (int i = 0; i < TABLE_COLUMN_COUNT; i++) {
		char room[TABLE_LINE_SIZE];
		struct strb cell = strb_on(room, sizeof(room));

		if (table->columns[i] == 0)
			continue;
		if (i != 0)
			strb_add(line, "  ");
		table_cell(table, (enum table_column)i, row, moment, &cell);
		if (i == TABLE_STATE)
			mark->offset = line->len;
		add_cell(table, (enum table_column)i, room, line);
		if (i == TABLE_STATE)
			mark->len = line->len - mark->offset;
	}
	cut_blanks(line);
	if (mark->offset + mark->len > line->len)
		mark->len = line->len - mark->offset;
}
