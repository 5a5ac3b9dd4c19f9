/*
 * table.h -- rows as lines of a table that fits where it is shown.
 *
 * Columns are as wide as what is in them. Where there isn't room for all, the
 * least important go first, then names and states are cut; what is left over
 * is for the last line of the log.
 */
#ifndef VIEW_TABLE_H
#define VIEW_TABLE_H

#include <stddef.h>

#include "view/row.h"

#define TABLE_LINE_SIZE                                                        \
	2048 /* bytes: of a line that is wider, the rest goes                  \
	      */

enum table_column {
	TABLE_NAME,
	TABLE_STATE,
	TABLE_SINCE,
	TABLE_PID,
	TABLE_RESTARTS,
	TABLE_MEMORY,
	TABLE_CPU,
	TABLE_LOG,
	TABLE_COLUMN_COUNT
};

struct table {
	size_t columns[TABLE_COLUMN_COUNT]; /* 0: isn't shown */
	/* The processor as the share of late, or as time in all. */
	bool has_shares;
};

/* Where in a line the state stands, to be coloured. */
struct table_mark {
	size_t offset, len; /* bytes */
};

/* What stands in a column, as it is: not yet fit to be shown. */
void table_cell(const struct table *table, enum table_column column,
		const struct row *row, const struct row_moment *moment,
		struct strb *text);

/* Decides on the columns of `count` rows for `width` columns. */
void table_plan(struct table *table, const struct row *rows, size_t count,
		const struct row_moment *moment, size_t width);

/* Adds the heading, or a row, without blanks at its end. */
void table_add_heading(const struct table *table, struct strb *line);
void table_add_row(const struct table *table, const struct row *row,
		   const struct row_moment *moment, struct strb *line,
		   struct table_mark *mark);

/* The SGR code that colours what is so: "31;1". Static. */
const char *table_colour(enum row_health health);

#endif
