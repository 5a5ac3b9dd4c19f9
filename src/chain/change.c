/* change.c -- see change.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/oom_score.h"
#include "base/strb.h"
#include "chain/change.h"
#include "chain/envdir.h"
#include "chain/envfile.h"
#include "chain/ids.h"
#include "chain/lock.h"
#include "chain/output.h"

PRINTF_LIKE(3, 4)
static int fail(struct change_trouble *trouble, int error, const char *fmt, ...)
{
	struct strb text = strb_on(trouble->text, sizeof(trouble->text));
	va_list args;

	va_start(args, fmt);
	strb_add_vformat(&text, fmt, args);
	va_end(args);
	trouble->error = error;
	return -1;
}

static int read_files(const struct change *change, struct env *env,
		      struct change_trouble *trouble)
{
	for (size_t i = 0; i < change->env_file_count; i++) {
		const char *path = change->env_files[i];
		bool may_miss = *path == '-';
		size_t len;
		char *text = fd_read_all(path + may_miss, &len);
		int done;

		if (!text && may_miss && errno == ENOENT)
			continue;
		if (!text)
			return fail(trouble, errno, "unable to read %s",
				    path + may_miss);
		if (strlen(text) != len) {
			free(text);
			return fail(trouble, EINVAL, "there is a byte 0 in %s",
				    path + may_miss);
		}
		done = envfile_apply(text, len, env);
		free(text);
		if (done == -1)
			return fail(trouble, ENOMEM, "unable to set variables");
	}
	return 0;
}

static int read_variables(const struct change *change, struct env *env,
			  struct change_trouble *trouble)
{
	struct envdir envdir = {
		.env = env,
		.path = change->env_dir,
		.prefix = "",
		.pass_over = change->pass_over,
	};

	if (!change->env_dir || envdir_apply(&envdir) == 0)
		return read_files(change, env, trouble);
	switch (envdir.step) {
	case ENVDIR_ENTER:
		return fail(trouble, errno, "unable to switch to directory: %s",
			    envdir.path);
	case ENVDIR_LIST:
		return fail(trouble, errno, "unable to read directory: %s",
			    envdir.path);
	case ENVDIR_READ:
		return fail(trouble, errno, "unable to read %s/%s", envdir.path,
			    envdir.name);
	case ENVDIR_REMEMBER:
	case ENVDIR_RETURN:
		return fail(trouble, errno,
			    "unable to change to current working directory");
	case ENVDIR_ALLOCATE: break;
	}
	return fail(trouble, ENOMEM, "unable to set variables");
}

static int change_place(const struct change *change,
			struct change_trouble *trouble)
{
	if (change->root && chdir(change->root) == -1)
		return fail(trouble, errno, "unable to change directory: %s",
			    change->root);
	if (change->root && chroot(".") == -1)
		return fail(trouble, errno, "unable to change root directory");
	if (change->dir && chdir(change->dir) == -1)
		return fail(trouble, errno, "unable to change directory: %s",
			    change->dir);
	return 0;
}

static int change_favour(const struct change *change,
			 struct change_trouble *trouble)
{
	if (change->has_umask)
		umask((mode_t)change->umask);
	errno = 0; /* -1 is also a niceness */
	if (change->has_niceness && nice((int)change->niceness) == -1 &&
	    errno != 0)
		return fail(trouble, errno, "unable to set nice level");
	if (change->has_io && favour_set_io(&change->io) == -1)
		return fail(trouble, errno, "unable to set disk priority");
	if (change->has_oom_score && oom_score_set(change->oom_score) == -1)
		return fail(trouble, errno, "unable to set OOM score");
	return 0;
}

static int find_ids(const struct change *change, const char *text,
		    struct ids *ids, struct change_trouble *trouble)
{
	if (change->is_account) {
		if (ids_of_account(text, ids))
			return 0;
		return fail(trouble, 0, "unknown account: %s", text);
	}
	if (ids_parse(text, ids))
		return 0;
	if (*text == ':')
		return fail(trouble, 0, "invalid uid/gids: %s", text + 1);
	return fail(trouble, 0, "unknown user/group: %s", text);
}

/* The account of "USER:GROUP". */
static const char *take_all(const struct ids *ids, const char *user)
{
	char account[256];
	struct strb text = strb_on(account, sizeof(account));

	strb_add_bytes(&text, user, strcspn(user, ":"));
	return ids_take_all(ids, account);
}

static int change_user(const struct change *change, struct env *env,
		       struct change_trouble *trouble)
{
	const char *failed = NULL;
	struct ids announced, taken;

	if (change->env_user &&
	    find_ids(change, change->env_user, &announced, trouble) == -1)
		return -1;
	if (change->user) {
		if (find_ids(change, change->user, &taken, trouble) == -1)
			return -1;
		if (change->gives_output)
			output_give(taken.gids[0]);
		failed = change->has_all_groups ? take_all(&taken, change->user)
						: ids_take(&taken);
	}
	if (failed)
		return fail(trouble, errno, "unable to %s", failed);
	if (change->env_user && ids_announce(&announced, env) == -1)
		return fail(trouble, ENOMEM, "unable to set variables");
	return 0;
}

/* Moves the lock out of the way of descriptors that will be redirected. */
static int keep_lock(const struct change *change, int lock_fd)
{
	int highest = -1;

	for (size_t i = 0; i < change->redirect_count; i++)
		if (change->redirects[i].fd > highest)
			highest = change->redirects[i].fd;
	if (lock_fd > highest)
		return 0;
	if (fcntl(lock_fd, F_DUPFD, highest + 1) == -1)
		return -1;
	return close(lock_fd);
}

static int take_lock(const struct change *change,
		     struct change_trouble *trouble)
{
	const char *failed;
	int lock_fd;

	if (!change->lock)
		return 0;
	failed = lock_take(change->lock, change->is_lock_waiting, &lock_fd);
	if (!failed && keep_lock(change, lock_fd) == 0)
		return 0;
	trouble->is_lock = true;
	if (failed && strcmp(failed, "open") == 0)
		return fail(trouble, errno, "unable to open lock: %s",
			    change->lock);
	return fail(trouble, errno, "unable to lock: %s", change->lock);
}

static int redirect(const struct redirect *redirect,
		    struct change_trouble *trouble)
{
	if (redirect_do(redirect) == 0)
		return 0;
	if (redirect->kind == REDIRECT_COPY)
		return fail(trouble, errno, "unable to copy descriptor %d",
			    redirect->from_fd);
	return fail(trouble, errno, "unable to open: %s", redirect->path);
}

static int change_rest(const struct change *change,
		       struct change_trouble *trouble)
{
	for (size_t i = 0; i < change->limit_count; i++) {
		const char *failed = limits_set(change->limits[i].letter,
						&change->limits[i].limit);

		if (failed)
			return fail(trouble, errno, "unable to %s -%c", failed,
				    change->limits[i].letter);
	}
	for (size_t i = 0; i < change->redirect_count; i++)
		if (redirect(&change->redirects[i], trouble) == -1)
			return -1;
	if (change->is_session)
		setsid(); /* fails for a leader, who has what is wanted */
	if (change->refuses_privileges && favour_refuse_privileges() == -1)
		return fail(trouble, errno, "unable to refuse privileges");
	for (int fd = 0; fd < 3; fd++)
		if (change->is_closed[fd])
			close(fd);
	return 0;
}

int change_apply(const struct change *change, struct env *env,
		 struct change_trouble *trouble)
{
	trouble->is_lock = false;
	if (read_variables(change, env, trouble) == -1 ||
	    change_place(change, trouble) == -1 ||
	    change_favour(change, trouble) == -1 ||
	    change_user(change, env, trouble) == -1 ||
	    take_lock(change, trouble) == -1)
		return -1;
	return change_rest(change, trouble);
}
