/* hook.c -- see hook.h. */
#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/aside.h"
#include "engine/hook.h"
#include "engine/rules.h"
#include "service/config.h"

/* "control/" and a letter. */
struct hook_name {
	char text[10];
};

static struct hook_name name_of(char letter)
{
	return (struct hook_name){
		{'c', 'o', 'n', 't', 'r', 'o', 'l', '/', letter, '\0'}};
}

/* What tells a service to end has TERM's hook first, then its own. */
static bool is_end(char letter)
{
	return letter == 'd' || letter == 'x';
}

static char plain(char letter)
{
	return letter == 'D' ? 'd' : letter;
}

static bool is_there(const struct service *service, char letter)
{
	struct hook_name name = name_of(letter);

	return faccessat(service->site.dir_fd, name.text, X_OK, 0) == 0;
}

bool hook_is_possible(const struct service *service)
{
	return service->site.input_dir_fd == -1 &&
	       config_has(rules_of(service), CONFIG_CONTROL);
}

bool hook_holds(const struct service *service, char letter)
{
	letter = plain(letter);
	if (!hook_is_possible(service) || hook_is_awaited(service))
		return false;
	return is_there(service, letter) ||
	       (is_end(letter) && is_there(service, 't'));
}

static void on_last_end(struct service *service, struct process_end end)
{
	(void)end;
	service->hook = 0;
	service_listen(service);
}

static bool run(struct service *service, char letter,
		void (*on_end)(struct service *, struct process_end))
{
	struct hook_name name = name_of(letter);
	const struct aside_plan plan = {.script = name.text,
					.limit_ns = HOOK_LIMIT_NS,
					.holds_control = true,
					.on_end = on_end};

	if (!is_there(service, letter))
		return false;
	if (aside_start(service, &plan) == 0)
		return true;
	diag_warn_errno("unable to start %s/%s, going on without",
			service->site.name, name.text);
	return false;
}

/* The first hook is over, or there is none: what it held back, then the second.
 */
static void go_on(struct service *service, bool is_done)
{
	char letter = service->hook;

	if (letter == 'u')
		service_start_on(service);
	else
		service_hooked(service, is_done);
	if (is_end(letter) && service->site.is_hosted &&
	    run(service, letter, on_last_end))
		return;
	service->hook = 0;
	service_listen(service);
}

static void on_first_end(struct service *service, struct process_end end)
{
	go_on(service,
	      end.is_known && end.signal_number == 0 && end.exit_code == 0);
}

void hook_start(struct service *service, char letter)
{
	service->hook = plain(letter);
	service_listen(service);
	if (!run(service, is_end(service->hook) ? 't' : service->hook,
		 on_first_end))
		go_on(service, false);
}
