/* entry.c -- see entry.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "engine/entry.h"
#include "engine/keeper.h"
#include "engine/recall.h"
#include "engine/shelter.h"
#include "engine/takeover.h"
#include "service/supervise_dir.h"

/* How long a directory may be without a run script before it is supervised
 * all the same, as 0.76 does: somebody may still be making it. */
#define PATIENCE_NS INT64_C(5000000000)
/* Between letting a directory go and taking it over again. */
#define RETURN_NS INT64_C(1000000000)

#define ENTRY_DESCRIPTORS  (1 + SERVICE_DESCRIPTORS)
#define LOGGER_DESCRIPTORS (2 + SERVICE_DESCRIPTORS)

/*
 * An inline logger, daemontools-encore's executable file "log", runs in the
 * directory of its service; its own supervise/ is in supervise/log there.
 */
#define INLINE_DIR "supervise/log"

enum logger_kind { LOGGER_NONE, LOGGER_DIRECTORY, LOGGER_INLINE };

struct logger {
	struct service service;
	enum logger_kind kind;
	char *name;       /* owned: "NAME/log" */
	int dir_fd;       /* owned */
	int pipe_fd;      /* owned: both ends of the service's supervise/pipe */
	bool is_ended;    /* pipe_fd is a read end only */
	struct kept pipe; /* a read end of that */
	struct problem_said said;
};

/*
 * Says it, with errno's reason, unless it was the last thing said. Returns
 * false, for the caller to pass on.
 */
static bool complain(struct problem_said *said, const char *what,
		     const char *name, const char *file)
{
	struct problem problem;

	problem_note(&problem, what, "%s%s%s", name, *file ? "/" : "", file);
	problem_warn_once(said, &problem);
	return false;
}

/* ---- descriptors ---- */

static bool take_descriptors(struct entry_context *context, unsigned count)
{
	if (context->descriptors_left < count) {
		errno = EMFILE;
		return false;
	}
	context->descriptors_left -= count;
	return true;
}

static void give_descriptors(struct entry_context *context, unsigned count)
{
	context->descriptors_left += count;
}

/* ---- making and freeing ---- */

static void on_service_gone(struct service *service)
{
	struct entry *entry = service->owner;

	entry->host_due_ns = loop_now_ns() + RETURN_NS;
	entry->on_gone(entry);
}

static void on_service_giving_up(struct service *service, const char *why,
				 int exit_code)
{
	struct entry *entry = service->owner;

	entry->on_giving_up(entry, service->site.name, why, exit_code);
}

static void on_change(struct loop_directory *changes,
		      enum directory_change change, const char *name);

static void renew_pipe(struct service *service);

static int open_directory(struct entry *entry, const struct stat *status)
{
	struct stat opened;

	entry->dir_fd = openat(AT_FDCWD, entry->name,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (entry->dir_fd == -1 || fstat(entry->dir_fd, &opened) == -1)
		return -1;
	if (opened.st_dev == status->st_dev && opened.st_ino == status->st_ino)
		return 0;
	errno = EAGAIN; /* replaced this moment: the next scan sees which */
	return -1;
}

static struct service *logger_of(struct service *service)
{
	struct entry *entry = service->owner;

	return entry->logger ? &entry->logger->service : NULL;
}

static const struct service_owner service_calls = {
	renew_pipe, logger_of, on_service_giving_up, on_service_gone};
static const struct service_owner logger_calls = {
	NULL, NULL, on_service_giving_up, on_service_gone};

static void prepare_service(const struct entry_context *context,
			    struct entry *entry, struct service *service,
			    const struct service_owner *calls)
{
	service->site.loop = context->loop;
	service->site.spawner = context->spawner;
	service->site.keeper = context->keeper;
	service->site.input_dir_fd = -1;
	service->starter = context->starter;
	service->obituaries = context->obituaries;
	service->calls = calls;
	service->owner = entry;
}

static int state_fd_of(const struct entry *entry)
{
	return entry->service.site.state_fd;
}

/* Without it, the scanner looks now and then. */
static void watch_directory(const struct entry_context *context,
			    struct entry *entry)
{
	loop_directory_add_at(context->loop, &entry->changes, entry->dir_fd,
			      ".", entry->name);
	entry->service.site.is_watched = entry->changes.is_added;
}

struct entry *entry_new(struct entry_context *context, const char *name,
			const struct stat *status)
{
	struct entry *entry;
	int error;

	if (!take_descriptors(context, ENTRY_DESCRIPTORS))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		goto out;
	entry->dir_fd = -1;
	entry->device = status->st_dev;
	entry->inode = status->st_ino;
	entry->first_seen_ns = loop_now_ns();
	entry->must_look = true;
	entry->name = strdup(name);
	if (!entry->name || open_directory(entry, status) == -1)
		goto out;
	prepare_service(context, entry, &entry->service, &service_calls);
	entry->service.site.name = entry->name;
	shelter_begin(&entry->service.site, entry->dir_fd, entry->dir_fd);
	entry->service.site.is_main =
		context->mains && mains_has(context->mains, name);
	/* Its logger may start, for what is in the pipe. */
	entry->service.is_closing = context->is_closing;
	entry->changes.on_change = on_change;
	entry->changes.owner = entry;
	watch_directory(context, entry);
	return entry;
out:
	error = errno;
	if (entry) {
		if (entry->dir_fd != -1)
			close(entry->dir_fd);
		free(entry->name);
		free(entry);
	}
	give_descriptors(context, ENTRY_DESCRIPTORS);
	errno = error;
	return NULL;
}

static void free_logger(struct entry_context *context, struct logger *logger)
{
	if (!logger)
		return;
	service_forget(&logger->service);
	shelter_leave(&logger->service.site);
	if (logger->dir_fd != -1)
		close(logger->dir_fd);
	if (logger->pipe_fd != -1)
		close(logger->pipe_fd);
	keeper_drop(&logger->pipe);
	free(logger->name);
	free(logger);
	give_descriptors(context, LOGGER_DESCRIPTORS);
}

void entry_free(struct entry_context *context, struct entry *entry)
{
	free_logger(context, entry->logger);
	depend_forget(entry);
	service_forget(&entry->service);
	loop_directory_remove(context->loop, &entry->changes);
	shelter_leave(&entry->service.site);
	close(entry->dir_fd);
	free(entry->name);
	free(entry);
	give_descriptors(context, ENTRY_DESCRIPTORS);
}

static char *logger_name(const char *name)
{
	size_t size = strlen(name) + sizeof("/log");
	char *text = malloc(size);

	if (text) {
		struct strb made = strb_on(text, size);

		strb_add(&made, name);
		strb_add(&made, "/log");
	}
	return text;
}

int entry_rename(struct entry *entry, const char *name)
{
	char *copy = strdup(name);
	char *log_copy = entry->logger ? logger_name(name) : NULL;

	if (!copy || (entry->logger && !log_copy)) {
		free(copy);
		free(log_copy);
		return -1;
	}
	depend_forget(entry);
	entry->must_look_for_names = true;
	free(entry->name);
	entry->name = copy;
	entry->service.site.name = copy;
	if (entry->logger) {
		free(entry->logger->name);
		entry->logger->name = log_copy;
		entry->logger->service.site.name = log_copy;
	}
	return 0;
}

/* ---- the logger ---- */

/*
 * The service writes to the pipe, and can't read it. So that it is never
 * without a reader, somebody keeps one who lives on without us.
 */
static void keep_pipe(struct entry *entry)
{
	struct logger *logger = entry->logger;
	int fd;

	entry->service.site.output = &logger->pipe;
	if (logger->pipe.keeper || !keeper_is_there(entry->service.site.keeper))
		return;
	fd = openat(state_fd_of(entry), SUPERVISE_PIPE,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1)
		keeper_keep(entry->service.site.keeper, &logger->pipe, fd,
			    true);
}

static int make_pipe(struct entry *entry)
{
	int fd;

	shelter_make(&entry->service.site);
	fd = supervise_dir_open_fifo(state_fd_of(entry), SUPERVISE_PIPE, 0600);
	if (fd != -1 || !shelter_take(&entry->service.site, errno))
		return fd;
	return supervise_dir_open_fifo(state_fd_of(entry), SUPERVISE_PIPE,
				       0600);
}

/*
 * Opened once the service or the logger is ours: held open by one that hosts
 * neither, the pipe would never end for the logger of another.
 */
static int open_pipe(struct entry *entry)
{
	struct logger *logger = entry->logger;

	if (!logger || logger->pipe_fd != -1)
		return 0;
	logger->pipe_fd = make_pipe(entry);
	if (logger->pipe_fd == -1)
		return -1;
	logger->service.site.input_dir_fd = state_fd_of(entry);
	keep_pipe(entry);
	return 0;
}

/*
 * Somebody took the pipe away: the service gets a new one. Its logger meets the
 * end of the old one when it has read all there is, and is started again.
 */
static void renew_pipe(struct service *service)
{
	struct entry *entry = service->owner;
	struct logger *logger = entry->logger;
	int held_fd;

	if (!logger || logger->pipe_fd == -1 || logger->is_ended)
		return;
	held_fd = logger->pipe_fd;
	logger->pipe_fd = supervise_dir_renew_fifo(
		state_fd_of(entry), SUPERVISE_PIPE, 0600, held_fd);
	if (logger->pipe_fd != held_fd)
		keeper_drop(&logger->pipe);
	keep_pipe(entry);
}

/* Made where there is none, also where something else has the name. */
static int make_inline_directory(int dir_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
	int fd;

	mkdirat(dir_fd, INLINE_DIR, 0700);
	fd = openat(dir_fd, INLINE_DIR, flags);
	if (fd != -1 || (errno != ENOTDIR && errno != ELOOP) ||
	    unlinkat(dir_fd, INLINE_DIR, 0) == -1 ||
	    mkdirat(dir_fd, INLINE_DIR, 0700) == -1)
		return fd;
	return openat(dir_fd, INLINE_DIR, flags);
}

static int open_inline_directory(struct entry *entry)
{
	struct site *site = &entry->service.site;
	int fd;

	shelter_make(site);
	fd = make_inline_directory(site->state_fd);
	if (fd != -1 || !shelter_take(site, errno))
		return fd;
	return make_inline_directory(site->state_fd);
}

static int open_logger_directory(struct entry *entry, enum logger_kind kind)
{
	if (kind == LOGGER_INLINE)
		return open_inline_directory(entry);
	return openat(entry->dir_fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct logger *logger_new(struct entry_context *context,
				 struct entry *entry, enum logger_kind kind)
{
	struct logger *logger;
	int error;

	if (!take_descriptors(context, LOGGER_DESCRIPTORS))
		return NULL;
	logger = calloc(1, sizeof(*logger));
	if (!logger) {
		give_descriptors(context, LOGGER_DESCRIPTORS);
		return NULL;
	}
	prepare_service(context, entry, &logger->service, &logger_calls);
	logger->service.site.lock_fd = logger->dir_fd = logger->pipe_fd = -1;
	logger->name = logger_name(entry->name);
	if (!logger->name)
		goto out;
	logger->kind = kind;
	logger->dir_fd = open_logger_directory(entry, kind);
	if (logger->dir_fd == -1)
		goto out;
	logger->service.site.name = logger->name;
	shelter_begin(&logger->service.site, logger->dir_fd,
		      kind == LOGGER_INLINE ? entry->dir_fd : logger->dir_fd);
	logger->service.site.input_dir_fd = state_fd_of(entry);
	logger->service.site.is_inline = kind == LOGGER_INLINE;
	return logger;
out:
	error = errno;
	free_logger(context, logger);
	errno = error;
	return NULL;
}

/* What "log" is. 0, or -1 with errno when it can't be told. */
static int look_for_logger(struct entry *entry, enum logger_kind *kind)
{
	struct stat status;

	*kind = LOGGER_NONE;
	if (fstatat(entry->dir_fd, "log", &status, 0) == -1)
		return errno == ENOENT ? 0 : -1;
	if (S_ISDIR(status.st_mode)) {
		*kind = LOGGER_DIRECTORY;
	} else if (S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0) {
		*kind = LOGGER_INLINE;
	} else {
		errno = ENOTDIR;
		complain(&entry->said_of_log, "log to", entry->name, "log");
	}
	return 0;
}

/* The logger is found when the directory changed, and kept once found. */
static bool find_logger(struct entry_context *context, struct entry *entry)
{
	enum logger_kind kind;

	if (entry->logger || (!entry->must_look && entry->changes.is_added))
		return true;
	if (look_for_logger(entry, &kind) == -1)
		return complain(&entry->said, "stat", entry->name, "log");
	if (kind == LOGGER_NONE)
		return true;
	entry->logger = logger_new(context, entry, kind);
	if (!entry->logger)
		return complain(&entry->said, "create pipe for", entry->name,
				"");
	entry->service.site.has_output_pipe = true;
	return true;
}

/* ---- hosting ---- */

/* Also true where that can't be told: what it means, the start will say. */
static bool may_have(const struct entry *entry, const char *name)
{
	struct stat status;

	return fstatat(entry->dir_fd, name, &status, 0) == 0 || errno != ENOENT;
}

/* Somebody may still be making it. */
static bool is_unfinished(const struct entry *entry)
{
	return loop_now_ns() < entry->first_seen_ns + PATIENCE_NS &&
	       !may_have(entry, "start") && !may_have(entry, "type");
}

/* Reads the names of others, if that has to be done. */
static bool look_for_names(struct entry_context *context, struct entry *entry)
{
	return !context->depend || !depend_must_look(entry) ||
	       depend_look(context->depend, entry);
}

/* The same while it runs. With none it waits for nobody any more. */
static bool renew_names(struct entry_context *context, struct entry *entry)
{
	if (!context->depend || !depend_must_look(entry))
		return true;
	if (!depend_look(context->depend, entry))
		return false;
	if (!entry->service.place)
		service_release(&entry->service);
	return true;
}

/* All that the first step of a service depends on. */
static bool prepare_begin(struct entry_context *context, struct entry *entry,
			  const struct service *service)
{
	bool is_well = true;

	if (open_pipe(entry) == -1)
		return complain(&entry->said, "create pipe for", entry->name,
				"");
	if (service == &entry->service) {
		entry->is_beginning = true;
		is_well = look_for_names(context, entry);
		entry->is_beginning = false;
	}
	return is_well;
}

static bool host_service(struct entry_context *context, struct entry *entry,
			 struct service *service, struct problem_said *said)
{
	struct problem problem;

	if (service->site.is_hosted)
		return true;
	/* Of what has no name, only what somebody was killed over: the other
	 * of the two was told to leave. */
	if (entry->is_awaited &&
	    !recall_was_hosted(service->site.state_fd,
			       &service->site.spawner->eras))
		return true;
	if (loop_now_ns() < entry->host_due_ns)
		return false;
	if (shelter_open_service(service, &problem) == -1) {
		problem_warn_once(said, &problem);
		return false;
	}
	if (!prepare_begin(context, entry, service)) {
		service_forget(service);
		return false;
	}
	*said = (struct problem_said){NULL, NULL};
	service_begin(service);
	if (!context->depend)
		service_end_held(service);
	return true;
}

/* Before a logger is taken over again: the directory may be another one. */
static void renew_logger_directory(struct entry *entry)
{
	struct logger *logger = entry->logger;
	const char *name = logger->kind == LOGGER_INLINE ? INLINE_DIR : "log";
	struct stat now, held;
	int fd;

	if (fstat(logger->dir_fd, &held) == -1 ||
	    (fstatat(logger->kind == LOGGER_INLINE ? state_fd_of(entry)
						   : entry->dir_fd,
		     name, &now, 0) == 0 &&
	     now.st_dev == held.st_dev && now.st_ino == held.st_ino))
		return;
	fd = open_logger_directory(entry, logger->kind);
	if (fd == -1)
		return;
	shelter_leave(&logger->service.site);
	close(logger->dir_fd);
	logger->dir_fd = fd;
	shelter_begin(&logger->service.site, fd,
		      logger->kind == LOGGER_INLINE ? entry->dir_fd : fd);
}

static bool host_logger(struct entry_context *context, struct entry *entry)
{
	struct logger *logger = entry->logger;

	if (!logger || logger->service.site.is_hosted)
		return true;
	renew_logger_directory(entry);
	return host_service(context, entry, &logger->service, &logger->said);
}

/*
 * After a crash in which the service died as well, its logger has met the end
 * of its input and left, and is started again a second after its last start.
 * The service waits for it: what it wrote before would be lost should both be
 * killed once more.
 */
static void wait_for_logger(struct entry *entry)
{
	const struct logger *logger = entry->logger;

	entry->service.begin_due_ns = 0;
	if (logger && logger->service.site.is_hosted &&
	    logger->service.standing.machine.phase == MACHINE_WAITING)
		entry->service.begin_due_ns =
			logger->service.standing.machine.start_due_ns + 1;
}

bool entry_host(struct entry_context *context, struct entry *entry)
{
	bool is_well;

	if (!entry->changes.is_added)
		watch_directory(context, entry);
	if (!entry_is_hosted(entry) && !may_have(entry, "run")) {
		if (context->depend && !depend_look(context->depend, entry))
			return false;
		if (depend_is_bundle(entry))
			return true;
		if (is_unfinished(entry))
			return false;
	}
	if (!find_logger(context, entry))
		return false;
	entry->must_look = false;
	/* The logger first: the service would die of SIGPIPE if it wrote while
	 * there is no reader, should we be killed between the two. */
	is_well = host_logger(context, entry);
	wait_for_logger(entry);
	if (entry->service.site.is_hosted)
		return renew_names(context, entry) && is_well;
	return host_service(context, entry, &entry->service, &entry->said) &&
	       is_well;
}

void entry_visit_fifos(const struct entry *entry,
		       void (*visit)(int fd, void *with), void *with)
{
	const struct logger *logger = entry->logger;

	if (logger && logger->pipe_fd != -1)
		visit(logger->pipe_fd, with);
	if (logger)
		service_visit_fifos(&logger->service, visit, with);
	service_visit_fifos(&entry->service, visit, with);
}

bool entry_is_hosted(const struct entry *entry)
{
	return entry->service.site.is_hosted ||
	       (entry->logger && entry->logger->service.site.is_hosted);
}

pid_t entry_logger_pid(const struct entry *entry)
{
	return entry->logger ? service_pid(&entry->logger->service) : 0;
}

/*
 * From now on there is no writer but what the service may have left behind, so
 * the logger meets the end of its input. A read end stays, so that what is in
 * the pipe isn't lost while a logger is between two starts.
 */
static void end_input(struct entry *entry)
{
	struct logger *logger = entry->logger;
	int read_fd;

	if (logger->is_ended || logger->pipe_fd == -1)
		return;
	logger->is_ended = true;
	read_fd = supervise_dir_read_fifo(state_fd_of(entry), SUPERVISE_PIPE,
					  0600);
	close(logger->pipe_fd);
	logger->pipe_fd = read_fd;
}

/* Whoever stops all should know what isn't, and may run on. */
static void tell_of_unsupervised(const struct service *service,
				 const struct problem_said *said)
{
	if (!service->site.is_hosted && said->what)
		diag_warn("%s was not taken over, and is left as it is",
			  service->site.name);
}

void entry_tell_of_unsupervised(const struct entry *entry)
{
	tell_of_unsupervised(&entry->service, &entry->said);
	if (entry->logger)
		tell_of_unsupervised(&entry->logger->service,
				     &entry->logger->said);
}

void entry_stop(struct entry *entry)
{
	struct logger *logger = entry->logger;

	if (entry->service.site.is_hosted) {
		service_stop(&entry->service);
		if (entry->service.site.is_hosted)
			return;
	}
	if (!logger)
		return;
	if (entry->service.is_abandoned) { /* and keeps the pipe open */
		service_forget(&logger->service);
		return;
	}
	end_input(entry);
	service_drain(&logger->service);
}

bool entry_is_left(const struct entry *entry)
{
	struct stat status;

	return !service_is_running(&entry->service) &&
	       fstat(entry->dir_fd, &status) == 0 && status.st_nlink == 0;
}

static void on_change(struct loop_directory *changes,
		      enum directory_change change, const char *name)
{
	struct entry *entry = changes->owner;
	bool is_for_names =
		change == DIRECTORY_ITSELF || !name || depend_is_name(name);
	bool matters = is_for_names ||
		       (strcmp(name, "log") == 0 && !entry->logger) ||
		       !entry_is_hosted(entry) || entry->tells_all;

	/* That we make it tells us nothing. */
	if (change == DIRECTORY_ENTRIES && name &&
	    strcmp(name, SUPERVISE_DIR) == 0)
		return;
	entry->service.site.may_have_changed = true;
	if (!matters)
		return;
	entry->must_look = true;
	entry->must_look_for_names |= is_for_names;
	entry->on_change(entry);
}
