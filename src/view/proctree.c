/* proctree.c -- see proctree.h. */
#include <stdlib.h>
#include <string.h>

#include "view/proctree.h"

/* What is deeper is no tree but a mistake. */
#define DEPTH_MOST 64

/* Of what qsort(3) sorts indexes of: it passes nothing along. */
struct key {
	int64_t value;
	size_t index;
};

struct process *proctree_add(struct proctree *tree)
{
	size_t count = tree->count;
	struct process *all = tree->all;

	/* By doubling. */
	if (count == 0 || (count >= 64 && (count & (count - 1)) == 0)) {
		all = realloc(all, (count ? 2 * count : 64) * sizeof(*all));
		if (!all)
			return NULL;
		tree->all = all;
	}
	tree->count++;
	all[count] = (struct process){.pid = 0};
	return &all[count];
}

static int compare_pids(const void *one, const void *other)
{
	const struct process *a = one, *b = other;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static int compare_keys(const void *one, const void *other)
{
	const struct key *a = one, *b = other;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static int64_t key_of(const struct process *process, bool is_session)
{
	return is_session ? process->session_pid : process->parent_pid;
}

/* The indexes in the order of parents, or of sessions; NULL with errno. */
static size_t *sort_by(const struct proctree *tree, bool is_session)
{
	size_t count = tree->count;
	struct key *keys = calloc(count + 1, sizeof(*keys));
	size_t *order = calloc(count + 1, sizeof(*order));

	if (!keys || !order) {
		free(keys);
		free(order);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		keys[i] = (struct key){key_of(&tree->all[i], is_session), i};
	if (count != 0)
		qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++)
		order[i] = keys[i].index;
	free(keys);
	return order;
}

int proctree_take(struct proctree *tree)
{
	*tree = (struct proctree){.all = NULL};
	if (proctree_list(tree) == -1)
		goto out;
	if (tree->count != 0)
		qsort(tree->all, tree->count, sizeof(struct process),
		      compare_pids);
	tree->by_parent = sort_by(tree, false);
	tree->by_session = sort_by(tree, true);
	if (tree->by_parent && tree->by_session)
		return 0;
out:
	proctree_free(tree);
	return -1;
}

void proctree_free(struct proctree *tree)
{
	free(tree->all);
	free(tree->by_parent);
	free(tree->by_session);
	*tree = (struct proctree){.all = NULL};
}

/* ---- finding ---- */

static struct process *find(const struct proctree *tree, int64_t pid)
{
	const struct process wanted = {.pid = pid};

	if (tree->count == 0)
		return NULL;
	return bsearch(&wanted, tree->all, tree->count, sizeof(wanted),
		       compare_pids);
}

const struct process *proctree_find(const struct proctree *tree, int64_t pid)
{
	return find(tree, pid);
}

/* The place in `order` of the first with that parent, or session. */
static size_t first_of(const struct proctree *tree, const size_t *order,
		       bool is_session, int64_t pid)
{
	size_t low = 0, high = tree->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_of(&tree->all[order[middle]], is_session) < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- walking ---- */

struct walk {
	struct proctree *tree;
	void (*take)(void *owner, const struct process *process,
		     unsigned depth);
	void *owner;
};

/* Each once, whatever was seen of parents that changed meanwhile. */
static void visit(struct walk *walk, struct process *process, unsigned depth)
{
	struct proctree *tree = walk->tree;
	const size_t *order = tree->by_parent;

	if (process->mark == tree->mark || depth > DEPTH_MOST)
		return;
	process->mark = tree->mark;
	walk->take(walk->owner, process, depth);
	for (size_t i = first_of(tree, order, false, process->pid);
	     i < tree->count && tree->all[order[i]].parent_pid == process->pid;
	     i++)
		visit(walk, &tree->all[order[i]], depth + 1);
}

void proctree_each(struct proctree *tree, int64_t pid,
		   void (*take)(void *owner, const struct process *process,
				unsigned depth),
		   void *owner)
{
	struct walk walk = {tree, take, owner};
	struct process *root = find(tree, pid);
	const size_t *order = tree->by_session;

	if (!root || pid <= 0)
		return;
	tree->mark++;
	visit(&walk, root, 0);
	for (size_t i = first_of(tree, order, true, pid);
	     i < tree->count && tree->all[order[i]].session_pid == pid; i++)
		visit(&walk, &tree->all[order[i]], 1);
}

static void add_usage(void *owner, const struct process *process,
		      unsigned depth)
{
	struct usage *usage = owner;

	(void)depth;
	usage->process_count++;
	usage->memory_bytes += process->memory_bytes;
	usage->cpu_ms += process->cpu_ms;
}

struct usage proctree_usage(struct proctree *tree, int64_t pid)
{
	struct usage usage = {.process_count = 0};

	proctree_each(tree, pid, add_usage, &usage);
	return usage;
}
