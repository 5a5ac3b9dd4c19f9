/*
 * graph.h -- sv graph: which services wait for which, and for how long they
 * did.
 */
#ifndef CMD_SV_GRAPH_H
#define CMD_SV_GRAPH_H

#include <stdbool.h>

/*
 * Prints what the services of `scan_dir` need, want and come after, as a tree
 * with the critical path of the last start, or, if `is_dot`, for Graphviz. 0,
 * or -1 with errno: nothing could be read.
 */
int graph_print(const char *scan_dir, bool is_dot);

#endif
