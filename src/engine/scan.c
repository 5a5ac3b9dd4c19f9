/* scan.c -- see scan.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/lookup.h"
#include "engine/apart.h"
#include "engine/entry.h"
#include "engine/herald.h"
#include "engine/left.h"
#include "engine/remote.h"
#include "engine/scan.h"
#include "engine/starter.h"

/* While something is in trouble: soon at first, for what passes by itself. */
#define RESCAN_NS       INT64_C(5000000000)
#define RESCAN_FIRST_NS INT64_C(50000000)
/* After a scan, changes wait for this many times what it took: who adds names
 * one by one to thousands gets some of the time, not all of it. */
#define REST_TIMES        4
#define REST_MOST_NS      INT64_C(1000000000)
#define SPARE_DESCRIPTORS 64 /* for all that isn't a service's for good */

/* A name that can't be looked at, and why, so that it is said once. */
struct bad_name {
	struct lookup_link link; /* by its name; stands first */
	const char *verb;        /* static */
	int error;
	unsigned seen; /* the last scan that met it */
	char name[];
};

struct scanner {
	struct entry_context context;
	struct depend depend;
	struct starter starter;
	struct remote remote;
	struct aparts aparts;
	struct entry *entries;
	struct lookup by_directory; /* the entries */
	struct lookup bad_names;    /* owned */
	struct loop_directory changes;
	struct loop_timer again;
	int state_fd;  /* borrowed: the directory that .svscan is in */
	unsigned scan; /* counts scans; 0 is none */
	bool is_in_trouble;
	bool is_blind;       /* a service's directory can't be watched */
	int64_t patience_ns; /* how long trouble is left alone this time */
	int64_t rested_ns;   /* when the last scan has cost little enough */
	bool has_said_unreadable;
	bool is_stopping;
	const struct entry *leaving; /* all before it are gone, in a stop */
	const struct entry *serving; /* the services of all before it are */
	bool stops_removed;          /* those whose name is gone */
	bool has_left_out;           /* the directory that comes next */
	dev_t left_out_device;
	ino_t left_out_inode;
	void (*on_giving_up)(void *owner, const char *name, const char *why,
			     int exit_code);
	void *owner; /* of that; both may be NULL */
	void (*before_scan)(void *owner);
	void *before_owner; /* likewise */
	void (*on_down)(void *owner);
	void *down_owner; /* likewise */
};

/* ---- when to look ---- */

static void look_at(struct scanner *scanner, int64_t due_ns)
{
	if (scanner->is_stopping)
		return;
	if (!scanner->again.is_set || due_ns < scanner->again.due_ns)
		loop_timer_set(scanner->context.loop, &scanner->again, due_ns);
}

static void on_again(struct loop_timer *timer)
{
	scanner_scan(timer->owner);
}

static void look_when_rested(struct scanner *scanner)
{
	int64_t now_ns = loop_now_ns();

	look_at(scanner,
		scanner->rested_ns > now_ns ? scanner->rested_ns : now_ns);
}

static void on_change(struct loop_directory *changes,
		      enum directory_change change, const char *name)
{
	(void)change;
	(void)name;
	look_when_rested(changes->owner);
}

static void on_entry_change(struct entry *entry)
{
	look_when_rested(entry->owner);
}

/* In an orderly stop none is taken over again, and none is freed. */
static bool is_all_gone(struct scanner *scanner)
{
	while (scanner->leaving && !entry_is_hosted(scanner->leaving))
		scanner->leaving = scanner->leaving->next;
	return !scanner->leaving && !apart_is_any(&scanner->aparts);
}

/* Once, when the last service has gone. */
static void tell_if_down(struct scanner *scanner)
{
	if (!scanner->on_down)
		return;
	while (scanner->serving && !scanner->serving->service.site.is_hosted)
		scanner->serving = scanner->serving->next;
	if (scanner->serving || apart_is_any(&scanner->aparts))
		return;
	scanner->on_down(scanner->down_owner);
	scanner->on_down = NULL;
}

static void conclude_stop(struct scanner *scanner)
{
	tell_if_down(scanner);
	if (is_all_gone(scanner))
		loop_stop(scanner->context.loop);
}

static void on_apart_gone(void *owner)
{
	struct scanner *scanner = owner;

	if (!scanner->is_stopping)
		look_at(scanner, loop_now_ns());
	else
		conclude_stop(scanner);
}

static void on_apart_facts(void *owner, const char *name,
			   const struct graph_facts *facts)
{
	struct scanner *scanner = owner;

	depend_tell_of(&scanner->depend, name, facts);
}

static bool is_apart(void *owner, const char *name)
{
	const struct scanner *scanner = owner;

	return apart_has(&scanner->aparts, name);
}

/* Entries are freed by the next scan, not here: their callbacks are running. */
static void on_entry_gone(struct entry *entry)
{
	struct scanner *scanner = entry->owner;

	if (!scanner->is_stopping) {
		look_at(scanner, entry->host_due_ns);
		return;
	}
	entry_stop(entry);
	conclude_stop(scanner);
}

static void on_entry_giving_up(struct entry *entry, const char *name,
			       const char *why, int exit_code)
{
	const struct scanner *scanner = entry->owner;

	if (!scanner->is_stopping && scanner->on_giving_up)
		scanner->on_giving_up(scanner->owner, name, why, exit_code);
}

/* ---- the table ---- */

static uint32_t hash_of(dev_t device, ino_t inode)
{
	return lookup_hash_numbers(inode, device);
}

static uint32_t hash_entry(const struct lookup_link *link)
{
	const struct entry *entry = (const struct entry *)link;

	return hash_of(entry->device, entry->inode);
}

static struct entry *find(const struct scanner *scanner,
			  const struct stat *status)
{
	struct lookup_link *link =
		lookup_first(&scanner->by_directory,
			     hash_of(status->st_dev, status->st_ino));

	for (; link; link = link->next) {
		struct entry *entry = (struct entry *)link;

		if (entry->inode == status->st_ino &&
		    entry->device == status->st_dev)
			return entry;
	}
	return NULL;
}

static struct entry *add(struct scanner *scanner, const char *name,
			 const struct stat *status)
{
	struct entry *entry = entry_new(&scanner->context, name, status);

	if (!entry)
		return NULL;
	entry->on_gone = on_entry_gone;
	entry->on_giving_up = on_entry_giving_up;
	entry->on_change = on_entry_change;
	entry->owner = scanner;
	entry->next = scanner->entries;
	scanner->entries = entry;
	lookup_add(&scanner->by_directory, &entry->link);
	return entry;
}

static void drop(struct scanner *scanner, struct entry **link)
{
	struct entry *entry = *link;

	*link = entry->next;
	lookup_remove(&scanner->by_directory, &entry->link);
	entry_free(&scanner->context, entry);
}

/* ---- names in trouble ---- */

static uint32_t hash_bad(const struct lookup_link *link)
{
	return lookup_hash_text(((const struct bad_name *)link)->name);
}

static struct bad_name *find_bad(const struct scanner *scanner,
				 const char *name)
{
	struct lookup_link *link =
		lookup_first(&scanner->bad_names, lookup_hash_text(name));

	while (link && strcmp(((struct bad_name *)link)->name, name) != 0)
		link = link->next;
	return (struct bad_name *)link;
}

/* NULL, where there is no memory: it will be said again, then. */
static struct bad_name *add_bad(struct scanner *scanner, const char *name)
{
	size_t size = strlen(name) + 1;
	struct bad_name *bad = malloc(sizeof(*bad) + size);

	if (!bad)
		return NULL;
	memcpy(bad->name, name, size);
	lookup_add(&scanner->bad_names, &bad->link);
	return bad;
}

static void complain(struct scanner *scanner, const char *verb,
		     const char *name)
{
	struct bad_name *bad;
	int error = errno;

	scanner->is_in_trouble = true;
	bad = find_bad(scanner, name);
	if (bad && bad->verb == verb && bad->error == error) {
		bad->seen = scanner->scan;
		return;
	}
	if (error == EMFILE) /* 0.76's words for a full table */
		diag_warn("unable to %s %s: running too many services", verb,
			  name);
	else
		diag_warn_errno("unable to %s %s", verb, name);
	if (!bad)
		bad = add_bad(scanner, name);
	if (!bad)
		return;
	bad->verb = verb;
	bad->error = error;
	bad->seen = scanner->scan;
}

/* Forgets the names that this scan had nothing to say of. */
static void forget_bad_names(struct scanner *scanner)
{
	struct lookup *all = &scanner->bad_names;

	for (size_t i = 0; all->count > 0 && i <= all->mask; i++) {
		struct lookup_link *link = lookup_bucket(all, i);

		while (link) {
			struct bad_name *bad = (struct bad_name *)link;

			link = link->next;
			if (bad->seen == scanner->scan)
				continue;
			lookup_remove(all, &bad->link);
			free(bad);
		}
	}
}

/* ---- looking ---- */

static bool is_left_out(const struct scanner *scanner,
			const struct stat *status)
{
	return scanner->has_left_out &&
	       scanner->left_out_device == status->st_dev &&
	       scanner->left_out_inode == status->st_ino;
}

/* A link to nothing; errno says so if it is. */
static bool is_dangling(int dir_fd, const char *name)
{
	struct stat status;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	errno = ENOENT;
	return true;
}

static void drop_named(struct scanner *scanner, const char *name)
{
	struct entry **link = &scanner->entries;

	while (*link && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	if (*link)
		drop(scanner, link);
}

/* What we host is let go, for its own process to adopt. */
static void host_apart(struct scanner *scanner, const char *name,
		       const char *place)
{
	if (!apart_has(&scanner->aparts, name))
		drop_named(scanner, name);
	if (apart_host(&scanner->aparts, name, place, scanner->scan) == -1)
		complain(scanner, "start", name);
}

/* Whether it is at `path`, or leads to it, as somebody else's service. */
static bool is_hosted_apart(struct scanner *scanner, const char *name,
			    char *path)
{
	if (!remote_is_any(&scanner->remote) ||
	    !remote_is_at(&scanner->remote, name, path))
		return false;
	host_apart(scanner, name, path);
	return true;
}

/* The same for what is in it. Of what we host, only changes are looked at. */
static bool has_remote_parts(struct scanner *scanner, const char *name,
			     const char *path, const struct entry *entry)
{
	char place[PATH_MAX];

	if (!remote_is_any(&scanner->remote) ||
	    (entry && !entry->must_look && !scanner->remote.is_new) ||
	    !remote_is_within(&scanner->remote, path, place))
		return false;
	host_apart(scanner, name, place);
	return true;
}

static void look_at_name(struct scanner *scanner, int dir_fd, const char *name)
{
	char path[PATH_MAX];
	struct stat status;
	struct entry *entry;

	if (name[0] == '.' || is_hosted_apart(scanner, name, path))
		return;
	if (fstatat(dir_fd, name, &status, 0) == -1) {
		/* Gone since it was read: that is no trouble. */
		if (errno != ENOENT || is_dangling(dir_fd, name))
			complain(scanner, "stat", name);
		return;
	}
	if (!S_ISDIR(status.st_mode) || is_left_out(scanner, &status))
		return;
	entry = find(scanner, &status);
	if (entry && entry->seen == scanner->scan)
		return; /* another name for it came first */
	if (has_remote_parts(scanner, name, path, entry) ||
	    apart_take_back(&scanner->aparts, name))
		return; /* or the next scan has it */
	if (!entry)
		entry = add(scanner, name, &status);
	if (!entry) {
		complain(scanner, "start", name);
		return;
	}
	entry->seen = scanner->scan;
	entry->is_awaited = false;
	entry->tells_all = remote_is_any(&scanner->remote);
	left_forget(scanner->state_fd, entry);
	if (strcmp(entry->name, name) != 0 && entry_rename(entry, name) == -1)
		scanner->is_in_trouble = true;
	if (!entry->changes.is_added)
		scanner->is_blind = true;
	if (!entry_host(&scanner->context, entry)) {
		scanner->is_in_trouble = true;
		if (entry->host_due_ns > loop_now_ns())
			look_at(scanner, entry->host_due_ns);
	}
}

static void complain_of_directory(struct scanner *scanner)
{
	if (!scanner->has_said_unreadable)
		diag_warn_errno("unable to read directory");
	scanner->has_said_unreadable = true;
}

/* False: the directory couldn't be read, and nothing may be concluded. */
static bool read_names(struct scanner *scanner)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool is_complete;

	if (!names) {
		complain_of_directory(scanner);
		if (fd != -1)
			close(fd);
		return false;
	}
	while (errno = 0, entry = readdir(names))
		look_at_name(scanner, fd, entry->d_name);
	is_complete = errno == 0;
	if (!is_complete)
		complain_of_directory(scanner);
	else
		scanner->has_said_unreadable = false;
	closedir(names);
	return is_complete;
}

static void await(void *with, const char *path, const struct stat *status)
{
	struct scanner *scanner = with;
	struct entry *entry = find(scanner, status);

	if (entry)
		return; /* its name is back */
	entry = add(scanner, path, status);
	if (entry)
		entry->is_awaited = entry->is_noted = true;
	else
		complain(scanner, "start", path);
}

/* Services without a name that were supervised when a scanner was killed. */
static void host_awaited(struct scanner *scanner)
{
	struct entry *entry;

	if (scanner->scan == 1)
		left_visit(scanner->state_fd, &scanner->context.spawner->eras,
			   await, scanner);
	for (entry = scanner->entries; entry; entry = entry->next) {
		if (!entry->is_awaited || entry->seen == scanner->scan)
			continue;
		entry->is_awaited = !entry_host(&scanner->context, entry);
		if (entry->is_awaited)
			scanner->is_in_trouble = true;
	}
}

/* One that was told to end isn't told again, but its logger is, once it has. */
static bool is_to_stop(const struct scanner *scanner, const struct entry *entry)
{
	return scanner->stops_removed && !entry->is_awaited &&
	       !(entry->service.site.is_hosted &&
		 entry->service.standing.machine.is_leaving);
}

/* True: there is more room than there was during the scan. */
static bool drop_unseen(struct scanner *scanner)
{
	struct entry **link = &scanner->entries;
	bool has_dropped = false;

	while (*link) {
		struct entry *entry = *link;

		if (entry->seen != scanner->scan &&
		    (entry_is_left(entry) || is_to_stop(scanner, entry)))
			entry_stop(entry);
		if (entry->seen == scanner->scan || entry->is_awaited) {
			link = &entry->next;
			continue;
		}
		if (entry_is_hosted(entry)) {
			depend_forget(entry);
			service_release(&entry->service);
			left_note(scanner->state_fd, entry);
			link = &entry->next;
			continue;
		}
		left_forget(scanner->state_fd, entry);
		drop(scanner, link);
		has_dropped = true;
	}
	return has_dropped;
}

static void look_again_later(struct scanner *scanner)
{
	if (!scanner->is_in_trouble) {
		scanner->patience_ns = RESCAN_FIRST_NS;
		if (!scanner->changes.is_added || scanner->is_blind)
			look_at(scanner, loop_now_ns() + RESCAN_NS);
		return;
	}
	look_at(scanner, loop_now_ns() + scanner->patience_ns);
	scanner->patience_ns *= 2;
	if (scanner->patience_ns > RESCAN_NS)
		scanner->patience_ns = RESCAN_NS;
}

static void conclude_scan(struct scanner *scanner)
{
	host_awaited(scanner);
	/* What didn't fit may do so now. */
	if (drop_unseen(scanner) && scanner->is_in_trouble)
		look_at(scanner, loop_now_ns());
	apart_sweep(&scanner->aparts, scanner->scan, scanner->stops_removed);
	forget_bad_names(scanner);
	look_again_later(scanner);
}

static void rest(struct scanner *scanner, int64_t began_ns)
{
	int64_t now_ns = loop_now_ns();
	int64_t rest_ns = (now_ns - began_ns) * REST_TIMES;

	scanner->rested_ns =
		now_ns + (rest_ns < REST_MOST_NS ? rest_ns : REST_MOST_NS);
}

void scanner_scan(struct scanner *scanner)
{
	int64_t began_ns = loop_now_ns();

	if (scanner->is_stopping)
		return;
	if (!scanner->changes.is_added)
		loop_directory_add(scanner->context.loop, &scanner->changes,
				   ".");
	loop_timer_cancel(scanner->context.loop, &scanner->again);
	if (scanner->before_scan)
		scanner->before_scan(scanner->before_owner);
	scanner->scan++;
	scanner->is_in_trouble = scanner->is_blind = false;
	remote_refresh(&scanner->remote);
	depend_scan_begins(&scanner->depend);
	if (read_names(scanner))
		conclude_scan(scanner);
	else
		look_at(scanner, loop_now_ns() + RESCAN_NS);
	apart_tell_all(&scanner->aparts);
	depend_scan_ends(&scanner->depend, scanner->entries);
	rest(scanner, began_ns);
	starter_flush(&scanner->starter);
	if (!scanner->is_in_trouble)
		keeper_settle(scanner->context.keeper, herald_discard);
}

/* ---- beginning and end ---- */

static unsigned descriptors_for_services(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    limit.rlim_cur >= UINT32_MAX)
		return UINT32_MAX;
	if (limit.rlim_cur <= SPARE_DESCRIPTORS)
		return 0;
	return (unsigned)limit.rlim_cur - SPARE_DESCRIPTORS;
}

void scanner_settle(struct scanner *scanner)
{
	starter_flush(&scanner->starter);
	keeper_flush(scanner->context.keeper);
}

static void make_starts(void *owner)
{
	scanner_settle(owner);
}

struct scanner *scanner_new(struct loop *loop, struct spawner *spawner,
			    const struct obituaries *obituaries,
			    struct keeper *keeper)
{
	struct scanner *scanner = calloc(1, sizeof(*scanner));

	if (!scanner)
		return NULL;
	scanner->by_directory = lookup_by(hash_entry);
	scanner->bad_names = lookup_by(hash_bad);
	scanner->context.loop = loop;
	scanner->context.spawner = spawner;
	scanner->context.starter = &scanner->starter;
	scanner->starter.keeper = scanner->context.keeper = keeper;
	loop_before_wait(loop, make_starts, scanner);
	scanner->context.obituaries = obituaries;
	scanner->context.depend = &scanner->depend;
	depend_begin(&scanner->depend, loop);
	scanner->depend.is_elsewhere = is_apart;
	scanner->depend.owner = scanner;
	scanner->aparts = (struct aparts){.loop = loop,
					  .spawner = spawner,
					  .called_as = "svscan",
					  .on_facts = on_apart_facts,
					  .on_gone = on_apart_gone,
					  .owner = scanner};
	scanner->context.descriptors_left = descriptors_for_services();
	scanner->again =
		(struct loop_timer){.on_due = on_again, .owner = scanner};
	scanner->changes.on_change = on_change;
	scanner->changes.owner = scanner;
	scanner->patience_ns = RESCAN_FIRST_NS;
	return scanner;
}

void scanner_free(struct scanner *scanner)
{
	if (!scanner)
		return;
	loop_timer_cancel(scanner->context.loop, &scanner->again);
	loop_before_wait(scanner->context.loop, NULL, NULL);
	loop_directory_remove(scanner->context.loop, &scanner->changes);
	while (scanner->entries)
		drop(scanner, &scanner->entries);
	apart_free_all(&scanner->aparts);
	remote_end(&scanner->remote);
	depend_end(&scanner->depend);
	scanner->scan++; /* none was met in this one */
	forget_bad_names(scanner);
	lookup_end(&scanner->bad_names);
	lookup_end(&scanner->by_directory);
	free(scanner);
}

void scanner_on_giving_up(struct scanner *scanner,
			  void (*on_giving_up)(void *owner, const char *name,
					       const char *why, int exit_code),
			  void *owner)
{
	scanner->on_giving_up = on_giving_up;
	scanner->owner = owner;
}

void scanner_stop_removed(struct scanner *scanner)
{
	scanner->stops_removed = true;
}

void scanner_start_none(struct scanner *scanner)
{
	scanner->context.is_closing = true;
}

void scanner_have_mains(struct scanner *scanner, const struct mains *mains)
{
	scanner->context.mains = mains;
}

static bool is_down(const struct entry *entry)
{
	const struct machine *machine = &entry->service.standing.machine;

	return !entry->service.site.is_hosted ||
	       (machine->phase == MACHINE_DOWN &&
		machine->want != MACHINE_WANT_UP);
}

/* One that isn't there yet will come. */
static bool is_main_down(const struct scanner *scanner, const char *name,
			 size_t len)
{
	const struct entry *entry = scanner->entries;

	while (entry && (strlen(entry->name) != len ||
			 strncmp(entry->name, name, len) != 0))
		entry = entry->next;
	return entry && is_down(entry);
}

bool scanner_is_last_main(const struct scanner *scanner, const char *name)
{
	const char *at = scanner->context.mains->names, *each;
	size_t len;

	while ((each = mains_next(&at, &len))) {
		if (strlen(name) == len && strncmp(name, each, len) == 0)
			continue;
		if (!is_main_down(scanner, each, len))
			return false;
	}
	return true;
}

void scanner_before_scan(struct scanner *scanner,
			 void (*before_scan)(void *owner), void *owner)
{
	scanner->before_scan = before_scan;
	scanner->before_owner = owner;
}

void scanner_leave_out(struct scanner *scanner, const struct stat *status)
{
	scanner->has_left_out = true;
	scanner->left_out_device = status->st_dev;
	scanner->left_out_inode = status->st_ino;
}

void scanner_keep_state_at(struct scanner *scanner, int state_fd)
{
	scanner->state_fd = state_fd;
}

void scanner_move(struct scanner *scanner)
{
	loop_directory_remove(scanner->context.loop, &scanner->changes);
	scanner_scan(scanner);
}

void scanner_stop(struct scanner *scanner)
{
	struct entry *entry;

	if (scanner->is_stopping)
		return;
	scanner->is_stopping = true;
	scanner->leaving = scanner->serving = scanner->entries;
	loop_timer_cancel(scanner->context.loop, &scanner->again);
	depend_stop(&scanner->depend, scanner->entries);
	for (entry = scanner->entries; entry; entry = entry->next) {
		entry_tell_of_unsupervised(entry);
		entry_stop(entry);
	}
	apart_stop_all(&scanner->aparts);
	conclude_stop(scanner);
}

void scanner_on_down(struct scanner *scanner, void (*on_down)(void *owner),
		     void *owner)
{
	scanner->on_down = on_down;
	scanner->down_owner = owner;
}

void scanner_visit_loggers(const struct scanner *scanner,
			   void (*visit)(pid_t pid, void *with), void *with)
{
	const struct entry *entry;

	for (entry = scanner->entries; entry; entry = entry->next) {
		pid_t pid = entry_logger_pid(entry);

		if (pid != 0)
			visit(pid, with);
	}
}

bool scanner_is_gone(struct scanner *scanner)
{
	return scanner->is_stopping && is_all_gone(scanner);
}

void scanner_visit_fifos(const struct scanner *scanner,
			 void (*visit)(int fd, void *with), void *with)
{
	const struct entry *entry;

	for (entry = scanner->entries; entry; entry = entry->next)
		entry_visit_fifos(entry, visit, with);
}
