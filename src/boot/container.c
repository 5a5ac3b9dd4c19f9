/* container.c -- see boot.h: what is different as process 1 of a container. */
#include <limits.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "boot/boot.h"
#include "service/era.h"

bool boot_looks_like_container(void)
{
	struct era era;

	if (getpid() != 1)
		return false;
	era_read(&era);
	/* Before /proc is mounted, it is a machine. */
	return era.pid_namespace != 0 && !era_is_of_machine(&era);
}

_Noreturn void boot_pass_signal(const struct boot *boot,
				const struct reaction *reaction)
{
	char option[] = {'-', reaction->letter, '\0'};
	char service[PATH_MAX];
	char svc[] = "svc";
	char *argv[] = {svc, option, service, NULL};
	struct strb path = strb_on(service, sizeof(service));

	strb_add_format(&path, "%s/%s", boot->svscan.argv[1],
			reaction->service);
	boot_give_back(boot);
	if (!path.is_cut)
		boot_exec(boot, argv);
	_exit(EXIT_SYSTEM);
}
