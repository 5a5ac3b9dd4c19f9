/* presence.c -- see presence.h. */
#include <unistd.h>

#include "base/diag.h"
#include "engine/presence.h"
#include "service/supervise_dir.h"

int presence_make(struct presence *presence, const struct site *site,
		  int control_fd)
{
	return supervise_dir_make_ok(site->state_fd, control_fd,
				     &presence->ok_fd);
}

static void make(struct presence *presence, const struct site *site,
		 int control_fd)
{
	if (presence_make(presence, site, control_fd) == -1)
		diag_warn_errno("unable to read %s/" SUPERVISE_OK, site->name);
}

void presence_offer(struct presence *presence, const struct site *site,
		    int control_fd)
{
	if (!presence->is_first || !site->is_hosted)
		return;
	presence->is_first = false;
	make(presence, site, control_fd);
}

void presence_renew(struct presence *presence, const struct site *site,
		    int control_fd)
{
	int before_fd = presence->ok_fd;

	if (presence->is_first || !site->is_hosted)
		return;
	make(presence, site, control_fd);
	if (before_fd != -1)
		close(before_fd);
}

void presence_close(struct presence *presence)
{
	if (presence->ok_fd != -1)
		close(presence->ok_fd);
	presence->ok_fd = -1;
}
