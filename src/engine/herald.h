/*
 * herald.h -- sd_notify's socket, for services with a file "notify-socket".
 *
 * The service finds its name in NOTIFY_SOCKET. It is an abstract name, so that
 * services of any user reach it, whatever directories they may enter; and it
 * stays the same while the process lives, as supervise/notify-socket has it on
 * record for the next supervisor. What is sent while there is no supervisor is
 * refused, and the sender is told so by the system.
 *
 * Anybody can send to such a name, so the kernel says who did: only processes
 * of the service's session count, and those that descend from its process. Of a
 * sender that is gone already only the user is known, which must be that of
 * the service's process, or root.
 *
 * READY=1, STOPPING=1 and STATUS= are taken; MAINPID= is refused, with a
 * message, as the process that was started is the one that is watched; all else
 * is ignored.
 *
 * Two implementations: herald_linux.c, and herald_portable.c for systems
 * without such names, which says so.
 * Source: sd_notify(3), unix(7).
 */
#ifndef ENGINE_HERALD_H
#define ENGINE_HERALD_H

#include "engine/site.h"

#define HERALD_ENTRY_SIZE 96 /* bytes: "NOTIFY_SOCKET=" and the name */

struct herald; /* what a service has that speaks so */

/*
 * Listens, if the directory asks for it. `is_new`: a process is about to start,
 * and what earlier ones said counts no more. A failure is said; the service
 * runs all the same, and *herald is NULL, as it is where nothing is asked for.
 * Tells HAPPENED_TEXT and HAPPENED_READY.
 */
void herald_listen(struct herald **herald, struct site *site, bool is_new);
/* The process has ended, or the service is let go. *herald is NULL then. */
void herald_close(struct herald **herald, struct site *site);

/* The others may be asked of NULL, too. What its process is to have in its
 * environment; NULL: nothing. Valid until herald_close(). */
const char *herald_entry(const struct herald *herald);

/* What the process said of itself last; "" if nothing. */
const char *herald_text(const struct herald *herald);
bool herald_is_stopping(const struct herald *herald);
/* The same, as an earlier supervisor was told; after herald_listen(). */
void herald_restore(struct herald *herald, const char *text, bool is_stopping);

#endif
