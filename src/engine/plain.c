/* plain.c -- see plain.h. */
#include <string.h>

#include "base/fd.h"
#include "base/strb.h"
#include "engine/plain.h"
#include "engine/rules.h"
#include "service/config.h"
#include "service/supervise_dir.h"

static void add_stat(const struct standing *standing, struct strb *text)
{
	const struct machine *machine = &standing->machine;

	if (standing->pid == 0) {
		strb_add(text, "down");
	} else {
		strb_add(text,
			 machine->phase == MACHINE_FINISHING ||
					 machine->phase == MACHINE_STOPPING
				 ? "finish"
				 : "run");
		if (machine->is_paused)
			strb_add(text, ", paused");
		if (machine->is_term_sent)
			strb_add(text, ", got TERM");
		if (machine->is_leaving)
			strb_add(text, ", want exit");
		else if (machine->want != MACHINE_WANT_UP)
			strb_add(text, ", want down");
	}
	strb_add(text, "\n");
}

int plain_publish(const struct site *site, const struct standing *standing,
		  uint32_t *sum)
{
	char room[2][64];
	struct strb stat = strb_on(room[0], sizeof(room[0]));
	struct strb pid = strb_on(room[1], sizeof(room[1]));
	uint32_t now = 1;

	if (!config_shows(rules_of(site), CONFIG_RUNIT))
		return 0;
	add_stat(standing, &stat);
	if (standing->pid != 0)
		strb_add_format(&pid, "%d\n", (int)standing->pid);
	for (int i = 0; i < 2; i++) {
		for (const char *at = room[i]; *at; at++)
			now = now * 31 + (unsigned char)*at;
	}
	if (now == *sum)
		return 0;
	*sum = 0;
	/* Where "stat" says that it runs, "pid" tells which process. */
	if (fd_replace_file(site->state_fd, SUPERVISE_DIR "/pid", pid.data,
			    pid.len, 0644) == -1 ||
	    fd_replace_file(site->state_fd, SUPERVISE_DIR "/stat", stat.data,
			    stat.len, 0644) == -1)
		return -1;
	*sum = now;
	return 0;
}
