/* fuzz_config.c -- any text in any file of a service directory. The first byte
 * chooses the file; or all of it is the beginning of a script. */
#include <signal.h>
#include <string.h>

#include "fuzz.h"
#include "service/config.h"

#define TEXT_BYTES 512 /* more than config_read() reads of a file */

static const enum config_name lines[] = {
	CONFIG_NOTIFICATION_FD, CONFIG_TIMEOUT_KILL,    CONFIG_TIMEOUT_FINISH,
	CONFIG_TIMEOUT_UP,      CONFIG_TIMEOUT_DOWN,    CONFIG_DOWN_SIGNAL,
	CONFIG_RELOAD_SIGNAL,   CONFIG_MAX_DEATH_TALLY, CONFIG_LOCK_FD,
	CONFIG_RESTART,         CONFIG_ON_GIVING_UP,    CONFIG_ON_EXIT,
	CONFIG_KILL_SCOPE,      CONFIG_DIALECT,         CONFIG_TYPE};

/* Whatever was read, what a supervisor gets is within its bounds. */
static void check_config(const struct service_config *config)
{
	MUST(config->notification_fd >= -1 && config->lock_fd >= -1);
	MUST(config->lock_fd == -1 ||
	     config->lock_fd != config->notification_fd);
	MUST(config->down_signal > 0 && config->down_signal < NSIG);
	MUST(config->reload_signal > 0 && config->reload_signal < NSIG);
	MUST(config->max_death_tally <= CONFIG_TALLY_MAX);
	MUST(config->dialect < CONFIG_DIALECT_COUNT);
	MUST(config->type < CONFIG_TYPE_COUNT);
	MUST(config->kill_scope < CONFIG_SCOPE_COUNT);
	MUST(config->policy.when < POLICY_WHEN_COUNT);
	MUST((config->usable & ~config->there) == 0);
	MUST(config->dialect == CONFIG_DAEMONTOOLS ||
	     config_shows(config, config->dialect));
}

/* One line that can be shown, of a length that can be read. */
static void check_message(const struct strb *wrong)
{
	MUST(wrong->len > 0 && !wrong->is_cut);
	for (size_t i = 0; i < wrong->len; i++)
		MUST((unsigned char)wrong->data[i] >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_BYTES], room[2 * TEXT_BYTES], words[1024];
	struct strb wrong = strb_on(room, sizeof(room));
	struct strb why = strb_on(words, sizeof(words));
	struct service_config config;
	enum config_name name;
	bool is_good;

	if (size == 0 || size > TEXT_BYTES)
		return 0;
	name = lines[data[0] % (sizeof(lines) / sizeof(lines[0]))];
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	config_defaults(&config);
	config.is_run_execline = config_is_execline(text);
	is_good = config_take(&config, name, text, &wrong);
	MUST(is_good == (wrong.len == 0));
	MUST(is_good == (config.troubled == 0));
	if (!is_good)
		check_message(&wrong);
	config_conclude(&config);
	check_config(&config);
	config_explain(&config, &why);
	MUST(why.len > 0 && !why.is_cut);
	return 0;
}
