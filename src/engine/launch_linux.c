/*
 * launch_linux.c -- launch_all() by threads that wait for children.
 *
 * A child runs in our memory until it has become the script, so somebody has to
 * stand still that long. That is a lane: a thread with all signals blocked, the
 * child's stack, and descriptor slots. It does nothing but make starts, and
 * touches nothing but their launches. One lane stays, asleep, for the next
 * start; where many starts come at once there are more, which end with them.
 *
 * A lane whose child takes too long is left alone with it, and another takes
 * its slots: by then the child has a descriptor table of its own. Whether that
 * comes before the child is done is decided by who changes launch->state first.
 *
 * Whoever waits here can be killed: should this process be, nothing but the
 * child is left.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/launch.h"
#include "engine/spawn_linux.h"

#define THREADS_FROM 8 /* fewer starts aren't worth more than one lane */
#define GUARD_BYTES  ((size_t)16 * 1024)
#define CHILD_BYTES  ((size_t)64 * 1024)
#define LANE_BYTES   ((size_t)32 * 1024)
#define LANE_MEMORY  (GUARD_BYTES + CHILD_BYTES + LANE_BYTES)

/* Source: futex(2); musl brings no header for it. */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#ifdef SYS_futex_time64 /* where SYS_futex has another time_t than we */
#define FUTEX SYS_futex_time64
#else
#define FUTEX SYS_futex
#endif

enum order { SLEEP, WORK, END };

/* What launch_all() was called for. On its stack: a lane that was left alone
 * doesn't look at it again. */
struct round {
	struct launch *const *launches;
	unsigned count;
	atomic_uint next; /* to be started */
	atomic_int busy;  /* lanes; a futex */
	bool has_left;    /* one alone: there is less patience with others */
};

struct lane {
	struct launcher *launcher;
	struct lane *next;
	pthread_t thread;
	char *memory; /* owned: a guard, the child's stack, its own */
	unsigned slots;
	atomic_int order; /* a futex */
	struct round *round;
	_Atomic(struct launch *) launch; /* that it is at; or NULL */
	_Atomic int64_t began_ns;        /* with that */
};

struct launcher {
	struct spawner *spawner;
	struct loop *loop;
	struct lane *lanes; /* the one that stays last */
	unsigned lane_count;
	unsigned slots_taken;     /* a bit each */
	struct launch *left;      /* alone */
	struct loop_watch loaded; /* an eventfd, once one was */
};

/* What a child that hangs looks at must last as long as it does, so it is never
 * freed; here a leak checker sees that it isn't lost, also when all else is. */
static const struct launcher *launcher_with_left;

static void futex_wait(atomic_int *word, int value, int64_t limit_ns)
{
	const struct timespec limit = {.tv_sec = limit_ns / 1000000000,
				       .tv_nsec = limit_ns % 1000000000};

	syscall(FUTEX, word, FUTEX_WAIT_PRIVATE, value,
		limit_ns == 0 ? NULL : &limit);
}

static void futex_wake(atomic_int *word)
{
	syscall(FUTEX, word, FUTEX_WAKE_PRIVATE, 1);
}

static bool change_state(struct launch *launch, enum launch_state to)
{
	int from = LAUNCH_STARTING;

	return atomic_compare_exchange_strong(&launch->state, &from, to);
}

/* ---- in a lane ---- */

/* False: it was left alone with this launch, and has nothing else to do. */
static bool start(struct lane *lane, struct launch *launch)
{
	const struct launcher *launcher = lane->launcher;
	const uint64_t one = 1;
	pid_t pid;
	int error;

	atomic_store(&lane->began_ns, loop_now_ns());
	atomic_store(&lane->launch, launch);
	pid = spawn_suspended(launcher->spawner, lane->slots,
			      lane->memory + GUARD_BYTES + CHILD_BYTES,
			      launch->plan, &launch->spawned);
	error = pid == -1 ? errno : 0;
	if (!change_state(launch, LAUNCH_ENDED)) {
		atomic_store(&launch->state, LAUNCH_LOADED);
		/* Nothing can be done about a failure; there is none. */
		if (write(launcher->loaded.fd, &one, sizeof(one)) == -1)
			errno = 0;
		return false;
	}
	launch->spawned.pid = pid;
	launch->error = error;
	spawn_empty_slots(launcher->spawner, lane->slots, launch->plan);
	atomic_store(&lane->launch, NULL);
	return true;
}

static bool work(struct lane *lane)
{
	struct round *round = lane->round;
	unsigned i;

	while ((i = atomic_fetch_add(&round->next, 1)) < round->count) {
		if (!start(lane, round->launches[i]))
			return false;
	}
	atomic_store(&lane->order, SLEEP);
	if (atomic_fetch_sub(&round->busy, 1) == 1)
		futex_wake(&round->busy); /* it may be gone: no matter */
	return true;
}

static void *run_lane(void *argument)
{
	struct lane *lane = argument;

	for (;;) {
		switch (atomic_load(&lane->order)) {
		case SLEEP: futex_wait(&lane->order, SLEEP, 0); break;
		case WORK:
			if (!work(lane))
				return NULL;
			break;
		default: return NULL;
		}
	}
}

/* ---- lanes come and go ---- */

static void free_lane(struct lane *lane)
{
	if (lane->memory != MAP_FAILED)
		munmap(lane->memory, LANE_MEMORY);
	free(lane);
}

static int start_thread(struct lane *lane)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return error;
	pthread_attr_setstack(&attributes,
			      lane->memory + GUARD_BYTES + CHILD_BYTES,
			      LANE_BYTES);
	/* Signals are for the main thread; and none may be taken by a child on
	 * the shared memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&lane->thread, &attributes, run_lane, lane);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

static struct lane *lane_new(struct launcher *launcher)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->launcher = launcher;
	lane->memory = mmap(NULL, LANE_MEMORY, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (lane->memory == MAP_FAILED)
		goto out;
	mprotect(lane->memory, GUARD_BYTES, PROT_NONE);
	while (launcher->slots_taken & 1U << lane->slots)
		lane->slots++;
	if (start_thread(lane) != 0)
		goto out;
	launcher->slots_taken |= 1U << lane->slots;
	lane->next = launcher->lanes;
	launcher->lanes = lane;
	launcher->lane_count++;
	return lane;
out:
	free_lane(lane);
	return NULL;
}

/* It isn't one of those that can be given work any more. */
static void take_away(struct lane *lane)
{
	struct launcher *launcher = lane->launcher;
	struct lane **link = &launcher->lanes;

	while (*link != lane)
		link = &(*link)->next;
	*link = lane->next;
	launcher->lane_count--;
	launcher->slots_taken &= ~(1U << lane->slots);
}

static void end_lane(struct lane *lane)
{
	take_away(lane);
	atomic_store(&lane->order, END);
	futex_wake(&lane->order);
	pthread_join(lane->thread, NULL);
	free_lane(lane);
}

/* As many as there are processors, and one, as a start mostly waits. */
static unsigned lanes_for(unsigned count)
{
	long most;

	if (count < THREADS_FROM)
		return 1;
	most = sysconf(_SC_NPROCESSORS_ONLN) + 1;
	if (most < 1)
		return 1;
	return most > SPAWN_LANES ? SPAWN_LANES : (unsigned)most;
}

static void give_work(struct lane *lane, struct round *round)
{
	lane->round = round;
	atomic_fetch_add(&round->busy, 1);
	atomic_store(&lane->order, WORK);
	futex_wake(&lane->order);
}

/* Without any lane nothing can be started. */
static void add_lanes(struct launcher *launcher, struct round *round,
		      unsigned wanted)
{
	struct lane *lane;
	unsigned i;

	for (lane = launcher->lanes; lane; lane = lane->next)
		if (atomic_load(&lane->order) == SLEEP)
			give_work(lane, round);
	while (launcher->lane_count < wanted && (lane = lane_new(launcher)))
		give_work(lane, round);
	if (launcher->lane_count > 0)
		return;
	while ((i = atomic_fetch_add(&round->next, 1)) < round->count) {
		round->launches[i]->error = EAGAIN;
		atomic_store(&round->launches[i]->state, LAUNCH_ENDED);
	}
}

/* ---- what hangs ---- */

static void on_loaded(struct loop_watch *watch)
{
	struct launcher *launcher = watch->owner;
	struct launch **link = &launcher->left;
	uint64_t count;

	if (read(watch->fd, &count, sizeof(count)) == -1)
		return;
	while (*link) {
		struct launch *launch = *link;

		if (atomic_load(&launch->state) != LAUNCH_LOADED) {
			link = &launch->next;
			continue;
		}
		*link = launch->next;
		pthread_join(launch->lane->thread, NULL);
		free_lane(launch->lane);
		launch->on_loaded(launch);
		link = &launcher->left; /* anything may have happened */
	}
}

/* Whether the loop can be told of what was left alone. */
static bool can_be_told(struct launcher *launcher)
{
	struct loop_watch *watch = &launcher->loaded;

	if (watch->is_added)
		return true;
	*watch = (struct loop_watch){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.on_readable = on_loaded,
		.owner = launcher};
	if (watch->fd == -1)
		return false;
	if (loop_watch_add(launcher->loop, watch) == 0)
		return true;
	close(watch->fd);
	return false;
}

/* True: nobody waits for that lane any more. */
static bool leave(struct lane *lane, struct round *round, int64_t now_ns)
{
	struct launcher *launcher = lane->launcher;
	struct launch *launch = atomic_load(&lane->launch);
	int64_t limit_ns = round->has_left ? LAUNCH_AGAIN_NS : LAUNCH_LIMIT_NS;

	if (!launch || now_ns - atomic_load(&lane->began_ns) < limit_ns ||
	    !atomic_load(&launch->spawned.is_complete) ||
	    launch->spawned.pid <= 1 || !can_be_told(launcher) ||
	    !change_state(launch, LAUNCH_LOADING))
		return false;
	launch->error = 0;
	launch->lane = lane;
	launch->next = launcher->left;
	launcher->left = launch;
	launcher_with_left = launcher;
	spawn_empty_slots(launcher->spawner, lane->slots, launch->plan);
	take_away(lane);
	round->has_left = true;
	atomic_fetch_sub(&round->busy, 1);
	return true;
}

static void leave_hanging(struct launcher *launcher, struct round *round)
{
	struct lane *next, *lane = launcher->lanes;
	unsigned wanted = launcher->lane_count;
	int64_t now_ns = loop_now_ns();

	for (; lane; lane = next) {
		next = lane->next;
		leave(lane, round, now_ns);
	}
	if (atomic_load(&round->next) < round->count)
		add_lanes(launcher, round, wanted);
}

/* ---- ---- */

static struct launcher *launcher_of(struct spawner *spawner, struct loop *loop)
{
	if (!spawner->launcher)
		spawner->launcher = calloc(1, sizeof(*spawner->launcher));
	if (!spawner->launcher)
		return NULL;
	spawner->launcher->spawner = spawner;
	spawner->launcher->loop = loop;
	return spawner->launcher;
}

void launch_all(struct spawner *spawner, struct loop *loop,
		struct launch *const launches[], unsigned count)
{
	struct launcher *launcher = launcher_of(spawner, loop);
	struct round round = {.launches = launches, .count = count};
	int64_t limit_ns = LAUNCH_LIMIT_NS;
	struct lane *lane, *next;
	int busy;

	for (unsigned i = 0; i < count; i++) {
		launches[i]->spawned = (struct spawned){
			.pid = -1, .pidfd = -1, .start_ticks = -1};
		launches[i]->error = ENOMEM;
		atomic_store(&launches[i]->state,
			     launcher ? LAUNCH_STARTING : LAUNCH_ENDED);
	}
	if (!launcher)
		return;
	add_lanes(launcher, &round, lanes_for(count));
	while ((busy = atomic_load(&round.busy)) > 0) {
		futex_wait(&round.busy, busy, limit_ns);
		if (atomic_load(&round.busy) == 0)
			break;
		leave_hanging(launcher, &round);
		limit_ns = LAUNCH_AGAIN_NS;
	}
	for (lane = launcher->lanes; launcher->lane_count > 1; lane = next) {
		next = lane->next;
		end_lane(lane);
	}
}
