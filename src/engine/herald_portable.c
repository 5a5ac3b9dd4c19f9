/* herald_portable.c -- see herald.h: here nobody tells who sent a
 * message. */
#include <stddef.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/herald.h"
#include "engine/keeper.h"
#include "engine/rules.h"
#include "service/config.h"

void herald_listen(struct herald **herald, struct site *site, bool is_new)
{
	*herald = NULL;
	if (is_new && config_has(rules_of(site), CONFIG_NOTIFY_SOCKET))
		diag_warn("unable to make a socket for %s/notify-socket: this "
			  "system doesn't tell who sends; use notification-fd",
			  site->name);
}

void herald_close(struct herald **herald)
{
	(void)herald;
}

void herald_leave(struct herald **herald)
{
	(void)herald;
}

void herald_forget(const struct site *site)
{
	(void)site;
}

void herald_look(struct herald *herald)
{
	(void)herald;
}

bool herald_is_deaf(const struct herald *herald, const struct site *site)
{
	(void)herald;
	return config_has(rules_of(site), CONFIG_NOTIFY_SOCKET);
}

void herald_visit(const struct herald *herald,
		  void (*visit)(int fd, void *with), void *with)
{
	(void)herald;
	(void)visit;
	(void)with;
}

void herald_discard(struct loop *loop, int fd, struct kept *kept)
{
	(void)loop;
	close(fd);
	keeper_drop(kept);
}

void herald_sweep(void)
{
}

const char *herald_entry(const struct herald *herald)
{
	(void)herald;
	return NULL;
}

const char *herald_text(const struct herald *herald)
{
	(void)herald;
	return "";
}

bool herald_is_stopping(const struct herald *herald)
{
	(void)herald;
	return false;
}

void herald_restore(struct herald *herald, const char *text, bool is_stopping)
{
	(void)herald;
	(void)text;
	(void)is_stopping;
}
