/* apart.c -- see apart.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "engine/apart.h"
#include "engine/leash.h"

#define LEASH_FD 3 /* in the process itself */
/* Between its end and the next start. */
#define RETURN_NS INT64_C(1000000000)
/* How long one that is to end may take to answer. */
#define PATIENCE_NS INT64_C(3000000000)

struct apart {
	struct apart *next;
	struct aparts *all;
	unsigned seen;     /* the last scan that met it */
	bool is_running;   /* its process is */
	bool is_unwanted;  /* it is to end, and isn't started again */
	bool has_answered; /* since it was asked */
	struct loop_process process;
	struct loop_watch leash;
	struct loop_timer timer; /* of the next start, or the next question */
	struct graph_facts facts;
	char *place; /* owned */
	char name[];
};

/* ---- the process ---- */

/* Only calls that are safe after a fork. */
static _Noreturn void become(const struct apart *apart, int leash_fd,
			     char *argv[], char *envp[])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	spawner_take_favours(apart->all->spawner, false);
	if (leash_fd == LEASH_FD)
		fcntl(leash_fd, F_SETFD, 0);
	else
		dup2(leash_fd, LEASH_FD);
	execve("/proc/self/exe", argv, envp);
	diag_fatal_errno("unable to run myself for %s", apart->name);
	_exit(EXIT_SYSTEM);
}

/* The environment with our variable in it, for the caller to free. */
static char **environment_with(char *entry)
{
	size_t count = 0;
	char **all;

	while (environ[count])
		count++;
	all = malloc((count + 2) * sizeof(*all));
	if (!all)
		return NULL;
	memcpy(all, environ, count * sizeof(*all));
	all[count] = entry;
	all[count + 1] = NULL;
	return all;
}

/* Its number, or -1 with errno. */
static pid_t start_process(struct apart *apart, int leash_fd)
{
	char entry[sizeof(LEASH_VARIABLE) + 16];
	char title[64];
	char *argv[] = {title, apart->name, NULL};
	char **envp;
	pid_t pid;

	snprintf(entry, sizeof(entry), LEASH_VARIABLE "=%d", LEASH_FD);
	snprintf(title, sizeof(title), "%s", apart->all->called_as);
	envp = environment_with(entry);
	if (!envp)
		return -1;
	pid = fork();
	if (pid == 0)
		become(apart, leash_fd, argv, envp);
	free(envp);
	return pid;
}

static void on_leash(struct loop_watch *watch);
static void on_exit_of_process(struct loop_process *process,
			       struct process_end end);

static void drop_leash(struct apart *apart)
{
	if (!apart->leash.is_added)
		return;
	loop_watch_remove(apart->all->loop, &apart->leash);
	close(apart->leash.fd);
}

static int watch_process(struct apart *apart, pid_t pid, int leash_fd)
{
	struct loop *loop = apart->all->loop;

	apart->process = (struct loop_process){.pid = pid,
					       .is_child = true,
					       .on_exit = on_exit_of_process,
					       .owner = apart};
	apart->leash = (struct loop_watch){
		.fd = leash_fd, .on_readable = on_leash, .owner = apart};
	if (loop_watch_add(loop, &apart->leash) == -1)
		return -1;
	if (loop_process_add(loop, &apart->process, -1) == 0)
		return 0;
	loop_watch_remove(loop, &apart->leash);
	return -1;
}

static int start(struct apart *apart)
{
	int ends[2], error;
	pid_t pid;

	if (leash_make(ends) == -1)
		return -1;
	pid = start_process(apart, ends[1]);
	error = errno;
	close(ends[1]);
	errno = error;
	/* Without its leash it ends by itself. */
	if (pid == -1 || watch_process(apart, pid, ends[0]) == -1) {
		error = errno;
		close(ends[0]);
		errno = error;
		return -1;
	}
	apart->is_running = true;
	return 0;
}

static void start_later(struct apart *apart)
{
	loop_timer_set(apart->all->loop, &apart->timer,
		       loop_now_ns() + RETURN_NS);
}

static void start_or_try_again(struct apart *apart)
{
	if (start(apart) == 0)
		return;
	diag_warn_errno("unable to fork for %s, trying again later",
			apart->name);
	start_later(apart);
}

/* ---- the list ---- */

static struct apart *find(const struct aparts *aparts, const char *name)
{
	struct apart *apart = aparts->first;

	while (apart && strcmp(apart->name, name) != 0)
		apart = apart->next;
	return apart;
}

static void drop(struct apart *apart)
{
	struct apart **link = &apart->all->first;

	while (*link != apart)
		link = &(*link)->next;
	*link = apart->next;
	loop_timer_cancel(apart->all->loop, &apart->timer);
	loop_process_remove(apart->all->loop, &apart->process);
	drop_leash(apart);
	free(apart->place);
	free(apart);
}

/* Nobody waits for it any more. */
static void leave(struct apart *apart)
{
	struct aparts *all = apart->all;

	drop(apart);
	all->on_gone(all->owner);
}

/* ---- what happens ---- */

static void tell_facts(const struct apart *apart)
{
	apart->all->on_facts(apart->all->owner, apart->name, &apart->facts);
}

static void on_leash(struct loop_watch *watch)
{
	struct apart *apart = watch->owner;
	struct graph_facts facts;

	switch (leash_receive(watch->fd, &facts)) {
	case LEASH_HERE: apart->has_answered = true; break;
	case LEASH_FACTS:
		apart->facts = facts;
		tell_facts(apart);
		break;
	case LEASH_OVER: drop_leash(apart); break; /* its end is told, too */
	default: break;
	}
}

static void on_exit_of_process(struct loop_process *process,
			       struct process_end end)
{
	struct apart *apart = process->owner;

	(void)end;
	drop_leash(apart);
	apart->is_running = false;
	apart->facts = (struct graph_facts){0};
	tell_facts(apart);
	if (apart->is_unwanted || apart->all->is_stopping)
		leave(apart);
	else
		start_later(apart);
}

/* As long as it answers it is ending what it hosts, which takes as long as it
 * takes. */
static void ask(struct apart *apart)
{
	apart->has_answered = false;
	leash_send(apart->leash.fd, LEASH_ASK, NULL);
	loop_timer_set(apart->all->loop, &apart->timer,
		       loop_now_ns() + PATIENCE_NS);
}

static void on_timer(struct loop_timer *timer)
{
	struct apart *apart = timer->owner;

	if (!apart->is_running) {
		start_or_try_again(apart);
	} else if (apart->has_answered) {
		ask(apart);
	} else {
		diag_warn("unable to end %s, going on without: the file system "
			  "of %s doesn't answer",
			  apart->name, apart->place);
		leave(apart);
	}
}

static void end(struct apart *apart)
{
	if (apart->is_unwanted)
		return;
	apart->is_unwanted = true;
	loop_timer_cancel(apart->all->loop, &apart->timer);
	loop_process_signal(&apart->process, SIGTERM);
	ask(apart);
}

/* ---- what others ask for ---- */

static struct apart *make(struct aparts *aparts, const char *name,
			  const char *place)
{
	size_t size = strlen(name) + 1;
	struct apart *apart = calloc(1, sizeof(*apart) + size);

	if (!apart)
		return NULL;
	apart->place = strdup(place);
	if (!apart->place) {
		free(apart);
		return NULL;
	}
	memcpy(apart->name, name, size);
	apart->all = aparts;
	apart->timer = (struct loop_timer){.on_due = on_timer, .owner = apart};
	apart->next = aparts->first;
	aparts->first = apart;
	return apart;
}

int apart_host(struct aparts *aparts, const char *name, const char *place,
	       unsigned scan)
{
	struct apart *apart = find(aparts, name);

	if (apart) {
		apart->seen = scan;
		return 0;
	}
	apart = make(aparts, name, place);
	if (!apart)
		return -1;
	apart->seen = scan;
	diag_warn("%s is on the file system of %s, which may hang: it gets a "
		  "process of its own",
		  name, place);
	start_or_try_again(apart);
	return 0;
}

bool apart_take_back(struct aparts *aparts, const char *name)
{
	struct apart *apart = find(aparts, name);

	if (!apart)
		return false;
	apart->is_unwanted = true;
	drop_leash(apart);
	if (apart->is_running)
		return true;
	drop(apart);
	return false;
}

bool apart_has(const struct aparts *aparts, const char *name)
{
	return find(aparts, name) != NULL;
}

void apart_sweep(struct aparts *aparts, unsigned scan, bool is_to_end)
{
	struct apart *next, *apart = aparts->first;

	for (; apart; apart = next) {
		next = apart->next;
		if (apart->seen == scan)
			continue;
		if (!apart->is_running)
			drop(apart);
		else if (is_to_end)
			end(apart);
	}
}

void apart_tell_all(const struct aparts *aparts)
{
	for (const struct apart *apart = aparts->first; apart;
	     apart = apart->next)
		tell_facts(apart);
}

void apart_stop_all(struct aparts *aparts)
{
	struct apart *next, *apart = aparts->first;

	aparts->is_stopping = true;
	for (; apart; apart = next) {
		next = apart->next;
		if (apart->is_running)
			end(apart);
		else
			drop(apart);
	}
}

bool apart_is_any(const struct aparts *aparts)
{
	return aparts->first != NULL;
}

void apart_free_all(struct aparts *aparts)
{
	struct apart *next, *apart = aparts->first;

	for (; apart; apart = next) {
		next = apart->next;
		drop(apart);
	}
}
