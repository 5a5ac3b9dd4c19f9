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

static bool is_there(const struct site *site, char letter)
{
	struct hook_name name = name_of(letter);

	return faccessat(site->dir_fd, name.text, X_OK, 0) == 0;
}

bool hook_is_possible(const struct site *site)
{
	return site->input_dir_fd == -1 &&
	       config_has(rules_of(site), CONFIG_CONTROL);
}

bool hook_holds(const struct hook *hook, const struct site *site, char letter)
{
	letter = plain(letter);
	if (!hook_is_possible(site) || hook_is_awaited(hook))
		return false;
	return is_there(site, letter) ||
	       (is_end(letter) && is_there(site, 't'));
}

static void conclude(struct hook *hook, struct site *site)
{
	hook->letter = 0;
	site->tell(site, &(struct happening){.kind = HAPPENED_HOOKS_OVER});
}

static void on_last_end(struct site *site, void *owner, struct process_end end)
{
	(void)end;
	conclude(owner, site);
}

static bool run(struct hook *hook, struct site *site, char letter,
		void (*on_end)(struct site *, void *, struct process_end))
{
	struct hook_name name = name_of(letter);
	const struct aside_plan plan = {.script = name.text,
					.limit_ns = HOOK_LIMIT_NS,
					.holds_control = true,
					.on_end = on_end,
					.owner = hook};

	if (!is_there(site, letter))
		return false;
	if (aside_start(site, &plan) == 0)
		return true;
	diag_warn_errno("unable to start %s/%s, going on without", site->name,
			name.text);
	return false;
}

/* The first hook is over, or there is none: what it held back, then the second.
 */
static void go_on(struct hook *hook, struct site *site, bool is_done)
{
	char letter = hook->letter;

	site->tell(site, &(struct happening){.kind = HAPPENED_HOOK,
					     .letter = letter,
					     .is_done = is_done});
	if (is_end(letter) && site->is_hosted &&
	    run(hook, site, letter, on_last_end))
		return;
	conclude(hook, site);
}

static void on_first_end(struct site *site, void *owner, struct process_end end)
{
	go_on(owner, site,
	      end.is_known && end.signal_number == 0 && end.exit_code == 0);
}

void hook_start(struct hook *hook, struct site *site, char letter)
{
	hook->letter = plain(letter);
	if (!run(hook, site, is_end(hook->letter) ? 't' : hook->letter,
		 on_first_end))
		go_on(hook, site, false);
}
