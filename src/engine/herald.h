/*
 * herald.h -- sd_notify's socket, for services with a file "notify-socket".
 *
 * The service finds its name in NOTIFY_SOCKET. It stays the same while the
 * process lives, as supervise/notify-socket has it on record for the next
 * supervisor; nobody else can take it (see socket_name.h). The socket outlives
 * a supervisor that svscanboot keeps it for, or that hands it down in an
 * upgrade, with what was sent meanwhile. Without that, what is sent while there
 * is no supervisor is refused, and the sender is told so by the system: then
 * who isn't ready may have said so to nobody, and can't be late any more.
 *
 * Anybody can send there, so the kernel says who did: only processes of the
 * service's session count, and those that descend from its process. Of a
 * sender that is gone already only the user is known, which must be that of
 * the service's process, or root.
 *
 * READY=1, STOPPING=1 and STATUS= are taken; MAINPID= is refused, with a
 * message, as the process that was started is the one that is watched; all else
 * is ignored.
 *
 * Two implementations: herald_linux.c, and herald_portable.c for systems that
 * don't tell who sent a message, which says so.
 * Source: sd_notify(3), unix(7).
 */
#ifndef ENGINE_HERALD_H
#define ENGINE_HERALD_H

#include "engine/site.h"

#define HERALD_ENTRY_SIZE 128 /* bytes: "NOTIFY_SOCKET=" and the name */

struct herald; /* what a service has that speaks so */

/*
 * Listens, if the directory asks for it. `is_new`: a process is about to start,
 * and what earlier ones said counts no more. A failure is said; the service
 * runs all the same, and *herald is NULL, as it is where nothing is asked for.
 * Tells HAPPENED_TEXT and HAPPENED_READY.
 */
void herald_listen(struct herald **herald, struct site *site, bool is_new);
/* The process has ended: its name goes. *herald is NULL then. */
void herald_close(struct herald **herald);
/* The service is let go, and its process isn't; likewise. */
void herald_leave(struct herald **herald);
/* A process has ended that nobody listened to any more: its name goes. */
void herald_forget(const struct site *site);

/* The others may be asked of NULL, too. What its process is to have in its
 * environment; NULL: nothing. Valid until herald_close(). */
const char *herald_entry(const struct herald *herald);

/* Hears what was said until now; it may be gone then. */
void herald_look(struct herald *herald);

/* After herald_listen(), of a process that was adopted: whether something that
 * it said may not be heard. */
bool herald_is_deaf(const struct herald *herald, const struct site *site);

/* Calls `visit` with its socket: an upgrade hands that down. */
void herald_visit(const struct herald *herald,
		  void (*visit)(int fd, void *with), void *with);
/* Closes a socket that came back, and that no service knows: see keeper.h. */
void herald_discard(struct loop *loop, int fd, struct kept *kept);

/* Removes the names that supervisors who were killed have left, and that nobody
 * needs any more. */
void herald_sweep(void);

/* What the process said of itself last; "" if nothing. */
const char *herald_text(const struct herald *herald);
bool herald_is_stopping(const struct herald *herald);
/* The same, as an earlier supervisor was told; after herald_listen(). */
void herald_restore(struct herald *herald, const char *text, bool is_stopping);

#endif
