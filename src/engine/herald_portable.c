/* herald_portable.c -- see herald.h: there are no abstract names here. */
#include <stddef.h>

#include "base/diag.h"
#include "engine/herald.h"
#include "engine/rules.h"
#include "service/config.h"

void herald_listen(struct service *service, bool is_new)
{
	if (is_new && config_has(rules_of(service), CONFIG_NOTIFY_SOCKET))
		diag_warn("unable to make a socket for %s/notify-socket: this "
			  "system has no abstract names; use notification-fd",
			  service->site.name);
}

void herald_close(struct service *service)
{
	(void)service;
}

const char *herald_entry(const struct service *service)
{
	(void)service;
	return NULL;
}

const char *herald_text(const struct service *service)
{
	(void)service;
	return "";
}

bool herald_is_stopping(const struct service *service)
{
	(void)service;
	return false;
}

void herald_restore(struct service *service, const char *text, bool is_stopping)
{
	(void)service;
	(void)text;
	(void)is_stopping;
}
