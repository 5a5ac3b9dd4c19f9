/*
 * svc.c -- send commands to the supervisors of services.
 *
 * Each letter on the command line is one byte in supervise/control.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/strb.h"
#include "base/options.h"
#include "service/control.h"
#include "service/supervise_dir.h"

/* A supervisor that was stopped reads nothing: don't wait for it for ever. */
#define WRITE_TIMEOUT_MS 5000

/* 0.76's list, to the letter; svc(8) has the rest. */
static const char usage[] =
	"svc options: u up, d down, o once, x exit, p pause, c continue, "
	"h hup, a alarm, i interrupt, t term, k kill";

struct letters {
	char bytes[32];
	size_t count;
};

static void add_letter(struct letters *letters, char letter)
{
	if (memchr(letters->bytes, letter, letters->count) ||
	    letters->count == sizeof(letters->bytes))
		return;
	letters->bytes[letters->count++] = letter;
}

/* "+:" and every letter of the table. */
static void list_options(char out[64])
{
	const struct control *row;
	struct strb text = strb_on(out, 64);

	strb_add(&text, "+:");
	for (unsigned i = 0; (row = control_row(i)); i++)
		strb_add_bytes(&text, &row->letter, 1);
}

/* All letters in one write, so that another svc's can't come between. */
static int write_letters(int control_fd, const struct letters *letters)
{
	struct pollfd room = {.fd = control_fd, .events = POLLOUT};
	ssize_t done = write(control_fd, letters->bytes, letters->count);

	if (done == -1 && errno == EAGAIN) {
		if (poll(&room, 1, WRITE_TIMEOUT_MS) == 0)
			errno = ETIMEDOUT;
		else
			done = write(control_fd, letters->bytes,
				     letters->count);
	}
	return done == -1 ? -1 : 0;
}

/*
 * -1 with errno: no FIFO. A file without another name is as good; bytes in a
 * link, a device or a terminal would reach somebody else.
 */
static int open_control(void)
{
	struct stat status;
	int fd = open(SUPERVISE_CONTROL, O_WRONLY | O_NONBLOCK | O_NOFOLLOW |
						 O_NOCTTY | O_CLOEXEC);

	if (fd == -1 || fstat(fd, &status) == -1)
		return -1;
	if (S_ISFIFO(status.st_mode) ||
	    (S_ISREG(status.st_mode) && status.st_nlink == 1))
		return fd;
	close(fd);
	errno = ENXIO;
	return -1;
}

/* Trouble with one directory is a warning, and the next one follows. */
static void control(const char *dir, const struct letters *letters)
{
	int control_fd;

	if (chdir(dir) == -1) {
		diag_warn_errno("unable to chdir to %s", dir);
		return;
	}
	control_fd = open_control();
	if (control_fd == -1) {
		if (errno == ENXIO)
			diag_warn("unable to control %s: supervise not running",
				  dir);
		else
			diag_warn_errno("unable to control %s", dir);
		return;
	}
	if (letters->count > 0 && write_letters(control_fd, letters) == -1)
		diag_warn_errno("error writing commands to %s", dir);
	close(control_fd);
}

int main(int argc, char *argv[])
{
	struct letters letters = {.count = 0};
	char options[64];
	int letter, start_fd;

	diag_set_program("svc");
	list_options(options);
	while ((letter = options_next(argc, argv, options)) != -1) {
		if (letter == '?') {
			diag_print("%s", usage);
			return EXIT_USAGE;
		}
		add_letter(&letters, (char)letter);
	}
	signal(SIGPIPE, SIG_IGN);
	start_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (start_fd == -1)
		diag_die_errno(EXIT_SYSTEM, "unable to open current directory");
	for (int i = optind; i < argc; i++) {
		control(argv[i], &letters);
		if (fchdir(start_fd) == -1)
			diag_die_errno(EXIT_SYSTEM, "unable to set directory");
	}
	return 0;
}
