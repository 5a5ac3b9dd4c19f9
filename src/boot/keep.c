/*
 * keep.c -- see boot.h: when something is started, and when all is over.
 *
 * Signals are blocked except during ppoll(), so a handler only takes a note
 * and nothing is missed between looking and waiting.
 */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/signame.h"
#include "base/span.h"
#include "boot/boot.h"
#include "service/death.h"
#include "service/identity.h"
#include "service/scan_control.h"

#define SECOND_NS INT64_C(1000000000)
/* Until a new svscan can be trusted to catch the signals passed on to it. */
#define GRACE_NS (SECOND_NS / 5)
/* How long readproctitle may take to end after its input has ended. */
#define TITLE_END_NS SECOND_NS

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

void boot_catch_signals(struct boot *boot)
{
	reactions_catch(&boot->reactions, !boot->is_container, &boot->caught);
}

/* The first, as it uses the services: they wait, but not for long. */
static void tell_command(struct boot *boot, int number)
{
	command_tell(&boot->command, number, now_ns() + boot->sweep.grace_ns);
}

/* In words, the first time; what is already ending has its reason. */
static void begin_end(struct boot *boot, const char *format, const char *what)
{
	struct strb reason;

	if (boot->ending_ns != 0)
		return;
	boot->ending_ns = now_ns();
	reason = strb_on(boot->reason, sizeof(boot->reason));
	strb_add_format(&reason, format, what);
	boot->is_stopping = true;
	tell_command(boot, SIGTERM);
	if (boot->is_container)
		sweep_begin(&boot->sweep, boot->ending_ns);
	readiness_notify(&boot->readiness, "STOPPING=1");
}

/* What svscan tells of the end. */
static void read_endings(struct boot *boot)
{
	struct ending news;

	if (boot->ending_read_fd == -1)
		return;
	while (ending_take(boot->ending_read_fd, &news)) {
		if (news.kind == ENDING_BEGINS && boot->ending_ns == 0)
			boot->is_of_service = news.text[0] != '\0';
		if (news.kind == ENDING_BEGINS)
			begin_end(boot, "%s",
				  news.text[0] ? news.text
					       : "svscan was told to stop");
		else if (news.kind == ENDING_OVER)
			boot->told_code = (int)news.number;
		sweep_note(&boot->sweep, &news);
	}
}

/* Services run on; with process 1 they would all end, so that goes on. */
static void detach_without_svscan(struct boot *boot)
{
	boot->is_over = getpid() != 1;
	boot->is_detaching = boot->detach_pending = false;
	boot->exit_code = 0;
}

/* It is the end of all; of a container, only when nothing is left. */
static void conclude(struct boot *boot)
{
	boot->is_over = true;
	if (!boot->is_container)
		return;
	begin_end(boot, "%s", "svscan has ended");
	sweep_is_down(&boot->sweep);
	boot->has_remains = true; /* until that has been looked for */
}

/* Another one may end what the last one left; the first comes at once. */
static void try_again(struct boot *boot)
{
	if (!boot->is_last_try)
		boot->svscan.start_due_ns = 0;
	boot->is_last_try = boot->stop_pending = true;
	sweep_forget(&boot->sweep);
}

/*
 * What svscan's end means: the end of all, or just another start. A svscan that
 * failed before it was told to stop, or was killed while stopping, can't have
 * ended the services: then another one may, once; in a container as often as it
 * takes, as there is a limit to all. What svscan has told counts more than how
 * it ended.
 */
static void judge_svscan(struct boot *boot, int status)
{
	int death = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	bool is_cut_off = boot->stop_pending || (death && death != SIGTERM);
	bool may_try = !boot->is_last_try || (boot->is_container && death);
	bool has_ended_all;

	read_endings(boot);
	boot->svscan.death_signal = death;
	boot->exit_code = death ? 128 + death : WEXITSTATUS(status);
	has_ended_all = !death && !scan_control_is_failure(boot->exit_code);
	if (boot->told_code != -1) {
		boot->exit_code = boot->told_code;
		conclude(boot);
	} else if (!boot->is_stopping &&
		   (boot->exit_code == EXIT_DETACHED || boot->is_detaching)) {
		detach_without_svscan(boot);
	} else if (boot->is_stopping && !has_ended_all && is_cut_off &&
		   may_try) {
		try_again(boot);
	} else if (boot->is_stopping || has_ended_all) {
		conclude(boot);
	}
}

/* What it couldn't start with is on standard error. */
static void end_with_command(struct boot *boot)
{
	int code = boot->command.exit_code;
	char what[64];
	struct strb text = strb_on(what, sizeof(what));

	strb_add_format(&text, "exit code %d", code);
	begin_end(boot, "the command ended with %s", what);
	boot->stop_pending = true;
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

	command_continue(&boot->command);
	while ((pid = reap_one(&status, &start_ticks)) > 0) {
		if (pid == boot->title.pid) {
			boot->title.pid = 0;
		} else if (pid == boot->svscan.pid) {
			boot->svscan.pid = 0;
			judge_svscan(boot, status);
		} else if (pid == boot->command.pid) {
			command_note_end(&boot->command, status);
			end_with_command(boot);
		} else {
			const struct death death = {pid, start_ticks, status};

			death_tell(boot->deaths_write_fd, boot->deaths_read_fd,
				   &death);
		}
	}
}

static void stop(struct boot *boot, int number)
{
	char name[SIGNAME_SIZE];

	if (number == SIGINT || number == SIGQUIT)
		tell_command(boot, number);
	begin_end(boot, "told to stop by %s", signame_of(number, name));
	boot->stop_pending = true;
	boot->is_detaching = boot->detach_pending = false;
	/* Only an svscan can stop what a dead one left running. */
	boot->svscan.start_due_ns = 0;
}

static void detach(struct boot *boot)
{
	if (!boot->is_stopping)
		boot->is_detaching = boot->detach_pending = true;
	if (boot->is_detaching && boot->svscan.pid == 0)
		detach_without_svscan(boot);
}

static void pass_to_service(struct boot *boot, const struct reaction *reaction)
{
	if (fork() == 0)
		boot_pass_signal(boot, reaction);
}

static void read_notes(struct boot *boot)
{
	int number;

	while ((number = signals_take()) != 0) {
		const struct reaction *reaction = &boot->reactions.all[number];

		switch (reaction->kind) {
		case REACTION_NONE:
		case REACTION_IGNORE: break;
		case REACTION_CHILD: reap(boot); break;
		case REACTION_STOP: stop(boot, number); break;
		case REACTION_SCAN: boot->scan_pending = true; break;
		case REACTION_DETACH: detach(boot); break;
		case REACTION_SERVICE: pass_to_service(boot, reaction); break;
		}
	}
}

/* When svscan may be sent a signal, CLOCK_MONOTONIC. */
static int64_t signal_due_ns(const struct boot *boot)
{
	return boot->svscan.started_ns + GRACE_NS;
}

/* False: svscan takes no commands, or not yet. */
static bool tell_to_detach(const struct boot *boot)
{
	bool is_told;

	signal(SIGPIPE, SIG_IGN);
	is_told = scan_control_send(boot->svscan.argv[1], SCAN_DETACH);
	signal(SIGPIPE, SIG_DFL);
	return is_told;
}

static void pass_signals_on(struct boot *boot)
{
	if (boot->svscan.pid == 0 || now_ns() < signal_due_ns(boot))
		return;
	if (boot->scan_pending)
		kill(boot->svscan.pid, SIGHUP);
	boot->scan_pending = false;
	if (boot->stop_pending &&
	    !command_is_awaited(&boot->command, now_ns())) {
		kill(boot->svscan.pid, SIGTERM);
		boot->stop_pending = false;
	}
	if (boot->detach_pending && tell_to_detach(boot))
		boot->detach_pending = false;
}

static int64_t stop_due_ns(const struct boot *boot)
{
	int64_t due = signal_due_ns(boot);
	bool is_awaited = boot->stop_pending && !boot->scan_pending &&
			  command_is_awaited(&boot->command, now_ns());

	return is_awaited && boot->command.patience_due_ns > due
		       ? boot->command.patience_due_ns
		       : due;
}

/* The next moment at which something is to be done without a signal. */
static int64_t next_due_ns(const struct boot *boot)
{
	int64_t due = INT64_MAX;

	if (boot->svscan.pid == 0)
		due = boot->svscan.start_due_ns;
	else if (boot->scan_pending || boot->stop_pending)
		due = stop_due_ns(boot);
	else if (boot->detach_pending)
		due = now_ns() + GRACE_NS;
	if (boot->is_container && sweep_due_ns(&boot->sweep) < due)
		due = sweep_due_ns(&boot->sweep);
	if (boot->title.argv && boot->title.pid == 0 &&
	    boot->title.start_due_ns < due)
		due = boot->title.start_due_ns;
	return due;
}

static void note_readiness(struct boot *boot)
{
	char byte;

	if (read(boot->ready_read_fd, &byte, 1) != 1)
		return;
	boot_close_ready(boot);
	readiness_notify(&boot->readiness, "READY=1");
	if (boot->ending_ns != 0)
		return;
	boot_start_command(boot);
	if (boot->command.was_started && boot->command.pid == 0)
		end_with_command(boot);
}

/* Until a signal was noted, svscan has something to say, or it is `due_ns`;
 * INT64_MAX: for ever. Not by pselect(2): a number may be any, as those that
 * this process was started with stay open. */
static void wait_until(struct boot *boot, int64_t due_ns)
{
	struct pollfd said[] = {
		{.fd = boot->ready_read_fd, .events = POLLIN},
		{.fd = boot->hold.door_fd, .events = POLLIN},
		{.fd = boot->ending_read_fd, .events = POLLIN},
	};
	struct timespec span;
	sigset_t none;
	int64_t left = due_ns - now_ns();

	sigemptyset(&none);
	if (left < 0)
		left = 0;
	span.tv_sec = (time_t)(left / SECOND_NS);
	span.tv_nsec = (long)(left % SECOND_NS);
	if (ppoll(said, sizeof(said) / sizeof(*said),
		  due_ns == INT64_MAX ? NULL : &span, &none) < 1)
		return;
	if (said[0].revents != 0)
		note_readiness(boot);
	if (said[1].revents != 0)
		hold_serve(&boot->hold);
	if (said[2].revents != 0)
		read_endings(boot);
}

/* Of a container that ends. */
static void sweep(struct boot *boot)
{
	/* Without services it is one like all that is left. */
	pid_t command_pid = boot->is_over ? 0 : boot->command.pid;
	const struct sweep_others others = {.svscan = boot->svscan.pid,
					    .command = command_pid};

	if (!boot->is_container || boot->ending_ns == 0)
		return;
	boot->has_remains = sweep_step(&boot->sweep, &others, now_ns());
	if (boot->sweep.is_all_killed)
		boot->is_over = true;
}

/* Nothing is left, and how the command ended is known, which may come later. */
static bool is_done(const struct boot *boot)
{
	return boot->is_over && !boot->has_remains &&
	       (boot->command.pid == 0 || boot->sweep.is_all_killed);
}

static void keep_running(struct boot *boot)
{
	while (!is_done(boot)) {
		boot_start_if_due(boot, &boot->title, now_ns());
		if (!boot->is_over)
			boot_start_if_due(boot, &boot->svscan, now_ns());
		pass_signals_on(boot);
		sweep(boot);
		if (is_done(boot))
			break;
		wait_until(boot, next_due_ns(boot));
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

	if (!boot->title.argv)
		return;
	close(boot->write_fd);
	close(boot->read_fd);
	while (boot->title.pid != 0 && now_ns() < limit) {
		wait_until(boot, limit);
		read_notes(boot);
	}
}

/* The last line of a container's output. */
static void tell_of_end(const struct boot *boot)
{
	char room[64];
	struct strb span = strb_on(room, sizeof(room));

	if (!boot->is_container || boot->ending_ns == 0)
		return;
	span_add(&span, now_ns() - boot->ending_ns);
	diag_print("svscanboot: %s, %s in %s", boot->reason,
		   sweep_has_cut_off(&boot->sweep) ? "what was left was killed"
						   : "all was stopped",
		   room);
}

int boot_run(struct boot *boot)
{
	keep_running(boot);
	end_title(boot);
	tell_of_end(boot);
	if (!boot->command.was_started || boot->is_of_service)
		return boot->exit_code;
	return boot->command.pid != 0 ? 128 + SIGKILL : boot->command.exit_code;
}
