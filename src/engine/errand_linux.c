/* errand_linux.c -- see errand.h. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/errand.h"

#define THREAD_STACK (64 * 1024)
/* A thread that takes longer is interrupted, again and again. */
#define PATIENCE_NS INT64_C(200000000)
#define INTERRUPT   SIGURG

struct errand {
	/* The thread's: */
	int fd;
	int done_fd;
	bool takes_all;
	/* Not the thread's: */
	pthread_t thread;
	struct loop *loop;
	struct loop_watch done;
	struct loop_timer patience;
	void (*on_done)(void *owner); /* NULL: nobody waits */
	void *owner;
	struct kept kept; /* let go in the end, where nobody waits */
};

/* What comes along isn't opened here, but closed, which is what may take so
 * long. */
static bool take_message(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) != -1 || errno == EINTR;
}

static void *run(void *argument)
{
	const struct errand *errand = argument;
	const uint64_t one = 1;

	while (take_message(errand->fd) && errand->takes_all)
		;
	(void)!write(errand->done_fd, &one, sizeof(one));
	return NULL;
}

static void ignore(int number)
{
	(void)number;
}

/* One that is ignored would interrupt nothing. */
static int start_thread(struct errand *errand)
{
	const struct sigaction action = {.sa_handler = ignore};
	pthread_attr_t attributes;
	sigset_t most, before;
	int error;

	sigaction(INTERRUPT, &action, NULL);
	error = pthread_attr_init(&attributes);
	if (error != 0)
		return error;
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	sigfillset(&most);
	sigdelset(&most, INTERRUPT);
	pthread_sigmask(SIG_SETMASK, &most, &before);
	error = pthread_create(&errand->thread, &attributes, run, errand);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

static void wait_on(struct errand *errand)
{
	loop_timer_set(errand->loop, &errand->patience,
		       loop_now_ns() + PATIENCE_NS);
}

static void on_patience(struct loop_timer *timer)
{
	struct errand *errand = timer->owner;

	pthread_kill(errand->thread, INTERRUPT);
	wait_on(errand);
}

static void free_errand(struct errand *errand)
{
	loop_watch_remove(errand->loop, &errand->done);
	loop_timer_cancel(errand->loop, &errand->patience);
	if (errand->done_fd != -1)
		close(errand->done_fd);
	free(errand);
}

/* The socket is empty, and nothing can come in. */
static void finish(struct errand *errand)
{
	close(errand->fd);
	keeper_drop(&errand->kept);
	free_errand(errand);
}

static void on_thread_done(struct loop_watch *watch)
{
	struct errand *errand = watch->owner;
	void (*tell)(void *owner) = errand->on_done;
	void *owner = errand->owner;
	uint64_t count;

	(void)!read(errand->done_fd, &count, sizeof(count));
	pthread_join(errand->thread, NULL);
	if (tell) {
		free_errand(errand);
		tell(owner);
	} else if (errand->takes_all) {
		finish(errand);
	} else {
		errand->takes_all = true;
		/* Otherwise both stay open, and wait for nobody. */
		if (start_thread(errand) == 0)
			wait_on(errand);
	}
}

static struct errand *start(struct loop *loop, int fd, bool takes_all)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (!errand)
		return NULL;
	errand->loop = loop;
	errand->fd = fd;
	errand->takes_all = takes_all;
	errand->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	errand->done = (struct loop_watch){.fd = errand->done_fd,
					   .on_readable = on_thread_done,
					   .owner = errand};
	errand->patience =
		(struct loop_timer){.on_due = on_patience, .owner = errand};
	if (errand->done_fd == -1 ||
	    loop_watch_add(loop, &errand->done) == -1 ||
	    start_thread(errand) != 0) {
		free_errand(errand);
		return NULL;
	}
	wait_on(errand);
	return errand;
}

struct errand *errand_take_one(struct loop *loop, int fd,
			       void (*on_done)(void *owner), void *owner)
{
	struct errand *errand = start(loop, fd, false);

	if (!errand)
		return NULL;
	errand->on_done = on_done;
	errand->owner = owner;
	return errand;
}

static void tell_nobody(void *owner)
{
	(void)owner;
}

void errand_forget(struct errand *errand)
{
	errand->on_done = tell_nobody;
}

void errand_take_all(struct errand *errand, struct kept *kept)
{
	errand->on_done = NULL;
	keeper_move(&errand->kept, kept);
}

bool errand_close(struct loop *loop, int fd, struct kept *kept)
{
	struct errand *errand = start(loop, fd, true);

	if (!errand)
		return false;
	keeper_move(&errand->kept, kept);
	return true;
}
