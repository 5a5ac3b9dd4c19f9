/*
 * tree.h -- removing a directory and all that is in it.
 */
#ifndef MAKE_TREE_H
#define MAKE_TREE_H

/*
 * Removes `name`, in the directory open as `dir_fd`, whatever it is. Links go;
 * what they lead to stays, also if somebody puts one in place meanwhile. 0, or
 * -1 with errno, and some is left; it is fine if there is none.
 */
int tree_remove(int dir_fd, const char *name);

#endif
