/* await.c -- see await.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/diag.h"
#include "client/await.h"

static bool is_over(const struct await *await)
{
	return await->left_count == 0 ||
	       (await->is_any && await->reached_count > 0);
}

static void on_outcome(struct waiting *waiting)
{
	struct await *await = waiting->owner;

	await->left_count--;
	if (waiting->outcome == OUTCOME_REACHED)
		await->reached_count++;
	if (is_over(await))
		loop_stop(await->loop);
}

static void on_timeout(struct loop_timer *timer)
{
	struct await *await = timer->owner;

	loop_stop(await->loop);
}

int await_begin(struct await *await, char *const paths[], size_t count)
{
	int good = 0;

	await->begun_at_ns = loop_now_ns();
	watch_make_room(count);
	await->loop = loop_new();
	await->all = calloc(count + 1, sizeof(*await->all));
	if (!await->loop || !await->all)
		return -1;
	await->count = count;
	for (size_t i = 0; i < count; i++) {
		struct waiting *waiting = &await->all[i];

		waiting->loop = await->loop;
		waiting->path = paths[i];
		waiting->condition = await->condition;
		waiting->asks_check =
			await->condition == CONDITION_READY ||
			await->condition == CONDITION_RESTARTED_READY;
		waiting->on_outcome = on_outcome;
		waiting->owner = await;
		waiting->dir_fd =
			open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (waiting->dir_fd == -1) {
			diag_warn_errno("unable to open %s", paths[i]);
			continue;
		}
		waiting_begin(waiting);
		waiting->has_acted = await->is_acting;
		waiting->is_impatient =
			await->is_acting && !waiting->before.is_hosted;
		good++;
	}
	return good;
}

static int wait_for_outcomes(struct await *await)
{
	for (size_t i = 0; i < await->count; i++)
		await->left_count += await->all[i].dir_fd != -1;
	if (await->timeout_ns >= 0) {
		await->timer.on_due = on_timeout;
		await->timer.owner = await;
		loop_timer_set(await->loop, &await->timer,
			       await->begun_at_ns + await->timeout_ns);
	}
	for (size_t i = 0; i < await->count; i++) {
		if (await->all[i].dir_fd != -1)
			waiting_judge(&await->all[i]);
	}
	return is_over(await) ? 0 : loop_run(await->loop);
}

/* What is worst for all, what is best for any. */
static int sum_up(const struct await *await)
{
	int failed = 0, unsupervised = 0, missing = 0, late = 0;

	for (size_t i = 0; i < await->count; i++) {
		const struct waiting *waiting = &await->all[i];

		if (waiting->dir_fd == -1) {
			missing++;
		} else if (waiting->outcome == OUTCOME_UNSUPERVISED) {
			unsupervised++;
			diag_warn("nobody supervises %s", waiting->path);
		} else if (waiting->outcome == OUTCOME_FAILED) {
			failed++;
			diag_warn("%s has failed", waiting->path);
		} else if (waiting->outcome == OUTCOME_NONE) {
			late++;
			diag_warn("timed out waiting for %s", waiting->path);
		}
	}
	if (missing > 0)
		return EXIT_SYSTEM;
	if (unsupervised > 0)
		return EXIT_UNSUPERVISED;
	if (late > 0)
		return EXIT_TIMED_OUT;
	return failed < EXIT_MOST_FAILED ? failed : EXIT_MOST_FAILED;
}

int await_run(struct await *await)
{
	int code = EXIT_SYSTEM;

	if (wait_for_outcomes(await) == -1)
		diag_fatal_errno("unable to wait for events");
	else if (await->is_any && await->reached_count > 0)
		code = 0;
	else
		code = sum_up(await);
	for (size_t i = 0; i < await->count; i++) {
		if (await->all[i].dir_fd == -1)
			continue;
		waiting_end(&await->all[i]);
		close(await->all[i].dir_fd);
	}
	free(await->all);
	loop_free(await->loop);
	return code;
}
