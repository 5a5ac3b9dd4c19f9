/* proctree_portable.c -- proctree_list() where the system doesn't tell. */
#include <errno.h>

#include "view/proctree.h"

int proctree_list(struct proctree *tree)
{
	(void)tree;
	errno = ENOSYS;
	return -1;
}
