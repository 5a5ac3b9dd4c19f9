/*
 * killpoints.c -- kills a supervisor at any one system call of its choosing.
 *
 * The engine, and each child that it makes until that child has exec'd, stops
 * before and after every system call; each stop is a point, or, where only
 * effects are asked for, each that finds the world outside changed since the
 * last: a killed process leaves nothing else. At the point that
 * was asked for the engine gets SIGKILL, the child goes on by itself as it
 * would in life. This process is the parent of engines and of orphans: it reaps
 * them at once, and at the end of its input it ends whatever is left.
 *
 * Lines of input, words separated by blanks:
 *     trace N PROGRAM ARGUMENT...  starts the engine; N as below
 *     plain PROGRAM ARGUMENT...    starts a program that isn't watched
 *     arm N                        counts from now on, kills at the Nth point;
 *                                  0: counts only; -1: neither
 *     effects                      counts points with a change, from now on
 *     tell                         tells engines of how orphans end, from now
 *                                  on, as svscanboot does
 *     keep                         keeps what engines want kept, from now on,
 *                                  likewise
 *     count                        asks for the line "count"
 *     held                         asks for the line "held"
 * Lines of output:
 *     started PID
 *     count POINTS STATE           STATE: waiting (for events), busy, ended
 *     held COUNT                   so many descriptors are kept
 *     killed POINT NUMBER WHERE WHO  at system call NUMBER; WHERE: entry, exit,
 *                                  exec; WHO: engine, child
 *     ended PID STATUS             the engine, by itself; as wait(2) has it
 * Source: ptrace(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot/hold.h"
#include "service/death.h"

#define WORDS_MAX 16
#define INFO_SIZE 128
#define CALLS_MAX 16 /* threads and children at a time */

/* struct ptrace_syscall_info, as far as it is needed; libcs and kernel headers
 * disagree on who declares it. */
struct stop_info {
	uint8_t op; /* 1: entry, 2: exit */
	uint8_t pad[3];
	uint32_t arch;
	uint64_t instruction_pointer, stack_pointer;
	uint64_t number, args[6]; /* at entry */
	unsigned char room[INFO_SIZE];
};

static pid_t engine_pid;             /* 0: none */
static int deaths_fds[2] = {-1, -1}; /* see service/death.h; -1: not told */
static struct hold hold = {.door_fd = -1, .guest_fd = -1};
static long wanted = -1; /* the point to kill at; see above */
static long points;
static bool only_effects;
static bool is_waiting; /* the engine is in a wait for events */
static bool is_killed;
static char verdict[128]; /* said when the engine is dead */
/* The call that each of the engine's threads, or its child, is in. */
static struct {
	pid_t pid;
	struct stop_info info;
} calls[CALLS_MAX];
static sigset_t before;
static struct rlimit limit;

static void die(const char *what)
{
	perror(what);
	exit(111);
}

static void say(const char *line)
{
	size_t len = strlen(line);

	if (write(STDOUT_FILENO, line, len) != (ssize_t)len)
		exit(111);
}

/* ---- starting ---- */

static void hand_deaths_down(void)
{
	char number[16];

	if (deaths_fds[0] == -1)
		return;
	snprintf(number, sizeof(number), "%d", deaths_fds[0]);
	setenv(DEATH_VARIABLE, number, 1);
	fcntl(deaths_fds[0], F_SETFD, 0);
}

static void hand_door_down(void)
{
	char *entry = hold_hand_down(&hold);

	if (entry)
		putenv(entry);
}

static pid_t start(char *argv[], int go_fd)
{
	/* The engine goes over all that it may have inherited, one by one:
	 * thousands of points of a kind. It raises its limit by itself. */
	const struct rlimit few = {32, limit.rlim_max};
	pid_t pid;
	char go;

	hold_prepare(&hold);
	pid = fork();
	if (pid == -1)
		die("fork");
	if (pid != 0)
		return pid;
	sigprocmask(SIG_SETMASK, &before, NULL);
	dup2(STDERR_FILENO, STDOUT_FILENO); /* which is for the answers */
	setrlimit(RLIMIT_NOFILE, &few);
	hand_deaths_down();
	hand_door_down();
	/* Until the parent has seized this process. */
	if (go_fd != -1 && read(go_fd, &go, 1) == -1)
		_exit(111);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(111);
}

static void start_traced(char *argv[])
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACEEXEC;
	int go_fds[2];

	if (pipe(go_fds) == -1)
		die("pipe");
	engine_pid = start(argv, go_fds[0]);
	if (ptrace(PTRACE_SEIZE, engine_pid, NULL, (void *)options) == -1)
		die("ptrace");
	if (write(go_fds[1], "g", 1) != 1)
		die("write");
	close(go_fds[0]);
	close(go_fds[1]);
}

/* ---- the points ---- */

static bool waits_for_events(const struct stop_info *info)
{
	switch (info->number) {
#ifdef SYS_epoll_wait
	case SYS_epoll_wait:
#endif
	case SYS_epoll_pwait: return (int)info->args[3] != 0;
#ifdef SYS_poll
	case SYS_poll: return (int)info->args[2] != 0;
#endif
	case SYS_ppoll: return true;
	default: return false;
	}
}

/*
 * What can't be seen once the process is dead: looks, its own memory and
 * descriptors (locks go with them), its waits. A call that isn't known here
 * counts as one with an effect.
 */
static const int calls_without_effect[] = {
#ifdef SYS_stat
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
	SYS_epoll_wait,
	SYS_poll,
	SYS_dup2,
	SYS_arch_prctl,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
	SYS_fstat,
	SYS_statx,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_lseek,
	SYS_pread64,
	SYS_tee,
	SYS_flock,
	SYS_close,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	SYS_inotify_rm_watch,
	SYS_signalfd4,
	SYS_pidfd_open,
	SYS_fchdir,
	SYS_chdir,
	SYS_umask,
	SYS_getcwd,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_brk,
	SYS_madvise,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_sigaltstack,
	SYS_futex,
	SYS_set_tid_address,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getrandom,
	SYS_prlimit64,
	SYS_socket,
	SYS_setsockopt,
	SYS_getsockname,
	SYS_clock_gettime,
};

/* Before a call the world is as it was after the last one. */
static bool changes_world(const struct stop_info *call)
{
	size_t count =
		sizeof(calls_without_effect) / sizeof(calls_without_effect[0]);

	for (size_t i = 0; i < count; i++) {
		if (call->number == (uint64_t)calls_without_effect[i])
			return false;
	}
	if (call->number == SYS_fcntl)
		return call->args[1] == F_SETPIPE_SZ;
#ifdef SYS_open
	if (call->number == SYS_open)
		return (call->args[1] & (O_CREAT | O_TRUNC)) != 0;
#endif
	return call->number != SYS_openat ||
	       (call->args[2] & (O_CREAT | O_TRUNC)) != 0;
}

/* Counts one point; true when it was the one, and the engine is killed. */
static bool count_point(pid_t pid, uint64_t number, const char *where)
{
	if (wanted == -1 || is_killed)
		return is_killed;
	points++;
	if (wanted == 0 || points < wanted)
		return false;
	snprintf(verdict, sizeof(verdict), "killed %ld %llu %s %s\n", points,
		 (unsigned long long)number, where,
		 pid == engine_pid ? "engine" : "child");
	kill(engine_pid, SIGKILL);
	is_killed = true;
	return true;
}

/* Where there are more than fit, the last one is taken for the others. */
static struct stop_info *call_of(pid_t pid)
{
	int i = 0;

	while (i < CALLS_MAX - 1 && calls[i].pid != 0 && calls[i].pid != pid)
		i++;
	calls[i].pid = pid;
	return &calls[i].info;
}

static void forget_call(pid_t pid)
{
	for (int i = 0; i < CALLS_MAX; i++) {
		if (calls[i].pid != pid)
			continue;
		for (; i < CALLS_MAX - 1; i++)
			calls[i] = calls[i + 1];
		memset(&calls[i], 0, sizeof(calls[i]));
	}
}

static void on_call(pid_t pid)
{
	struct stop_info info;
	struct stop_info *call = call_of(pid);
	bool is_entry, is_point;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) ==
	    -1)
		return; /* killed this moment */
	is_entry = info.op == 1;
	if (is_entry)
		*call = info;
	if (pid == engine_pid)
		is_waiting = is_entry && waits_for_events(&info);
	is_point = !only_effects || points == 0 ||
		   (!is_entry && changes_world(call));
	if (is_point &&
	    count_point(pid, call->number, is_entry ? "entry" : "exit") &&
	    pid != engine_pid)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	else
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
}

/* Only the engine is watched beyond an exec, its own first one. */
static void on_exec(pid_t pid)
{
	if (pid == engine_pid) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		return;
	}
	count_point(pid, SYS_execve, "exec");
	forget_call(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void on_stop(pid_t pid, int status)
{
	int number = WSTOPSIG(status);
	int event = status >> 16;

	if (is_killed && pid != engine_pid) {
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	} else if (number == (SIGTRAP | 0x80)) {
		on_call(pid);
	} else if (event == PTRACE_EVENT_EXEC) {
		on_exec(pid);
	} else if (event == PTRACE_EVENT_STOP &&
		   (number == SIGSTOP || number == SIGTSTP)) {
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	} else {
		intptr_t pass_on = event == 0 ? number : 0;

		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)pass_on);
	}
}

static void on_engine_end(int status)
{
	char line[80];

	if (is_killed) {
		say(verdict);
	} else {
		snprintf(line, sizeof(line), "ended %d %d\n", (int)engine_pid,
			 status);
		say(line);
	}
	engine_pid = 0;
	is_waiting = false;
}

/* When it started, while there is still somebody to ask for it. */
static int64_t start_ticks_of(pid_t pid)
{
	char path[40], text[1024] = "";
	long long ticks = -1;
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	at = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		sscanf(at, "%lld", &ticks);
	fclose(file);
	return ticks;
}

/* The next child that has stopped or, then reaped, ended; 0: there is none. */
static pid_t take_child(int *status, struct death *death)
{
	siginfo_t info;

	info.si_pid = 0;
	if (waitid(P_ALL, 0, &info,
		   WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == -1 ||
	    info.si_pid == 0)
		return 0;
	death->pid = info.si_pid;
	if (deaths_fds[0] != -1)
		death->start_ticks = start_ticks_of(info.si_pid);
	/* Also an orphan that somebody stopped, or nobody behind it is met. */
	return waitpid(info.si_pid, status, __WALL | WNOHANG | WUNTRACED);
}

static void take_children(void)
{
	struct death death;
	int status;
	pid_t pid;

	while ((pid = take_child(&status, &death)) > 0) {
		death.status = status;
		if (!WIFSTOPPED(status))
			forget_call(pid);
		if (WIFSTOPPED(status))
			on_stop(pid, status);
		else if (pid == engine_pid)
			on_engine_end(status);
		else if (deaths_fds[0] != -1)
			death_tell(deaths_fds[1], deaths_fds[0], &death);
	}
}

/* ---- commands ---- */

static void arm(const char *number)
{
	wanted = atol(number);
	points = 0;
}

static void tell_count(void)
{
	char line[80];

	snprintf(line, sizeof(line), "count %ld %s\n", points,
		 engine_pid == 0 ? "ended"
		 : is_waiting    ? "waiting"
				 : "busy");
	say(line);
}

static void obey(char *words[], int count)
{
	char line[40];
	pid_t pid;

	if (count >= 3 && strcmp(words[0], "trace") == 0) {
		arm(words[1]);
		is_killed = false;
		start_traced(words + 2);
		pid = engine_pid;
	} else if (count >= 2 && strcmp(words[0], "plain") == 0) {
		pid = start(words + 1, -1);
	} else if (count == 2 && strcmp(words[0], "arm") == 0) {
		arm(words[1]);
		return;
	} else if (count == 1 && strcmp(words[0], "effects") == 0) {
		only_effects = true;
		return;
	} else if (count == 1 && strcmp(words[0], "tell") == 0) {
		if (pipe2(deaths_fds, O_CLOEXEC | O_NONBLOCK) == -1)
			die("pipe");
		return;
	} else if (count == 1 && strcmp(words[0], "keep") == 0) {
		hold_open(&hold);
		if (hold.door_fd == -1)
			die("door");
		return;
	} else if (count == 1 && strcmp(words[0], "held") == 0) {
		hold_serve(&hold);
		snprintf(line, sizeof(line), "held %u\n", hold.count);
		say(line);
		return;
	} else if (count == 1 && strcmp(words[0], "count") == 0) {
		tell_count();
		return;
	} else {
		fprintf(stderr, "killpoints: what is %s?\n", words[0]);
		exit(100);
	}
	snprintf(line, sizeof(line), "started %d\n", (int)pid);
	say(line);
}

static void split_and_obey(char *line)
{
	char *words[WORDS_MAX + 1];
	int count = 0;

	for (char *word = strtok(line, " "); word && count < WORDS_MAX;
	     word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	if (count > 0)
		obey(words, count);
}

/* False at the end of input. */
static bool take_commands(void)
{
	static char room[8192];
	static size_t len;
	ssize_t got = read(STDIN_FILENO, room + len, sizeof(room) - 1 - len);
	char *end;

	if (got <= 0)
		return false;
	len += (size_t)got;
	room[len] = '\0';
	while ((end = strchr(room, '\n'))) {
		*end = '\0';
		split_and_obey(room);
		len -= (size_t)(end + 1 - room);
		memmove(room, end + 1, len + 1);
	}
	return true;
}

/* ---- the end ---- */

/* Kills the children; theirs come to this process, and the next round. */
static bool kill_children(void)
{
	FILE *list;
	char path[64];
	int pid;
	bool is_any = false;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children",
		 (int)getpid());
	list = fopen(path, "r");
	if (!list)
		die(path);
	while (fscanf(list, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		is_any = true;
	}
	fclose(list);
	return is_any;
}

int main(void)
{
	struct pollfd inputs[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
				   {.events = POLLIN},
				   {.events = POLLIN}};
	struct signalfd_siginfo unused;
	sigset_t child;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	getrlimit(RLIMIT_NOFILE, &limit);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	inputs[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	while (inputs[2].fd = hold.door_fd,
	       poll(inputs, 3, -1) != -1 || errno == EINTR) {
		if (inputs[2].revents)
			hold_serve(&hold);
		if (inputs[1].revents &&
		    read(inputs[1].fd, &unused, sizeof(unused)) > 0)
			take_children();
		if (inputs[0].revents && !take_commands())
			break;
	}
	while (kill_children()) {
		take_children();
		poll(&inputs[1], 1, 2);
	}
	return 0;
}
