/*
 * socket_name.h -- where the notify socket of a service is.
 *
 * It is a path in a directory that nobody but the supervisor's user can write
 * to, so that nobody can take the name, whoever is dead: /run/holdfast of
 * root's, which everybody may reach the sockets in; of others, whose services
 * are theirs, "holdfast" in XDG_RUNTIME_DIR or in /run/user/UID, or supervise/
 * itself. Where none of these can be had, or a path would be too long, it is an
 * abstract name, which anybody can take as soon as the supervisor has let go of
 * it.
 *
 * A name is made for one process: it holds the numbers of the service directory
 * and the moment. What is on record as a name is believed only if it is one
 * that could have been made for that directory, as those who may write there
 * need not be who runs the supervisor.
 *
 * Linux only.
 * Source: unix(7).
 */
#ifndef ENGINE_SOCKET_NAME_H
#define ENGINE_SOCKET_NAME_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A path, or '@' and an abstract name, as NOTIFY_SOCKET has it. */
#define SOCKET_NAME_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

/* Gives the socket a new name for the service directory. 0, or -1 with errno.
 */
int socket_name_make(int fd, int dir_fd, char name[SOCKET_NAME_SIZE]);

/* Gives it that name, which an earlier supervisor has made for the service
 * directory, and which may still be that of a socket that is gone. 0, or -1
 * with errno. */
int socket_name_take(int fd, int dir_fd, const char *name);

/* Whether it leads to a socket: what is in /run may be cleared away, and
 * /run/user/UID is, when its user logs out. */
bool socket_name_is_there(const char *name);

/* Whether it can be one for the service directory. */
bool socket_name_is_of(const char *name, int dir_fd);

/* Whether it is one that others can take. */
bool socket_name_is_open(const char *name);

/* The process that it was made for has ended. */
void socket_name_remove(const char *name);

/* That address. Its size. */
socklen_t socket_name_address(const char *name, struct sockaddr_un *address);

/* Removes what supervisors that were killed have left, and nobody has taken
 * since. */
void socket_name_sweep(void);

#endif
