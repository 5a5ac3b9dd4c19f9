/* herald_portable.c -- see herald.h: there are no abstract names here. */
#include <stddef.h>

#include "base/diag.h"
#include "engine/herald.h"
#include "engine/rules.h"
#include "service/config.h"

void herald_listen(struct herald **herald, struct site *site, bool is_new)
{
	*herald = NULL;
	if (is_new && config_has(rules_of(site), CONFIG_NOTIFY_SOCKET))
		diag_warn("unable to make a socket for %s/notify-socket: this "
			  "system has no abstract names; use notification-fd",
			  site->name);
}

void herald_close(struct herald **herald, struct site *site)
{
	(void)herald;
	(void)site;
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
