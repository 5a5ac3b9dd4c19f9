/* maker.c -- see maker.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "chain/ids.h"
#include "cmd/sv/maker.h"
#include "cmd/sv/tools.h"
#include "service/scan_dir.h"

#define ACCOUNT_SIZE 256 /* bytes: more than any name takes */

int maker_begin(struct maker *maker)
{
	const char *scan_dir = scan_dir_find(maker->scan_dir);

	maker->folder = tools_folder_if_needed(maker->folder_room);
	if (place_find(&maker->place, scan_dir, maker->root) == -1) {
		place_say_missing(scan_dir);
		return -1;
	}
	return maker->is_dry ? 0 : place_open(&maker->place, true);
}

void maker_end(struct maker *maker)
{
	place_close(&maker->place);
}

/* ---- the log ---- */

static bool take_account(struct plan_user *user, const char *name)
{
	struct ids ids;

	if (!ids_of_account(name, &ids))
		return false;
	*user = (struct plan_user){name, ids.uid, ids.gids[0]};
	return true;
}

/* An account for logs, best one of its own. Only root can give files away. */
static int choose_log_user(const struct maker *maker, const char *name,
			   struct plan_user *user, char room[ACCOUNT_SIZE])
{
	struct strb own = strb_on(room, ACCOUNT_SIZE);

	*user = (struct plan_user){.name = NULL};
	if (maker->log_user) {
		if (*maker->log_user == '\0' ||
		    take_account(user, maker->log_user))
			return 0;
		diag_fatal("there is no user %s for the log: make one, or say "
			   "--log-user",
			   maker->log_user);
		return -1;
	}
	if (geteuid() != 0)
		return 0;
	strb_add_format(&own, "%slog", name);
	if ((!own.is_cut && take_account(user, room)) ||
	    take_account(user, "multilog"))
		return 0;
	take_account(user, "log");
	return 0;
}

/* ---- in place ---- */

static int say_taken(const struct maker *maker, const char *name)
{
	diag_fatal("%s/%s is there already: it stays as it is; sv enable %s "
		   "has it supervised, sv remove --purge %s removes it",
		   maker->place.root, name, name, name);
	return -1;
}

/* 0, or -1 after saying why not. */
static int make(const struct maker *maker, const char *name,
		const struct sketch *sketch)
{
	struct problem problem;

	if (!maker->is_disabled &&
	    place_look(&maker->place, name) != PLACE_NONE) {
		diag_fatal("%s/%s is there already: it stays as it is",
			   maker->place.scan_dir, name);
		return -1;
	}
	if (sketch_make(sketch, maker->place.root_fd, maker->place.root, name,
			&problem) == 0)
		return 0;
	if (problem.error == EEXIST)
		return say_taken(maker, name);
	problem_fatal(&problem);
	return -1;
}

static int make_seen(const struct maker *maker, const char *name)
{
	char target[PATH_MAX];
	struct strb text = strb_on(target, sizeof(target));

	strb_add_format(&text, "%s/%s", maker->place.root, name);
	if (maker->is_disabled) {
		printf("made %s; sv enable %s has it supervised\n", target,
		       name);
		return 0;
	}
	errno = ENAMETOOLONG;
	if (text.is_cut || place_link(&maker->place, name, target) == -1) {
		diag_fatal_errno("made %s, but unable to link it into %s; sv "
				 "enable %s tries again",
				 target, maker->place.scan_dir, name);
		return -1;
	}
	printf("made %s, linked into %s\n", target, maker->place.scan_dir);
	return 0;
}

static void show(const struct maker *maker, const char *name,
		 const struct sketch *sketch)
{
	char title[PATH_MAX];
	struct strb text = strb_on(title, sizeof(title));

	strb_add_format(&text, "%s/%s", maker->place.root, name);
	sketch_print(sketch, title, stdout);
	if (!maker->is_disabled)
		printf("%s/%s -> %s\n", maker->place.scan_dir, name, title);
}

int maker_add(struct maker *maker, const char *name, struct plan *plan)
{
	const char *trouble = place_name_trouble(name);
	char account[ACCOUNT_SIZE];
	struct sketch sketch = {.entries = NULL};
	int result = -1;

	if (trouble) {
		diag_fatal("%s can't be the name of a service: %s", name,
			   trouble);
		return -1;
	}
	plan->folder = maker->folder;
	plan->has_log = !maker->has_no_log && !plan->needs_no_log;
	if (plan->has_log &&
	    choose_log_user(maker, name, &plan->log_user, account) == -1)
		return -1;
	plan_draw(plan, &sketch);
	if (sketch.is_short) {
		errno = ENOMEM;
		diag_fatal_errno("unable to make %s", name);
		goto out;
	}
	if (maker->is_dry)
		show(maker, name, &sketch);
	else if (make(maker, name, &sketch) == -1 ||
		 make_seen(maker, name) == -1)
		goto out;
	result = 0;
out:
	sketch_free(&sketch);
	return result;
}
