/*
 * page.h -- all that is known of one service, on a page.
 */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "service/tally.h"
#include "view/overview.h"

struct page_style {
	size_t width; /* columns */
	bool has_colour;
	bool has_values; /* of the environment, too */
};

/* How many deaths and lines of the log a page has. */
#define PAGE_DEATHS 10
#define PAGE_LINES  10

/* Writes the page of `row`, one of `overview`, to `out`. */
void page_print(struct overview *overview, const struct row *row,
		const struct page_style *style, FILE *out);

/* The row as a JSON object: what tables show, or, if `is_whole`, all. The keys
 * are in sv(8). (row_json.c) */
void page_print_json(struct overview *overview, const struct row *row,
		     bool is_whole, FILE *out);

/* ---- what both show (page_parts.c) ---- */

/* Calls `take` for each file of the directory env of the service, in order of
 * names. */
void page_each_variable(const char *dir_path,
			void (*take)(void *owner, const char *name,
				     const char *value),
			void *owner);

/* The last `count` lines of the log, the oldest first; `time` is "" where there
 * is no stamp. False: there is no log to be read. */
bool page_each_line(const char *name, const char *scan_dir, uint64_t count,
		    void (*take)(void *owner, const char *time,
				 const char *line),
		    void *owner);

/* The path of the directory of the service; false if it is too long. */
bool page_path(const struct overview *overview, const struct row *row,
	       char *out, size_t size_bytes);

/* A death on record; of the last one, `last`, more is known. */
struct row_end page_death(const struct tally_death *death,
			  const struct row_end *last);

/* Past deaths into `deaths`, the oldest first; returns how many, or 0. */
size_t page_deaths(const char *dir_path, const struct row_end *last,
		   struct row_end deaths[PAGE_DEATHS]);

#endif
