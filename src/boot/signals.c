/* signals.c -- see signals.h. */
#include <stddef.h>
#include <string.h>

#include "base/signame.h"
#include "boot/signals.h"
#include "service/control.h"

/* RTMIN+3, as C libraries count but for musl, which has fewer: what systemd and
 * podman send to an init. */
#define STOP_OF_INIT 37

static volatile sig_atomic_t came[SIGNALS_END], has_come;

static void take_note(int number)
{
	came[number] = has_come = 1;
}

int signals_take(void)
{
	if (!has_come)
		return 0;
	has_come = 0;
	for (int number = 1; number < SIGNALS_END; number++) {
		if (came[number]) {
			came[number] = 0;
			has_come = 1; /* there may be more */
			return number;
		}
	}
	return 0;
}

static void set(struct reactions *reactions, int number,
		enum reaction_kind kind)
{
	reactions->all[number] = (struct reaction){.kind = kind};
}

void reactions_of_machine(struct reactions *reactions)
{
	*reactions = (struct reactions){0};
	set(reactions, SIGCHLD, REACTION_CHILD);
	set(reactions, SIGTERM, REACTION_STOP);
	set(reactions, SIGINT, REACTION_STOP);
	set(reactions, SIGHUP, REACTION_SCAN);
	set(reactions, SIGUSR1, REACTION_DETACH);
}

/* What is of the process itself, or can't be caught, is left to the system. */
static bool is_own(int number)
{
	static const int own[] = {
		SIGKILL, SIGSTOP, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
		SIGFPE,  SIGSEGV, SIGSYS,  SIGCONT, SIGTSTP, SIGTTIN,
		SIGTTOU, SIGURG,  SIGXCPU, SIGXFSZ,
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		if (own[i] == number)
			return true;
	}
	return false;
}

void reactions_of_container(struct reactions *reactions)
{
	*reactions = (struct reactions){0};
	for (int number = 1; number < SIGNALS_END; number++) {
		if (!is_own(number))
			set(reactions, number, REACTION_IGNORE);
	}
	set(reactions, SIGCHLD, REACTION_CHILD);
	set(reactions, SIGTERM, REACTION_STOP);
	set(reactions, SIGINT, REACTION_STOP);
	set(reactions, SIGQUIT, REACTION_STOP);
#ifdef SIGPWR
	set(reactions, SIGPWR, REACTION_STOP);
#endif
	set(reactions, STOP_OF_INIT, REACTION_STOP);
	set(reactions, SIGHUP, REACTION_SCAN);
}

/* 0: there is none. */
static char letter_of(int number)
{
	const struct control *row;

	for (unsigned i = 0; (row = control_row(i)); i++) {
		if (row->effect == CONTROL_SIGNAL &&
		    row->signal_number == number && !row->is_to_group)
			return row->letter;
	}
	return 0;
}

static const char *map_to_service(struct reaction *reaction, int number,
				  char *service)
{
	char *colon = strchr(service, ':');

	if (colon) {
		*colon = '\0';
		number = signame_parse(colon + 1);
	}
	if (service[0] == '\0' || service[0] == '.' || strchr(service, '/'))
		return "stop, scan, ignore or the name of a service is "
		       "expected";
	reaction->kind = REACTION_SERVICE;
	reaction->service = service;
	reaction->letter = letter_of(number);
	return reaction->letter != 0 ? NULL
				     : "no such signal can be sent to a "
				       "service; name one that svc(8) has";
}

const char *reactions_map(struct reactions *reactions, char *text)
{
	static const struct {
		const char *word;
		enum reaction_kind kind;
	} words[] = {
		{"stop", REACTION_STOP},
		{"scan", REACTION_SCAN},
		{"ignore", REACTION_IGNORE},
	};
	char *what = strchr(text, '=');
	int number;

	if (!what)
		return "SIGNAL=WHAT is expected";
	*what++ = '\0';
	number = signame_parse(text);
	if (number < 1 || number >= SIGNALS_END || is_own(number) ||
	    number == SIGCHLD)
		return "there is no such signal that can be caught";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(what, words[i].word) == 0) {
			set(reactions, number, words[i].kind);
			return NULL;
		}
	}
	return map_to_service(&reactions->all[number], number, what);
}

void reactions_catch(const struct reactions *reactions, bool keeps_ignored_int,
		     sigset_t *caught)
{
	struct sigaction action = {.sa_handler = take_note};
	struct sigaction old;

	sigemptyset(caught);
	for (int number = 1; number < SIGNALS_END; number++) {
		/* Some are the C library's own, or there are fewer. */
		if (reactions->all[number].kind != REACTION_NONE)
			(void)sigaddset(caught, number);
	}
	sigprocmask(SIG_BLOCK, caught, NULL);
	action.sa_mask = *caught;
	for (int number = 1; number < SIGNALS_END; number++) {
		if (sigismember(caught, number) != 1 ||
		    sigaction(number, NULL, &old) == -1 ||
		    (number == SIGINT && keeps_ignored_int &&
		     old.sa_handler == SIG_IGN))
			continue;
		sigaction(number, &action, NULL);
	}
}
