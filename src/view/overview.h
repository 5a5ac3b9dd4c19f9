/*
 * overview.h -- all services of a scan directory as rows, trouble first.
 */
#ifndef VIEW_OVERVIEW_H
#define VIEW_OVERVIEW_H

#include <stddef.h>

#include "service/era.h"
#include "view/row.h"

struct overview {
	const char *scan_dir; /* borrowed */
	struct row_moment moment;
	struct era own_era;
	struct survey survey;
	struct proctree tree;
	struct row *rows; /* owned; by row_compare() */
	size_t count;
	size_t health_count[ROW_IDLE + 1];
};

/*
 * Looks at everything; at the last lines of logs only if `has_logs`. 0, or -1
 * with errno: the directory can't be read, or memory is short.
 */
int overview_take(struct overview *overview, const char *scan_dir,
		  bool has_logs);

/* Looks at processes and clocks only, and puts the rows in order again: for
 * one that is kept while nothing has happened. */
void overview_take_figures(struct overview *overview);
void overview_free(struct overview *overview);

/* The row of that name; NULL: there is none. */
struct row *overview_find(const struct overview *overview, const char *name);

/* What is wrong with the logger of the service `name` that is looked after;
 * NULL: nothing, or it has none. Static. */
const char *overview_log_trouble(const char *scan_dir, const char *name);

/* Both clocks, now. */
struct row_moment overview_moment(void);

/*
 * Adds "/service: 7 services: 1 in trouble, 2 on the way, 4 up" and the remark,
 * in at most `width` columns, of which the path gets what is left.
 */
void overview_add_title(const struct overview *overview, const char *remark,
			size_t width, struct strb *text);

#endif
