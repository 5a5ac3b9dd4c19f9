/*
 * svscanboot.c -- keep svscan running, and its errors in sight.
 *
 *     svscanboot ── svscan SCANDIR ── the services
 *              └─── readproctitle service errors: ....
 *
 * svscan and what it starts write to a pipe that readproctitle reads. Both
 * ends stay open here, so neither program sees the other one die. This process
 * reaps every orphan, as process 1 or as a subreaper, and never stops services
 * that a dead svscan left behind: the next svscan adopts them.
 *
 * Signals are blocked except during pselect(), so a handler only takes a note
 * and nothing is missed between looking and waiting. Nothing allocates.
 * Source: the 0.76 specification, 7.3 and row 45 of 11.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/self.h"
#include "base/strb.h"
#include "service/death.h"
#include "service/identity.h"
#include "service/scan_control.h"

#define SECOND_NS INT64_C(1000000000)
/* From one restart to the next; a first restart follows at once. */
#define RESTART_GAP_NS SECOND_NS
/* Until a new svscan can be trusted to catch the signals passed on to it. */
#define GRACE_NS (SECOND_NS / 5)
/* How long readproctitle may take to end after its input has ended. */
#define TITLE_END_NS SECOND_NS
/* svscan's exit codes from here on are failures; below it meant to end. */
#define FIRST_FAILURE EXIT_USAGE
#define TITLE_BYTES   400

enum note { NOTE_STOP, NOTE_SCAN, NOTE_CHILD, NOTE_COUNT };

/* A program that is started again whenever it ends. */
struct kept {
	char *const *argv;    /* borrowed */
	pid_t pid;            /* 0: not running */
	bool is_restart;      /* it ran before */
	int64_t started_ns;   /* CLOCK_MONOTONIC, the last start */
	int64_t start_due_ns; /* no start before this moment */
	int death_signal;     /* what ended it last; 0: nothing to tell */
	int fork_error;       /* errno of the starts that failed; 0: none */
};

struct boot {
	struct kept svscan;
	struct kept title;
	int read_fd;  /* of the pipe; owned, close-on-exec */
	int write_fd; /* likewise */
	/* The pipe of deaths, see death.h: svscan reads it too. Owned. */
	int deaths_read_fd, deaths_write_fd;
	char folder[PATH_MAX]; /* where this program is; "" when unknown */
	sigset_t caught;       /* the signals behind the notes */
	bool is_stopping;      /* the end of svscan will be ours */
	bool is_last_try;      /* of a svscan that is to stop the services */
	bool stop_pending;     /* a TERM to pass on */
	bool scan_pending;     /* a HUP to pass on */
	bool is_over;
	int exit_code; /* when is_over */
};

static volatile sig_atomic_t notes[NOTE_COUNT];

static void take_note(int signal_number)
{
	if (signal_number == SIGCHLD)
		notes[NOTE_CHILD] = 1;
	else if (signal_number == SIGHUP)
		notes[NOTE_SCAN] = 1;
	else
		notes[NOTE_STOP] = 1;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/*
 * Default action means nothing to process 1, so what is to work is caught. An
 * INT that was ignored stays so: that is how a shell script shields what it
 * starts in the background from the keyboard.
 */
static void catch_signals(struct boot *boot)
{
	static const int numbers[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT};
	struct sigaction action = {.sa_handler = take_note};
	struct sigaction old;

	sigemptyset(&boot->caught);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&boot->caught, numbers[i]);
	sigprocmask(SIG_BLOCK, &boot->caught, NULL);
	action.sa_mask = boot->caught;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sigaction(numbers[i], NULL, &old);
		if (numbers[i] != SIGINT || old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
}

/*
 * argv[0] comes first: it may name a link (/command/svscanboot) that an upgrade
 * turns to the new programs, which the next svscan should be of.
 */
static void find_folder(struct boot *boot, const char *called_as)
{
	struct strb folder = strb_on(boot->folder, sizeof(boot->folder));
	const char *slash = called_as ? strrchr(called_as, '/') : NULL;

	if (slash)
		strb_add_bytes(&folder, called_as, (size_t)(slash - called_as));
	if (slash && folder.len == 0)
		strb_add(&folder, "/.");
	if (folder.is_cut ||
	    (!slash && self_folder(boot->folder, sizeof(boot->folder)) == -1))
		boot->folder[0] = '\0';
}

/* Svscan alone is to inherit the read end, so it stays close-on-exec here. */
static int open_deaths(struct boot *boot)
{
	int fds[2];

	if (pipe(fds) == -1)
		return -1;
	boot->deaths_read_fd = fds[0];
	boot->deaths_write_fd = fds[1];
	for (int i = 0; i < 2; i++) {
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	}
	return 0;
}

/* In the child that becomes svscan. */
static void hand_deaths_down(const struct boot *boot)
{
	static char variable[sizeof(DEATH_VARIABLE) + 16];
	static char *environment[] = {NULL, variable, NULL};
	struct strb text = strb_on(variable, sizeof(variable));

	strb_add_format(&text, "%s=%d", DEATH_VARIABLE, boot->deaths_read_fd);
	fcntl(boot->deaths_read_fd, F_SETFD, 0);
	environment[0] = environ[0]; /* PATH, all there is */
	environ = environment;
}

/* 0, 1 and 2 on /dev/null, and the pipe; -1 with errno. */
static int open_descriptors(struct boot *boot)
{
	int pipe_fds[2], null_fd;

	if (fd_ensure_standard() == -1 || pipe(pipe_fds) == -1)
		return -1;
	boot->read_fd = pipe_fds[0];
	boot->write_fd = pipe_fds[1];
	if (fcntl(boot->read_fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(boot->write_fd, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	if (open_deaths(boot) == -1)
		return -1;
	null_fd = open("/dev/null", O_RDWR);
	if (null_fd == -1)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(null_fd, fd) == -1)
			return -1;
	}
	close(null_fd);
	return 0;
}

/*
 * Without a reader the pipe fills, and then a service that complains hangs.
 * Nobody sees the dropped bytes in any case: the newest 400 are shown.
 */
static void make_room(const struct boot *boot)
{
	struct pollfd room = {.fd = boot->write_fd, .events = POLLOUT};
	struct pollfd input = {.fd = boot->read_fd, .events = POLLIN};
	char dropped[PIPE_BUF];

	if (poll(&room, 1, 0) != 0)
		return;
	for (int count = 0; count < 64 && poll(&input, 1, 0) == 1; count++) {
		if (read(boot->read_fd, dropped, sizeof(dropped)) <= 0)
			break;
	}
}

/* In the child, whose standard error is the pipe: why there is a restart. */
static void announce(const struct kept *program)
{
	errno = program->fork_error;
	if (errno != 0)
		diag_warn_errno("unable to fork for %s", program->argv[0]);
	if (program->death_signal != 0)
		diag_warn("%s was killed by signal %d, starting it again",
			  program->argv[0], program->death_signal);
}

/* The child: first the program beside our own, then the one on PATH. */
static _Noreturn void become(const struct boot *boot,
			     const struct kept *program)
{
	bool is_title = program == &boot->title;
	char room[PATH_MAX];
	struct strb path = strb_on(room, sizeof(room));
	int result;

	/*
	 * A readproctitle that can't be run says so to nobody: its pipe has no
	 * reader then. Standard descriptors are /dev/null already.
	 */
	if (is_title)
		result = dup2(boot->read_fd, STDIN_FILENO);
	else if (dup2(boot->write_fd, STDOUT_FILENO) == -1)
		result = -1;
	else
		result = dup2(boot->write_fd, STDERR_FILENO);
	if (result == -1)
		_exit(EXIT_SYSTEM);
	announce(program);
	if (!is_title)
		hand_deaths_down(boot);
	/* The handlers are gone with exec; the mask would stay. */
	sigprocmask(SIG_UNBLOCK, &boot->caught, NULL);
	strb_add_format(&path, "%s/%s", boot->folder, program->argv[0]);
	if (boot->folder[0] != '\0' && !path.is_cut)
		execve(room, program->argv, environ);
	exec_search(program->argv, environ);
	diag_fatal_errno("unable to run %s", program->argv[0]);
	_exit(EXIT_SYSTEM);
}

static void start_if_due(struct boot *boot, struct kept *program)
{
	int64_t now = now_ns();
	pid_t pid;

	if (program->pid != 0 || now < program->start_due_ns)
		return;
	if (program == &boot->title && program->is_restart)
		make_room(boot);
	pid = fork();
	if (pid == 0)
		become(boot, program);
	program->start_due_ns = now;
	if (program->is_restart || pid == -1)
		program->start_due_ns += RESTART_GAP_NS;
	if (pid == -1) {
		program->fork_error = errno;
		return;
	}
	program->pid = pid;
	program->started_ns = now;
	program->is_restart = true;
	program->fork_error = 0;
}

/*
 * What svscan's end means: the end of all, or just another start. A svscan that
 * failed before it was told to stop, or was killed while stopping, can't have
 * ended the services: then another one may, once.
 */
static void judge_svscan(struct boot *boot, int status)
{
	int death = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	bool is_cut_off = boot->stop_pending || (death && death != SIGTERM);

	boot->svscan.death_signal = death;
	boot->exit_code = death ? 128 + death : WEXITSTATUS(status);
	if (boot->exit_code == EXIT_DETACHED && !boot->is_stopping) {
		/* Its services run on; with process 1 they would all end. */
		boot->is_over = getpid() != 1;
		boot->exit_code = 0;
		return;
	}
	if (boot->exit_code < FIRST_FAILURE) {
		boot->is_over = true;
	} else if (boot->is_stopping && is_cut_off && !boot->is_last_try) {
		boot->is_last_try = boot->stop_pending = true;
		boot->svscan.start_due_ns = 0;
	} else {
		boot->is_over = boot->is_stopping;
	}
}

/*
 * The next child that ended, reaped; 0 when there is none. It is looked at
 * before, while /proc still has its start time.
 */
static pid_t reap_one(int *status, int64_t *start_ticks)
{
	siginfo_t info = {0};

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
	    info.si_pid == 0)
		return 0;
	*start_ticks = identity_start_ticks(info.si_pid);
	return waitpid(info.si_pid, status, WNOHANG);
}

static void reap(struct boot *boot)
{
	int64_t start_ticks;
	int status;
	pid_t pid;

	while ((pid = reap_one(&status, &start_ticks)) > 0) {
		if (pid == boot->title.pid) {
			boot->title.pid = 0;
		} else if (pid == boot->svscan.pid) {
			boot->svscan.pid = 0;
			judge_svscan(boot, status);
		} else {
			const struct death death = {pid, start_ticks, status};

			death_tell(boot->deaths_write_fd, boot->deaths_read_fd,
				   &death);
		}
	}
}

static void read_notes(struct boot *boot)
{
	if (notes[NOTE_STOP]) {
		notes[NOTE_STOP] = 0;
		boot->is_stopping = boot->stop_pending = true;
		/* Only an svscan can stop what a dead one left running. */
		boot->svscan.start_due_ns = 0;
	}
	if (notes[NOTE_SCAN]) {
		notes[NOTE_SCAN] = 0;
		boot->scan_pending = true;
	}
	if (notes[NOTE_CHILD]) {
		notes[NOTE_CHILD] = 0;
		reap(boot);
	}
}

/* When svscan may be sent a signal, CLOCK_MONOTONIC. */
static int64_t signal_due_ns(const struct boot *boot)
{
	return boot->svscan.started_ns + GRACE_NS;
}

static void pass_signals_on(struct boot *boot)
{
	if (boot->svscan.pid == 0 || now_ns() < signal_due_ns(boot))
		return;
	if (boot->scan_pending)
		kill(boot->svscan.pid, SIGHUP);
	if (boot->stop_pending)
		kill(boot->svscan.pid, SIGTERM);
	boot->scan_pending = boot->stop_pending = false;
}

/* The next moment at which something is to be done without a signal. */
static int64_t next_due_ns(const struct boot *boot)
{
	int64_t due = INT64_MAX;

	if (boot->svscan.pid == 0)
		due = boot->svscan.start_due_ns;
	else if (boot->scan_pending || boot->stop_pending)
		due = signal_due_ns(boot);
	if (boot->title.pid == 0 && boot->title.start_due_ns < due)
		due = boot->title.start_due_ns;
	return due;
}

/* Until a signal was noted, or until `due_ns`; INT64_MAX: for ever. */
static void wait_until(int64_t due_ns)
{
	struct timespec span;
	sigset_t none;
	int64_t left = due_ns - now_ns();

	sigemptyset(&none);
	if (left < 0)
		left = 0;
	span.tv_sec = (time_t)(left / SECOND_NS);
	span.tv_nsec = (long)(left % SECOND_NS);
	pselect(0, NULL, NULL, NULL, due_ns == INT64_MAX ? NULL : &span, &none);
}

static void keep_running(struct boot *boot)
{
	while (!boot->is_over) {
		start_if_due(boot, &boot->title);
		start_if_due(boot, &boot->svscan);
		pass_signals_on(boot);
		wait_until(next_due_ns(boot));
		read_notes(boot);
	}
}

/*
 * readproctitle reads its end of input, unless something outlived svscan and
 * still writes; such a reader is left to it.
 */
static void end_title(struct boot *boot)
{
	int64_t limit = now_ns() + TITLE_END_NS;

	close(boot->write_fd);
	close(boot->read_fd);
	while (boot->title.pid != 0 && now_ns() < limit) {
		wait_until(limit);
		read_notes(boot);
	}
}

int main(int argc, char *argv[])
{
	static char path[] = "PATH=/command:/usr/local/bin:/usr/local/sbin:"
			     "/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";
	static char *environment[] = {path, NULL};
	static char dots[TITLE_BYTES + 1];
	static char scan_dir[] = HOLDFAST_SCANDIR;
	char *title_argv[] = {"readproctitle", "service", "errors:", dots,
			      NULL};
	char *svscan_argv[] = {"svscan", argc > 1 ? argv[1] : scan_dir, NULL};
	static struct boot boot;

	program_begin("svscanboot", argc, argv);
	diag_never_wait();
	if (argc > 2 || (argc > 1 && argv[1][0] == '-'))
		diag_usage(EXIT_USAGE, "[scandir]");
	/* It may come with a file system that is mounted later. */
	if (access(svscan_argv[1], X_OK) == -1)
		diag_warn_errno("unable to use %s, trying again every second",
				svscan_argv[1]);
	memset(dots, '.', TITLE_BYTES);
	boot.title.argv = title_argv;
	boot.svscan.argv = svscan_argv;
	environ = environment;
	find_folder(&boot, argv[0]);
	if (open_descriptors(&boot) == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to set up descriptors");
	catch_signals(&boot);
	self_adopt_orphans(); /* where it can't, orphans go to process 1 */
	keep_running(&boot);
	end_title(&boot);
	return boot.exit_code;
}
