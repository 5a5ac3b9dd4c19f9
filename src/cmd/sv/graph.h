/*
 * graph.h -- sv graph: which services wait for which, and for how long they
 * did.
 */
#ifndef CMD_SV_GRAPH_H
#define CMD_SV_GRAPH_H

/*
 * Prints what the services of the scan directory need, want and come after, as
 * a tree with the critical path of the last start, or, with --dot, for
 * Graphviz. A command of command.h.
 */
int graph_command(const char *scan_dir, int argc, char *argv[]);

/*
 * Prints, for Graphviz, the service `name` and all that it needs, wants, comes
 * after or contains. 0, or -1 with errno: ENOENT, there is none of that name.
 */
int graph_print_from(const char *scan_dir, const char *name);

#endif
