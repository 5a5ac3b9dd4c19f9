/*
 * try.c -- see try.h.
 *
 * A service directory of its own, in a place for temporary files, and supervise
 * on it. Its lock shows that somebody is here; what has none was left behind by
 * a kill -9, and is removed by the next. Should this program be killed, the
 * system tells supervise, which ends the command in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/exec.h"
#include "base/names.h"
#include "base/options.h"
#include "base/self.h"
#include "base/strb.h"
#include "client/commands.h"
#include "client/watch.h"
#include "cmd/sv/command.h"
#include "cmd/sv/tools.h"
#include "cmd/sv/try.h"
#include "loop/loop.h"
#include "make/plan.h"
#include "make/tree.h"
#include "view/event.h"

#define PREFIX       "holdfast-try."
#define SERVICE      "service"
#define KILL_MS      "10000" /* what a command may take to end */
#define TRIES        20
#define SIGNAL_LEAST 128 /* added to a signal, as shells do */

struct trial {
	struct plan plan;
	char cwd[PATH_MAX], folder[PATH_MAX];
	char path[PATH_MAX]; /* of the temporary directory */
	char service[PATH_MAX];
	int lock_fd, dir_fd; /* owned: the former holds the lock */
	struct loop *loop;
	struct loop_process supervisor;
	struct watch watch;
	struct look before;
	bool is_ending; /* somebody said so, or it won't start again */
	int code;
};

/* ---- a place ---- */

/* Whether files there may be executed. */
static bool is_usable(const char *base)
{
#ifdef ST_NOEXEC
	struct statvfs about;

	if (statvfs(base, &about) == -1 || (about.f_flag & ST_NOEXEC) != 0)
		return false;
#endif
	return access(base, W_OK | X_OK) == 0;
}

static const char *find_base(void)
{
	const char *names[] = {getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] && names[i][0] == '/' && is_usable(names[i]))
			return names[i];
	}
	return "/tmp";
}

/* Whatever is left of it is told to end; nobody waits for it, as what uses the
 * directory keeps it open. */
static void remove_left(int base_fd, int dir_fd, const char *name)
{
	int service_fd =
		openat(dir_fd, SERVICE,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int64_t patience_ns = COMMANDS_PATIENCE_NS;
	int control_fd = service_fd == -1 ? -1 : commands_open(service_fd);

	if (control_fd != -1) {
		commands_write(control_fd, "dx", 2);
		commands_close(control_fd, &patience_ns);
	}
	if (service_fd != -1)
		close(service_fd);
	tree_remove(base_fd, name);
}

static void take_name(void *owner, const char *name, enum names_kind kind)
{
	const int *base_fd = owner;
	struct stat status;
	int fd;

	(void)kind;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return;
	fd = openat(*base_fd, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_left(*base_fd, fd, name);
	close(fd);
}

static void clean_up(const char *base)
{
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	names_each(fd, take_name, &fd);
	close(fd);
}

/* Makes the directory, and locks it; another one that cleans up may have been
 * quicker with the lock. 0, or -1 with errno. */
static int make_place(struct trial *trial, const char *base)
{
	for (int i = 0; i < TRIES; i++) {
		struct strb path = strb_on(trial->path, sizeof(trial->path));
		struct stat held, named;

		strb_add_format(&path, "%s/" PREFIX "XXXXXX", base);
		errno = ENAMETOOLONG;
		if (path.is_cut || !mkdtemp(trial->path))
			return -1;
		trial->lock_fd =
			open(trial->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (trial->lock_fd != -1 &&
		    flock(trial->lock_fd, LOCK_EX | LOCK_NB) == 0 &&
		    fstat(trial->lock_fd, &held) == 0 &&
		    stat(trial->path, &named) == 0 &&
		    held.st_ino == named.st_ino)
			return 0;
		if (trial->lock_fd != -1)
			close(trial->lock_fd);
		trial->lock_fd = -1;
	}
	errno = EAGAIN;
	return -1;
}

/* 0, or -1 after saying why not. */
static int make_service(struct trial *trial)
{
	struct sketch sketch = {.entries = NULL};
	struct problem problem;
	struct strb service = strb_on(trial->service, sizeof(trial->service));
	const char *base = find_base();
	int result = -1;

	clean_up(base);
	plan_draw(&trial->plan, &sketch);
	if (make_place(trial, base) == -1) {
		problem_note(&problem, "make a service in", "%s", base);
		goto out;
	}
	if (sketch_make(&sketch, trial->lock_fd, trial->path, SERVICE,
			&problem) == -1)
		goto out;
	strb_add_format(&service, "%s/" SERVICE, trial->path);
	trial->dir_fd =
		open(trial->service, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (trial->dir_fd != -1)
		result = 0;
	else
		problem_note(&problem, "open", "%s", trial->service);
out:
	if (result == -1)
		problem_fatal(&problem);
	sketch_free(&sketch);
	return result;
}

static void end_place(struct trial *trial)
{
	if (trial->dir_fd != -1)
		close(trial->dir_fd);
	/* With the lock, so that nobody else removes it as well. */
	if (trial->lock_fd != -1) {
		tree_remove(AT_FDCWD, trial->path);
		close(trial->lock_fd);
	}
}

/* ---- supervise ---- */

/* The programs that run needs are where this one is. */
static void extend_path(const char *folder)
{
	char room[PATH_MAX + 4096];
	struct strb text = strb_on(room, sizeof(room));
	const char *path = getenv("PATH");

	if (path)
		strb_add_format(&text, "%s:", path);
	strb_add(&text, folder);
	if (!text.is_cut)
		setenv("PATH", room, 1);
}

static _Noreturn void become_supervise(struct trial *trial, pid_t parent_pid)
{
	char folder[PATH_MAX], program[PATH_MAX] = "supervise";
	char *argv[] = {program, trial->service, NULL};
	struct strb text = strb_on(program, sizeof(program));
	sigset_t none;
	int null_fd;

	/* Keys of the terminal are for sv, which says when it is over. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	self_end_with(parent_pid, SIGTERM);
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd != -1)
		dup2(null_fd, STDIN_FILENO);
	if (self_folder(folder, sizeof(folder)) == 0) {
		extend_path(folder);
		strb_add_format(&text, "%s/", folder);
	}
	strb_add(&text, "supervise");
	exec_search(argv, environ);
	diag_fatal_errno("unable to run %s", program);
	_exit(EXIT_SYSTEM);
}

static void on_end(struct loop_process *process, struct process_end end)
{
	struct trial *trial = process->owner;

	process->pid = 0;
	if (!trial->is_ending) {
		trial->code = EXIT_SYSTEM;
		if (end.signal_number != 0)
			diag_fatal("supervise was killed");
	}
	loop_stop(trial->loop);
}

static int start(struct trial *trial)
{
	pid_t parent_pid = getpid(), pid = fork();

	if (pid == 0)
		become_supervise(trial, parent_pid);
	if (pid == -1)
		return -1;
	trial->supervisor.pid = pid;
	trial->supervisor.is_child = true;
	trial->supervisor.on_exit = on_end;
	trial->supervisor.owner = trial;
	if (loop_process_add(trial->loop, &trial->supervisor, -1) == 0)
		return 0;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return -1;
}

/* ---- what happens ---- */

/* The second time it is meant. */
static void end_trial(struct trial *trial)
{
	int64_t patience_ns = 0;
	int control_fd;

	if (!trial->is_ending) {
		trial->is_ending = true;
		loop_process_signal(&trial->supervisor, SIGTERM);
		return;
	}
	control_fd = commands_open(trial->dir_fd);
	if (control_fd == -1)
		return;
	commands_write(control_fd, "k", 1);
	commands_close(control_fd, &patience_ns);
}

static void on_signal(void *owner, int number)
{
	(void)number;
	end_trial(owner);
}

static int code_of(const struct state *state)
{
	if (strcmp(state->last_end, "signal") == 0)
		return SIGNAL_LEAST + (int)state->last_number;
	return (int)state->last_number;
}

static void on_change(struct watch *watch)
{
	struct trial *trial = watch->owner;
	struct event events[EVENT_MOST];
	struct look now;
	size_t count;

	watch_look(watch, &now);
	count = event_compare(&trial->before, &now, events);
	for (size_t i = 0; i < count; i++) {
		char room[256];
		struct strb text = strb_on(room, sizeof(room));

		if (events[i].kind == HAPPENED_SUPERVISED ||
		    events[i].kind == HAPPENED_UNSUPERVISED)
			continue;
		event_describe(&events[i], &text);
		diag_print("sv: %s", room);
	}
	trial->before = now;
	if (!trial->is_ending && now.has_state &&
	    strcmp(now.state.phase, "down") == 0 && now.state.deaths > 0) {
		trial->code = code_of(&now.state);
		end_trial(trial);
	}
}

/* 0, or -1 with errno. */
static int run(struct trial *trial)
{
	int result = -1;

	trial->loop = loop_new();
	if (!trial->loop || loop_on_signal(trial->loop, on_signal, trial) == -1)
		return -1;
	trial->watch = (struct watch){.loop = trial->loop,
				      .path = trial->service,
				      .dir_fd = trial->dir_fd,
				      .on_change = on_change,
				      .owner = trial};
	/* Subscribed, and looked at, before anything can happen. */
	watch_look(&trial->watch, &trial->before);
	if (start(trial) == 0)
		result = loop_run(trial->loop);
	if (result == 0)
		on_change(&trial->watch);
	watch_end(&trial->watch);
	loop_free(trial->loop);
	return result;
}

/* ---- the command ---- */

int try_command(const char *scan_dir, int argc, char *argv[])
{
	static const struct option words[] = {
		{"restart", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	static struct trial trial; /* large */
	int letter;

	(void)scan_dir;
	trial.lock_fd = trial.dir_fd = -1;
	while ((letter = options_next_long(argc, argv, "+:", words)) != -1) {
		if (letter != 'r')
			return COMMAND_MISUSED;
		trial.plan.restart = optarg;
	}
	if (!argv[optind] || argv[optind][0] == '\0' || argv[optind][0] == '-')
		return COMMAND_MISUSED;
	for (char **word = argv + optind; *word; word++)
		list_add(&trial.plan.command, *word);
	/* Always: what it is called by in run, nobody reads. */
	trial.plan.folder = tools_folder(trial.folder);
	trial.plan.cwd = getcwd(trial.cwd, sizeof(trial.cwd));
	trial.plan.timeout_kill = KILL_MS;
	if (make_service(&trial) == -1) {
		trial.code = EXIT_SYSTEM;
	} else if (run(&trial) == -1) {
		diag_fatal_errno("unable to supervise %s", argv[optind]);
		trial.code = EXIT_SYSTEM;
	}
	end_place(&trial);
	plan_free(&trial.plan);
	return trial.code;
}
