/* test_supervise_dir.c -- the lock, the FIFOs, and what stands in their way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dir_fixture.h"
#include "service/supervise_dir.h"

static void set_mask(void)
{
	umask(022); /* modes are subject to it */
}

/* ---- the directory ---- */

static void it_is_made_for_its_owner_alone(void **state)
{
	struct dir *dir = *state;

	set_mask();
	supervise_dir_make(dir->fd);
	assert_int_equal(mode_of(dir, SUPERVISE_DIR), S_IFDIR | 0700);
	/* What is there stays as it is. */
	assert_int_equal(fchmodat(dir->fd, SUPERVISE_DIR, 0755, 0), 0);
	supervise_dir_make(dir->fd);
	assert_int_equal(mode_of(dir, SUPERVISE_DIR), S_IFDIR | 0755);
}

static void what_a_dangling_link_points_to_is_made(void **state)
{
	struct dir *dir = *state;
	char target[300];

	assert_int_equal(symlinkat("elsewhere", dir->fd, SUPERVISE_DIR), 0);
	supervise_dir_make(dir->fd);
	assert_int_equal(mode_of(dir, "elsewhere"), S_IFDIR | 0700);
	assert_true(S_ISLNK(mode_of(dir, SUPERVISE_DIR)));
	supervise_dir_make(dir->fd); /* it dangles no more */
	assert_int_equal(unlinkat(dir->fd, SUPERVISE_DIR, 0), 0);

	snprintf(target, sizeof(target), "%s/absolute", dir->path);
	assert_int_equal(symlinkat(target, dir->fd, SUPERVISE_DIR), 0);
	supervise_dir_make(dir->fd);
	assert_int_equal(mode_of(dir, "absolute"), S_IFDIR | 0700);
}

static void what_is_missing_on_the_way_is_made_too(void **state)
{
	struct dir *dir = *state;
	struct stat status;

	assert_int_equal(symlinkat("a/b/c", dir->fd, SUPERVISE_DIR), 0);
	assert_true(supervise_dir_make(dir->fd));
	assert_int_equal(fstatat(dir->fd, "a/b/c", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(fstatat(dir->fd, "a/b", &status, 0), 0);
	assert_int_equal(status.st_mode & 0700, 0700);
	assert_false(supervise_dir_make(dir->fd));
	assert_int_equal(errno, 0);
	assert_int_equal(unlinkat(dir->fd, "a/b/c", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir->fd, "a/b", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(dir->fd, "a", AT_REMOVEDIR), 0);
}

static void what_cannot_be_made_shows_at_the_lock(void **state)
{
	static const char *const targets[] = {"/proc/no/such", SUPERVISE_DIR};
	static const int errors[] = {ENOENT, ELOOP};
	struct dir *dir = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(symlinkat(targets[i], dir->fd, SUPERVISE_DIR),
				 0);
		supervise_dir_make(dir->fd);
		assert_int_equal(supervise_dir_lock(dir->fd), -1);
		assert_int_equal(errno, errors[i]);
		assert_int_equal(unlinkat(dir->fd, SUPERVISE_DIR, 0), 0);
	}
	write_file(dir, SUPERVISE_DIR, "x", 1);
	supervise_dir_make(dir->fd);
	assert_int_equal(supervise_dir_lock(dir->fd), -1);
	assert_int_equal(errno, ENOTDIR);
}

/* ---- the lock ---- */

/* How the suites lock; what flock(2) excludes fcntl(2) doesn't, nor does that
 * exclude it. */
enum holder { BY_FLOCK, BY_FCNTL, BY_US, HOLDER_COUNT };

static int hold(const struct dir *dir, enum holder holder)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd;

	if (holder == BY_US)
		return supervise_dir_lock(dir->fd);
	fd = openat(dir->fd, SUPERVISE_LOCK, O_WRONLY | O_CREAT, 0600);
	if (fd == -1)
		return -1;
	return holder == BY_FLOCK ? flock(fd, LOCK_EX | LOCK_NB)
				  : fcntl(fd, F_SETLK, &whole);
}

struct other {
	pid_t pid;
	int end_fd; /* closing it ends the other process */
	bool has_lock;
};

/* Another process that tries to take the lock, and holds it if it could. */
static struct other start_other(const struct dir *dir, enum holder holder)
{
	struct other other;
	int end[2], told[2];
	char answer;

	assert_int_equal(pipe(end), 0);
	assert_int_equal(pipe(told), 0);
	other.pid = fork();
	assert_int_not_equal(other.pid, -1);
	if (other.pid == 0) {
		answer = hold(dir, holder) != -1 ? 'y' : 'n';
		close(end[1]);
		if (write(told[1], &answer, 1) == 1)
			(void)!read(end[0], &answer, 1);
		_exit(0);
	}
	close(end[0]);
	close(told[1]);
	assert_int_equal(read(told[0], &answer, 1), 1);
	close(told[0]);
	other.end_fd = end[1];
	other.has_lock = answer == 'y';
	return other;
}

static void end_other(struct other other)
{
	close(other.end_fd);
	assert_int_equal(waitpid(other.pid, NULL, 0), other.pid);
}

static void whoever_holds_it_keeps_us_out(void **state)
{
	struct dir *dir = *state;

	supervise_dir_make(dir->fd);
	for (int holder = 0; holder < HOLDER_COUNT; holder++) {
		struct other other = start_other(dir, (enum holder)holder);
		int fd;

		assert_true(other.has_lock);
		assert_int_equal(supervise_dir_lock(dir->fd), -1);
		assert_int_equal(errno, EAGAIN);
		/* A try that failed leaves nothing behind: with the other
		 * gone, a third can have it. */
		end_other(other);
		other = start_other(dir, BY_US);
		assert_true(other.has_lock);
		end_other(other);
		fd = supervise_dir_lock(dir->fd);
		assert_int_not_equal(fd, -1);
		close(fd);
	}
}

static void we_keep_everybody_out(void **state)
{
	struct dir *dir = *state;
	int fd;

	supervise_dir_make(dir->fd);
	fd = supervise_dir_lock(dir->fd);
	assert_int_not_equal(fd, -1);
	for (int holder = 0; holder < HOLDER_COUNT; holder++) {
		struct other other = start_other(dir, (enum holder)holder);

		assert_false(other.has_lock);
		end_other(other);
	}
	close(fd);
}

static void we_keep_ourselves_out(void **state)
{
	struct dir *dir = *state;
	int fd;

	supervise_dir_make(dir->fd);
	fd = supervise_dir_lock(dir->fd);
	assert_int_not_equal(fd, -1);
	assert_int_equal(supervise_dir_lock(dir->fd), -1);
	assert_int_equal(errno, EAGAIN);
#ifdef F_OFD_SETLK
	/* That look has closed a descriptor of the file. It didn't let go of
	 * the lock with it, as classic record locks do. */
	for (int holder = 0; holder < HOLDER_COUNT; holder++) {
		struct other other = start_other(dir, (enum holder)holder);

		assert_false(other.has_lock);
		end_other(other);
	}
#endif
	close(fd);
}

static void the_lock_file_is_not_touched(void **state)
{
	struct dir *dir = *state;
	struct stat status;
	int fd;

	set_mask();
	supervise_dir_make(dir->fd);
	fd = supervise_dir_lock(dir->fd);
	assert_int_equal(mode_of(dir, SUPERVISE_LOCK), S_IFREG | 0600);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
	write_file(dir, SUPERVISE_LOCK, "kept", 4);
	fd = supervise_dir_lock(dir->fd);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, 4);
	close(fd);
}

static void a_lock_that_is_a_link_is_refused(void **state)
{
	struct dir *dir = *state;

	supervise_dir_make(dir->fd);
	assert_int_equal(symlinkat("../outside", dir->fd, SUPERVISE_LOCK), 0);
	assert_int_equal(supervise_dir_lock(dir->fd), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(faccessat(dir->fd, "outside", F_OK, 0), -1);
}

static void the_lock_follows_the_directory(void **state)
{
	struct dir *dir = *state;
	struct other other;
	char moved[256];
	int fd;

	supervise_dir_make(dir->fd);
	snprintf(moved, sizeof(moved), "%s-moved", dir->path);
	assert_int_equal(rename(dir->path, moved), 0);
	fd = supervise_dir_lock(dir->fd);
	assert_int_not_equal(fd, -1);
	assert_int_equal(rename(moved, dir->path), 0);
	other = start_other(dir, BY_US);
	assert_false(other.has_lock);
	end_other(other);
	close(fd);
}

static void a_lock_may_have_another_name(void **state)
{
	struct dir *dir = *state;
	int fd = supervise_dir_lock_file(dir->fd, "lock");

	assert_int_not_equal(fd, -1);
	assert_int_equal(supervise_dir_lock_file(dir->fd, "lock"), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

/* ---- the FIFOs ---- */

static void a_fifo_is_made_once(void **state)
{
	struct dir *dir = *state;
	int fd;

	set_mask();
	supervise_dir_make(dir->fd);
	fd = supervise_dir_open_fifo(dir->fd, SUPERVISE_CONTROL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(mode_of(dir, SUPERVISE_CONTROL), S_IFIFO | 0600);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	close(fd);
	/* An administrator may have opened it to a group; that stays. */
	assert_int_equal(fchmodat(dir->fd, SUPERVISE_CONTROL, 0620, 0), 0);
	fd = supervise_dir_open_fifo(dir->fd, SUPERVISE_CONTROL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(mode_of(dir, SUPERVISE_CONTROL), S_IFIFO | 0620);
	close(fd);
}

/* What svc(8) writes arrives, and its going away is no end of file. */
static void commands_come_and_no_end_of_file(void **state)
{
	struct dir *dir = *state;
	char room[8];
	int fd, writer_fd;

	supervise_dir_make(dir->fd);
	fd = supervise_dir_open_fifo(dir->fd, SUPERVISE_CONTROL, 0600);
	assert_int_equal(read(fd, room, sizeof(room)), -1);
	assert_int_equal(errno, EAGAIN);
	writer_fd = openat(dir->fd, SUPERVISE_CONTROL, O_WRONLY | O_NONBLOCK);
	assert_int_equal(write(writer_fd, "dx", 2), 2);
	close(writer_fd);
	assert_int_equal(read(fd, room, sizeof(room)), 2);
	assert_memory_equal(room, "dx", 2);
	assert_int_equal(read(fd, room, sizeof(room)), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

/* svok(8): the FIFO opens for writing if and only if somebody reads. */
static void a_read_fifo_tells_that_somebody_is_there(void **state)
{
	struct dir *dir = *state;
	int fd, writer_fd;

	supervise_dir_make(dir->fd);
	fd = supervise_dir_read_fifo(dir->fd, SUPERVISE_OK, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	writer_fd = openat(dir->fd, SUPERVISE_OK, O_WRONLY | O_NONBLOCK);
	assert_int_not_equal(writer_fd, -1);
	close(writer_fd);
	close(fd);
	assert_int_equal(openat(dir->fd, SUPERVISE_OK, O_WRONLY | O_NONBLOCK),
			 -1);
	assert_int_equal(errno, ENXIO);
}

static void a_file_or_link_in_its_place_gives_way(void **state)
{
	struct dir *dir = *state;
	int fd;

	supervise_dir_make(dir->fd);
	write_file(dir, "outside", "kept", 4);
	for (int is_link = 0; is_link < 2; is_link++) {
		if (is_link)
			assert_int_equal(symlinkat("../outside", dir->fd,
						   SUPERVISE_CONTROL),
					 0);
		else
			write_file(dir, SUPERVISE_CONTROL, "d", 1);
		fd = supervise_dir_open_fifo(dir->fd, SUPERVISE_CONTROL, 0600);
		assert_int_not_equal(fd, -1);
		assert_true(S_ISFIFO(mode_of(dir, SUPERVISE_CONTROL)));
		close(fd);
		assert_int_equal(unlinkat(dir->fd, SUPERVISE_CONTROL, 0), 0);
	}
	assert_int_equal(mode_of(dir, "outside"), S_IFREG | 0600);
}

static void a_directory_in_its_place_stays(void **state)
{
	struct dir *dir = *state;

	supervise_dir_make(dir->fd);
	assert_int_equal(mkdirat(dir->fd, SUPERVISE_OK, 0700), 0);
	assert_int_equal(supervise_dir_read_fifo(dir->fd, SUPERVISE_OK, 0600),
			 -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(supervise_dir_open_fifo(dir->fd, SUPERVISE_OK, 0600),
			 -1);
	assert_int_equal(errno, EISDIR);
}

static void without_the_directory_there_is_no_fifo(void **state)
{
	struct dir *dir = *state;

	assert_int_equal(
		supervise_dir_open_fifo(dir->fd, SUPERVISE_CONTROL, 0600), -1);
	assert_int_equal(errno, ENOENT);
}

/* ---- who may ask ---- */

/* Whoever may search the directory can open "ok", and nobody else gets to
 * write commands by it. */
static void ok_is_for_all_who_may_search(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 1 << 5; bits++) {
		bool group_searches = bits & 1, all_search = bits & 2;
		bool group_commands = bits & 4, all_command = bits & 8;
		bool is_same_group = bits & 16;
		const struct stat dir = {
			.st_mode = 0700 | (group_searches ? 0010u : 0) |
				   (all_search ? 0001u : 0),
			.st_gid = 5};
		const struct stat control = {
			.st_mode = 0600 | (group_commands ? 0020u : 0) |
				   (all_command ? 0002u : 0),
			.st_gid = is_same_group ? 5 : 6};
		mode_t mode = supervise_dir_ok_mode(&dir, &control);
		bool group_asks = mode != 0 ? (mode & 0022) != 0
					    : all_command || (group_commands &&
							      is_same_group);
		bool all_ask = mode != 0 ? (mode & 0002) != 0 : all_command;

		assert_true(mode == 0 || (mode & ~022u) == 0600);
		assert_true(!group_searches || group_asks);
		assert_true(!all_search || all_ask);
		assert_true(group_searches || all_search || mode == 0);
	}
}

static void ok_goes_by_the_modes(void **state)
{
	struct dir *dir = *state;
	int control_fd, ok_fd, again_fd;

	set_mask();
	supervise_dir_make(dir->fd);
	control_fd = supervise_dir_open_control(dir->fd);
	assert_int_equal(supervise_dir_make_ok(dir->fd, control_fd, &ok_fd), 0);
	assert_int_equal(ok_fd, -1);
	assert_int_equal(fchmodat(dir->fd, SUPERVISE_DIR, 0755, 0), 0);
	assert_int_equal(supervise_dir_make_ok(dir->fd, control_fd, &ok_fd), 0);
	assert_int_not_equal(ok_fd, -1);
	assert_int_equal(mode_of(dir, SUPERVISE_OK), S_IFIFO | 0622);
	assert_int_equal(mode_of(dir, SUPERVISE_CONTROL), S_IFIFO | 0600);
	/* The same file goes on. */
	assert_int_equal(supervise_dir_make_ok(dir->fd, control_fd, &again_fd),
			 0);
	assert_int_not_equal(again_fd, -1);
	close(ok_fd);
	close(again_fd);
	assert_int_equal(fchmodat(dir->fd, SUPERVISE_DIR, 0700, 0), 0);
	assert_int_equal(supervise_dir_make_ok(dir->fd, control_fd, &ok_fd), 0);
	assert_int_equal(ok_fd, -1);
	assert_int_equal(mode_of(dir, SUPERVISE_OK), S_IFIFO | 0600);
	close(control_fd);
}

/* clang-format off */
int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(it_is_made_for_its_owner_alone),
		dir_test(what_a_dangling_link_points_to_is_made),
		dir_test(what_is_missing_on_the_way_is_made_too),
		dir_test(what_cannot_be_made_shows_at_the_lock),
		dir_test(whoever_holds_it_keeps_us_out),
		dir_test(we_keep_everybody_out),
		dir_test(we_keep_ourselves_out),
		dir_test(the_lock_file_is_not_touched),
		dir_test(a_lock_that_is_a_link_is_refused),
		dir_test(the_lock_follows_the_directory),
		dir_test(a_lock_may_have_another_name),
		dir_test(a_fifo_is_made_once),
		dir_test(commands_come_and_no_end_of_file),
		dir_test(a_read_fifo_tells_that_somebody_is_there),
		dir_test(a_file_or_link_in_its_place_gives_way),
		dir_test(a_directory_in_its_place_stays),
		dir_test(without_the_directory_there_is_no_fifo),
		cmocka_unit_test(ok_is_for_all_who_may_search),
		dir_test(ok_goes_by_the_modes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
/* clang-format on */
