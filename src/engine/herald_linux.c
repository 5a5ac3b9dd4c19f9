/* herald_linux.c -- see herald.h. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/proc_stat.h"
#include "base/strb.h"
#include "engine/herald.h"
#include "engine/rules.h"
#include "engine/standing.h"
#include "service/config.h"
#include "service/state.h"
#include "service/supervise_dir.h"

#define VARIABLE      "NOTIFY_SOCKET=@" /* '@' stands for the '\0' */
#define NAME_SIZE     (HERALD_ENTRY_SIZE - sizeof(VARIABLE) + 1)
#define MESSAGE_SIZE  4096
#define MESSAGES_MOST 16  /* in a round, so that nobody keeps out others */
#define ANCESTORS     256 /* generations that are looked at */

struct herald {
	struct loop_watch watch;
	struct site *site;
	char entry[HERALD_ENTRY_SIZE];
	char text[STATE_TEXT_SIZE];
	bool is_stopping, has_complained;
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

static bool is_trusted(const struct site *site, const struct ucred *sender)
{
	pid_t session = getsid(sender->pid);

	if (site->standing->pid == 0 || sender->pid <= 0)
		return false;
	if (session == -1 && errno == ESRCH)
		return is_user_of(site->standing->pid, sender->uid);
	return session == site->standing->pid ||
	       is_descendant(sender->pid, site->standing->pid);
}

/* ---- what it says ---- */

static void complain(struct herald *herald, const char *what)
{
	if (!herald->has_complained)
		diag_warn("%s/notify-socket: %s", herald->site->name, what);
	herald->has_complained = true;
}

/* True: what is published has changed. */
static bool take_line(struct herald *herald, const char *line)
{
	static const char status[] = "STATUS=";
	struct strb text;

	if (strncmp(line, status, sizeof(status) - 1) == 0) {
		text = strb_on(herald->text, sizeof(herald->text));
		strb_add_shown(&text, line + sizeof(status) - 1,
			       sizeof(herald->text) - 4);
		return true;
	}
	if (strcmp(line, "STOPPING=1") == 0) {
		herald->is_stopping = true;
		return true;
	}
	if (strncmp(line, "MAINPID=", 8) == 0 &&
	    strtol(line + 8, NULL, 10) != herald->site->standing->pid)
		complain(herald, "MAINPID= is refused; the process that was "
				 "started is the one that is watched");
	return false;
}

static void take_message(struct herald *herald, char *message)
{
	struct site *site = herald->site;
	bool has_changed = false, is_ready = false;
	char *line, *rest = NULL;

	for (line = strtok_r(message, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		has_changed |= take_line(herald, line);
		is_ready |= strcmp(line, "READY=1") == 0;
	}
	if (has_changed)
		site->tell(site, &(struct happening){.kind = HAPPENED_TEXT});
	if (is_ready)
		/* It may let go. */
		site->tell(site, &(struct happening){.kind = HAPPENED_READY});
}

/* musl's CMSG_NXTHDR doesn't convert with care. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
static struct cmsghdr *next_part(struct msghdr *header, struct cmsghdr *part)
{
	return CMSG_NXTHDR(header, part);
}
#pragma GCC diagnostic pop

/* Descriptors that come along are closed. */
static void read_control(struct msghdr *header, struct ucred *sender)
{
	struct cmsghdr *each;

	for (each = CMSG_FIRSTHDR(header); each;
	     each = next_part(header, each)) {
		unsigned char *data = CMSG_DATA(each);
		size_t count = each->cmsg_len - CMSG_LEN(0);

		if (each->cmsg_level != SOL_SOCKET)
			continue;
		if (each->cmsg_type == SCM_CREDENTIALS &&
		    count >= sizeof(*sender))
			memcpy(sender, data, sizeof(*sender));
		for (size_t at = 0;
		     each->cmsg_type == SCM_RIGHTS && at + sizeof(int) <= count;
		     at += sizeof(int)) {
			int fd;

			memcpy(&fd, data + at, sizeof(fd));
			close(fd);
		}
	}
}

/* False: there is no more. */
static bool read_message(struct herald *herald)
{
	char message[MESSAGE_SIZE + 1];
	union {
		char room[CMSG_SPACE(sizeof(struct ucred)) +
			  CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = {message, MESSAGE_SIZE};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	struct ucred sender = {.pid = 0};
	ssize_t count = recvmsg(herald->watch.fd, &header,
				MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (count == -1)
		return errno == EINTR;
	read_control(&header, &sender);
	message[count] = '\0';
	if (header.msg_flags & MSG_TRUNC)
		complain(herald,
			 "a message of more than 4096 bytes is ignored");
	else if (!is_trusted(herald->site, &sender))
		complain(herald, "somebody else's message is ignored");
	else
		take_message(herald, message);
	return true;
}

static void on_readable(struct loop_watch *watch)
{
	struct herald **herald = watch->owner;

	for (int i = 0; i < MESSAGES_MOST && *herald; i++) {
		if (!read_message(*herald))
			break;
	}
}

/* ---- the socket ---- */

static char *name_in(struct herald *herald)
{
	return herald->entry + sizeof(VARIABLE) - 1;
}

static bool recall_name(const struct site *site, char *name)
{
	long count = fd_read_file(site->dir_fd, SUPERVISE_SOCKET, name,
				  NAME_SIZE - 1);

	if (count <= 0)
		return false;
	name[count] = '\0';
	return name[strcspn(name, "\n")] == '\0';
}

/* One that nobody could guess before this moment. */
static int make_name(const struct site *site, char *name)
{
	struct stat status;

	if (fstat(site->dir_fd, &status) == -1)
		return -1;
	snprintf(name, NAME_SIZE, "holdfast/%llx.%llx/%llx",
		 (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino,
		 (unsigned long long)loop_now_ns());
	return fd_replace_file(site->dir_fd, SUPERVISE_SOCKET, name,
			       strlen(name), 0600);
}

static int bind_to(int fd, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	memcpy(address.sun_path + 1, name, len);
	return bind(
		fd, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

/* The descriptor; -1 with errno. */
static int open_socket(const struct site *site, char *name, bool is_new)
{
	const int on = 1;
	int error, fd = socket(AF_UNIX,
			       SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == -1)
		goto out;
	if (!is_new && !recall_name(site, name)) {
		errno = ENOENT;
		goto out;
	}
	if (is_new && make_name(site, name) == -1)
		goto out;
	if (bind_to(fd, name) == 0)
		return fd;
out:
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int listen_on(struct herald **owner, struct site *site, bool is_new)
{
	struct herald *herald = calloc(1, sizeof(*herald));
	int error;

	if (!herald)
		return -1;
	memcpy(herald->entry, VARIABLE, sizeof(VARIABLE));
	herald->watch =
		(struct loop_watch){.on_readable = on_readable, .owner = owner};
	herald->site = site;
	herald->watch.fd = open_socket(site, name_in(herald), is_new);
	if (herald->watch.fd == -1)
		goto out;
	if (loop_watch_add(site->loop, &herald->watch) == -1) {
		error = errno;
		close(herald->watch.fd);
		errno = error;
		goto out;
	}
	*owner = herald;
	return 0;
out:
	error = errno;
	free(herald);
	errno = error;
	return -1;
}

void herald_listen(struct herald **herald, struct site *site, bool is_new)
{
	herald_close(herald, site);
	if (config_has(rules_of(site), CONFIG_NOTIFY_SOCKET) &&
	    listen_on(herald, site, is_new) == -1)
		diag_warn_errno("unable to listen for %s/notify-socket",
				site->name);
}

void herald_close(struct herald **herald, struct site *site)
{
	struct herald *gone = *herald;

	if (!gone)
		return;
	loop_watch_remove(site->loop, &gone->watch);
	close(gone->watch.fd);
	free(gone);
	*herald = NULL;
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
