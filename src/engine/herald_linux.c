/* herald_linux.c -- see herald.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/proc_stat.h"
#include "base/strb.h"
#include "engine/herald.h"
#include "engine/letterbox.h"
#include "engine/rules.h"
#include "engine/socket_name.h"
#include "engine/standing.h"
#include "service/config.h"
#include "service/notice.h"
#include "service/state.h"
#include "service/supervise_dir.h"

#define VARIABLE  "NOTIFY_SOCKET="
#define ANCESTORS 256 /* generations that are looked at */

struct herald {
	struct letterbox box;
	struct site *site;
	char entry[HERALD_ENTRY_SIZE];
	char text[STATE_TEXT_SIZE];
	bool is_stopping, has_complained;
	bool is_deaf; /* something may have been said to nobody */
};

/* ---- who sent it ---- */

static bool is_descendant(pid_t pid, pid_t ancestor)
{
	struct proc_stat stat = {.parent_pid = pid};

	for (int i = 0; i < ANCESTORS && stat.parent_pid > 1; i++) {
		if (stat.parent_pid == ancestor)
			return true;
		if (!proc_stat_read(stat.parent_pid, &stat))
			break;
	}
	return false;
}

static bool is_user_of(pid_t pid, uid_t user)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return user == 0 || (stat(path, &status) == 0 && status.st_uid == user);
}

/* What is found out about a number counts only as long as that is the
 * sender's. */
static bool is_trusted(const struct site *site, const struct letter *letter)
{
	pid_t own_pid = site->standing->pid, session = getsid(letter->pid);
	bool is_there = session != -1 || errno != ESRCH;
	bool is_ours =
		session == own_pid || is_descendant(letter->pid, own_pid);

	if (own_pid == 0 || letter->pid <= 0)
		return false;
	if (!is_there || !letter_is_from_living(letter))
		return is_user_of(own_pid, letter->uid);
	return is_ours;
}

/* ---- what it says ---- */

static void complain(struct herald *herald, const char *what)
{
	if (!herald->has_complained)
		diag_warn("%s/notify-socket: %s", herald->site->name, what);
	herald->has_complained = true;
}

static void take_message(struct herald *herald, char *message)
{
	struct site *site = herald->site;
	struct notice notice;

	notice_read(message, &notice);
	if (notice.has_main_pid && notice.main_pid != site->standing->pid)
		complain(herald, "MAINPID= is refused; the process that was "
				 "started is the one that is watched");
	if (notice.has_text)
		memcpy(herald->text, notice.text, sizeof(herald->text));
	herald->is_stopping |= notice.is_stopping;
	if (notice.has_text || notice.is_stopping)
		site->tell(site, &(struct happening){.kind = HAPPENED_TEXT});
	if (notice.is_ready)
		/* It may let go. */
		site->tell(site, &(struct happening){.kind = HAPPENED_READY});
}

static bool on_letter(struct letterbox *box, struct letter *letter)
{
	struct herald **owner = box->owner, *herald = *owner;

	if (letter->is_cut) {
		complain(herald,
			 "a message of more than 4096 bytes is ignored");
	} else if (!is_trusted(herald->site, letter)) {
		complain(herald, "somebody else's message is ignored");
	} else {
		take_message(herald, letter->text);
	}
	return *owner == herald;
}

/* ---- the socket ---- */

static char *name_in(struct herald *herald)
{
	return herald->entry + sizeof(VARIABLE) - 1;
}

/* An abstract name has no '@' there. */
static bool recall_name(const struct site *site, char name[SOCKET_NAME_SIZE])
{
	char text[SOCKET_NAME_SIZE];
	long count = fd_read_own_file(site->state_fd, SUPERVISE_SOCKET, text,
				      sizeof(text) - 2);
	struct strb made = strb_on(name, SOCKET_NAME_SIZE);

	if (count <= 0)
		return false;
	text[count] = '\0';
	if (text[0] != '/')
		strb_add(&made, "@");
	strb_add(&made, text);
	return socket_name_is_of(name, site->state_fd);
}

static int put_name_on_record(const struct site *site, const char *name)
{
	if (socket_name_is_open(name))
		name++;
	return fd_replace_file(site->state_fd, SUPERVISE_SOCKET, name,
			       strlen(name), 0600);
}

static int make_socket(struct site *site, char *name)
{
	int error, fd = letterbox_socket();

	if (fd == -1)
		return -1;
	if (socket_name_make(fd, site->state_fd, name) == -1)
		goto out;
	if (put_name_on_record(site, name) == 0) {
		if (socket_name_is_open(name) && !site->is_socket_open)
			diag_warn("%s/notify-socket has a name that others can "
				  "take, as there is no directory for it",
				  site->name);
		site->is_socket_open = socket_name_is_open(name);
		return fd;
	}
	socket_name_remove(name);
out:
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/*
 * The one that the process knows: it came back, with what was said to it
 * meanwhile. Otherwise another one gets the name; then something may have been
 * said to nobody.
 */
static int find_socket(struct site *site, char *name, bool *is_deaf)
{
	struct sockaddr_un address;
	socklen_t size;
	int error, fd;

	*is_deaf = true;
	errno = ENOENT;
	if (!recall_name(site, name))
		return -1;
	size = socket_name_address(name, &address);
	/* One that can't be reached any more is let go with those that nobody
	 * knows. */
	fd = socket_name_is_there(name)
		     ? keeper_claim(site->keeper, (struct sockaddr *)&address,
				    size)
		     : -1;
	*is_deaf = fd == -1;
	if (fd == -1)
		fd = letterbox_socket();
	if (fd == -1 || !*is_deaf ||
	    socket_name_take(fd, site->state_fd, name) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int listen_on(struct herald **owner, struct site *site, bool is_new)
{
	struct herald *herald = calloc(1, sizeof(*herald));
	int fd, error;

	if (!herald)
		return -1;
	memcpy(herald->entry, VARIABLE, sizeof(VARIABLE));
	herald->site = site;
	herald->box = (struct letterbox){
		.loop = site->loop, .on_letter = on_letter, .owner = owner};
	fd = is_new ? make_socket(site, name_in(herald))
		    : find_socket(site, name_in(herald), &herald->is_deaf);
	if (fd == -1 || letterbox_open(&herald->box, site->keeper, fd) == -1) {
		error = errno;
		free(herald);
		errno = error;
		return -1;
	}
	*owner = herald;
	return 0;
}

void herald_listen(struct herald **herald, struct site *site, bool is_new)
{
	herald_close(herald);
	if (config_has(rules_of(site), CONFIG_NOTIFY_SOCKET) &&
	    listen_on(herald, site, is_new) == -1)
		diag_warn_errno("unable to listen for %s/notify-socket",
				site->name);
}

void herald_close(struct herald **herald)
{
	struct herald *gone = *herald;

	if (!gone)
		return;
	*herald = NULL;
	socket_name_remove(name_in(gone));
	letterbox_close(&gone->box);
	free(gone);
}

void herald_leave(struct herald **herald)
{
	struct herald *left = *herald;

	if (!left)
		return;
	*herald = NULL;
	letterbox_leave(&left->box);
	free(left);
}

void herald_forget(const struct site *site)
{
	char name[SOCKET_NAME_SIZE];

	if (config_has(rules_of(site), CONFIG_NOTIFY_SOCKET) &&
	    recall_name(site, name))
		socket_name_remove(name);
}

void herald_look(struct herald *herald)
{
	if (herald)
		letterbox_look(&herald->box);
}

bool herald_is_deaf(const struct herald *herald, const struct site *site)
{
	return config_has(rules_of(site), CONFIG_NOTIFY_SOCKET) &&
	       (!herald || herald->is_deaf);
}

void herald_visit(const struct herald *herald,
		  void (*visit)(int fd, void *with), void *with)
{
	if (herald)
		visit(herald->box.watch.fd, with);
}

void herald_discard(struct loop *loop, int fd, struct kept *kept)
{
	struct letterbox box = {
		.loop = loop, .kept = *kept, .watch = {.fd = fd}};

	letterbox_close(&box);
}

void herald_sweep(void)
{
	socket_name_sweep();
}

const char *herald_entry(const struct herald *herald)
{
	return herald ? herald->entry : NULL;
}

const char *herald_text(const struct herald *herald)
{
	return herald ? herald->text : "";
}

bool herald_is_stopping(const struct herald *herald)
{
	return herald && herald->is_stopping;
}

void herald_restore(struct herald *herald, const char *text, bool is_stopping)
{
	if (!herald)
		return;
	snprintf(herald->text, sizeof(herald->text), "%s", text);
	herald->is_stopping = is_stopping;
}
