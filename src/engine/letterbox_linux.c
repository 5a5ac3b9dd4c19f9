/* letterbox_linux.c -- see letterbox.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/errand.h"
#include "engine/letterbox.h"

#define LETTERS_MOST 16 /* in a round, so that nobody keeps out others */
#define AGAIN_NS     INT64_C(1000000000)

/* Not all headers have them. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

union control {
	char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* ---- the socket ---- */

static bool set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) == 0;
}

int letterbox_socket(void)
{
	int error, fd = socket(AF_UNIX,
			       SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1 || set_option(fd, SO_PASSCRED, 1))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* ---- looking at a letter ---- */

/* musl's CMSG_NXTHDR doesn't convert with care. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
static struct cmsghdr *next_part(struct msghdr *header, struct cmsghdr *part)
{
	return CMSG_NXTHDR(header, part);
}
#pragma GCC diagnostic pop

static void read_sender(struct msghdr *header, struct letter *letter)
{
	struct cmsghdr *each;
	struct ucred sender;

	letter->pid = 0;
	letter->pidfd = -1;
	letter->is_gone = false;
	for (each = CMSG_FIRSTHDR(header); each;
	     each = next_part(header, each)) {
		size_t count = each->cmsg_len - CMSG_LEN(0);

		if (each->cmsg_level != SOL_SOCKET)
			continue;
		if (each->cmsg_type == SCM_CREDENTIALS &&
		    count >= sizeof(sender)) {
			memcpy(&sender, CMSG_DATA(each), sizeof(sender));
			letter->pid = sender.pid;
			letter->uid = sender.uid;
		}
		if (each->cmsg_type == SCM_PIDFD && count >= sizeof(int)) {
			memcpy(&letter->pidfd, CMSG_DATA(each), sizeof(int));
			letter->is_gone = letter->pidfd < 0;
		}
	}
}

/*
 * The next letter, which stays where it is. `room` bytes of what comes along
 * are wanted. False: there is none. *has_more: there is more than fits there.
 */
static bool peek(int fd, size_t room, struct letter *letter, bool *has_more)
{
	union control control;
	struct iovec part = {letter->text, LETTER_BYTES};
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = (socklen_t)room};
	ssize_t count = recvmsg(fd, &header,
				MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (count == -1)
		return false;
	letter->text[count] = '\0';
	letter->is_cut = header.msg_flags & MSG_TRUNC;
	*has_more = header.msg_flags & MSG_CTRUNC;
	read_sender(&header, letter);
	return true;
}

/*
 * The same, and who sent it. Where descriptors may come along, they are to be
 * given no room: they come before the sender's, and would be opened in its
 * place. So that is asked for only of a letter that has none.
 */
static bool look_at_letter(const struct letterbox *box, struct letter *letter,
			   bool *has_rights)
{
	const size_t plain = CMSG_SPACE(sizeof(struct ucred));
	const int fd = box->watch.fd;
	bool has_more;

	*has_rights = false;
	if (box->is_guarded)
		return peek(fd, sizeof(union control), letter, &has_more);
	if (!peek(fd, plain, letter, has_rights))
		return false;
	if (*has_rights || !set_option(fd, SO_PASSPIDFD, 1))
		return true;
	if (!peek(fd, sizeof(union control), letter, &has_more))
		letter->pid = 0;
	set_option(fd, SO_PASSPIDFD, 0);
	return true;
}

bool letter_is_from_living(const struct letter *letter)
{
	if (letter->is_gone)
		return false;
	return letter->pidfd == -1 ||
	       syscall(SYS_pidfd_send_signal, letter->pidfd, 0, NULL, 0) == 0 ||
	       errno == EPERM;
}

/* ---- taking it out ---- */

/* Should it fail, nobody is heard any more, as if none had spoken. */
static void go_on(struct letterbox *box)
{
	box->errand = NULL;
	loop_watch_add(box->loop, &box->watch);
}

static void on_taken(void *owner)
{
	go_on(owner);
}

static void on_again(struct loop_timer *timer)
{
	go_on(timer->owner);
}

/* False: not yet. */
static bool take_out(struct letterbox *box, bool has_rights)
{
	char byte;

	if (!has_rights) {
		(void)!recv(box->watch.fd, &byte, 1, MSG_DONTWAIT);
		return true;
	}
	box->errand = errand_take_one(box->loop, box->watch.fd, on_taken, box);
	loop_watch_remove(box->loop, &box->watch);
	if (!box->errand)
		loop_timer_set(box->loop, &box->again,
			       loop_now_ns() + AGAIN_NS);
	return false;
}

void letterbox_look(struct letterbox *box)
{
	struct letter letter;
	bool has_rights, is_there;

	for (int i = 0; i < LETTERS_MOST && box->watch.is_added; i++) {
		if (!look_at_letter(box, &letter, &has_rights))
			return;
		is_there = box->on_letter(box, &letter);
		if (letter.pidfd >= 0)
			close(letter.pidfd);
		if (!is_there || !take_out(box, has_rights))
			return;
	}
}

static void on_readable(struct loop_watch *watch)
{
	letterbox_look(watch->owner);
}

int letterbox_open(struct letterbox *box, struct keeper *keeper, int fd)
{
	int error;

	box->is_guarded = set_option(fd, SO_PASSRIGHTS, 0);
	if (box->is_guarded)
		set_option(fd, SO_PASSPIDFD, 1);
	box->errand = NULL;
	box->again = (struct loop_timer){.on_due = on_again, .owner = box};
	box->watch = (struct loop_watch){
		.fd = fd, .on_readable = on_readable, .owner = box};
	if (loop_watch_add(box->loop, &box->watch) == -1) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	keeper_keep(keeper, &box->kept, fd, false);
	return 0;
}

/* ---- the end ---- */

/* Takes out what nobody can be kept waiting by. True: that was all. */
static bool empty(const struct letterbox *box)
{
	struct letter letter;
	bool has_rights;
	char byte;

	while (peek(box->watch.fd, CMSG_SPACE(sizeof(struct ucred)), &letter,
		    &has_rights)) {
		if (has_rights)
			return false;
		(void)!recv(box->watch.fd, &byte, 1, MSG_DONTWAIT);
	}
	return true;
}

void letterbox_close(struct letterbox *box)
{
	loop_watch_remove(box->loop, &box->watch);
	loop_timer_cancel(box->loop, &box->again);
	if (!box->is_guarded)
		shutdown(box->watch.fd, SHUT_RD);
	if (box->errand) {
		errand_take_all(box->errand, &box->kept);
	} else if (box->is_guarded || empty(box)) {
		close(box->watch.fd);
		keeper_drop(&box->kept);
	} else {
		/* Or it stays open: better than to wait. */
		errand_close(box->loop, box->watch.fd, &box->kept);
	}
}

void letterbox_leave(struct letterbox *box)
{
	loop_watch_remove(box->loop, &box->watch);
	loop_timer_cancel(box->loop, &box->again);
	keeper_leave(&box->kept);
	/* Otherwise it stays open: the end of a process closes all without
	 * waiting. */
	if (box->errand)
		errand_forget(box->errand);
	else if (box->is_guarded)
		close(box->watch.fd);
}
