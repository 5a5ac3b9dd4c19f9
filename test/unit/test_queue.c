/*
 * test_queue.c -- each file of a log is taken up once, whenever one looks.
 *
 * A logger is played step by step: all the states of a directory that rotation,
 * with or without a processor, goes through. The queue looks at some of these.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/tai64n.h"
#include "dir_fixture.h"
#include "random.h"
#include "read/listing.h"
#include "read/queue.h"

#define ROTATIONS 6

/* What one does to a directory. The first letter of a file is its number. */
struct logger {
	struct dir *dir;
	unsigned number; /* of `current` */
	unsigned clock;
	bool has_processor;
};

/* The steps of a rotation, as logdir.c, processor.c and archive.c take them. */
enum step {
	RENAME, /* current -> previous */
	CREATE, /* a new current */
	PROCESS,
	COMPLETE, /* processed: mode 744 */
	REMOVE_ORIGINAL,
	LINK,
	UNLINK,
	STEP_COUNT
};

static void name_old(const struct logger *logger, char name[32], char code)
{
	tai64n_format((struct timespec){logger->clock, 0}, name);
	name[TAI64N_LABEL_SIZE] = '.';
	name[TAI64N_LABEL_SIZE + 1] = code;
	name[TAI64N_LABEL_SIZE + 2] = '\0';
}

static void write_number(const struct dir *dir, const char *name,
			 unsigned number)
{
	char letter = (char)('A' + number);

	write_file(dir, name, &letter, 1);
}

static char read_number(int dir_fd, struct log_file *file)
{
	char letter;

	assert_int_equal(listing_open(dir_fd, file), 0);
	assert_int_equal(pread(file->fd, &letter, 1, 0), 1);
	return letter;
}

static void take_step(struct logger *logger, enum step step)
{
	int fd = logger->dir->fd;
	const char *full = logger->has_processor ? "processed" : "previous";
	char name[32];

	if (!logger->has_processor && step >= PROCESS && step < LINK)
		return;
	switch (step) {
	case RENAME:
		assert_int_equal(renameat(fd, "current", fd, "previous"), 0);
		break;
	case CREATE:
		write_number(logger->dir, "current", ++logger->number);
		break;
	case PROCESS:
		write_number(logger->dir, "processed", logger->number - 1);
		break;
	case COMPLETE:
		assert_int_equal(fchmodat(fd, "processed", 0744, 0), 0);
		break;
	case REMOVE_ORIGINAL:
		assert_int_equal(unlinkat(fd, "previous", 0), 0);
		break;
	case LINK:
		logger->clock++;
		name_old(logger, name, 's');
		assert_int_equal(linkat(fd, full, fd, name, 0), 0);
		break;
	default: assert_int_equal(unlinkat(fd, full, 0), 0); break;
	}
}

/* Takes from the queue what it has, adding the numbers to `seen`. */
static void drain(struct queue *queue, char *seen)
{
	for (size_t i = 0; i < queue->files.count; i++) {
		char letter[2] = {
			read_number(queue->dir_fd, &queue->files.files[i])};

		strcat(seen, letter);
	}
	listing_drop(&queue->files, queue->files.count);
}

static void start(struct logger *logger)
{
	logger->number = 0;
	logger->clock = 1000;
	write_number(logger->dir, "current", 0);
}

/* A directory is empty again. */
static void clear(struct logger *logger)
{
	char name[32];

	while (logger->clock > 0) {
		name_old(logger, name, 's');
		unlinkat(logger->dir->fd, name, 0);
		name[TAI64N_LABEL_SIZE + 1] = 'u';
		unlinkat(logger->dir->fd, name, 0);
		if (logger->clock-- < 1000)
			break;
	}
	unlinkat(logger->dir->fd, "current", 0);
	unlinkat(logger->dir->fd, "previous", 0);
	unlinkat(logger->dir->fd, "processed", 0);
}

/* `wanted` begins with the oldest file there was when the queue was opened. */
static void check(const char *seen, unsigned last)
{
	char wanted[ROTATIONS + 2] = "";

	for (unsigned i = 0; i <= last; i++)
		wanted[i] = (char)('A' + i);
	assert_string_equal(seen, wanted);
}

static void play(struct logger *logger, uint32_t *seed, unsigned looks_of_8)
{
	struct queue queue;
	char seen[64] = "";
	unsigned opened_at = next_random(seed) % (2 * STEP_COUNT);

	start(logger);
	for (unsigned i = 0; i < ROTATIONS * STEP_COUNT; i++) {
		if (i == opened_at) {
			assert_int_equal(queue_open(&queue, logger->dir->path),
					 0);
			drain(&queue, seen);
		} else if (i > opened_at &&
			   next_random(seed) % 8 < looks_of_8) {
			assert_int_equal(queue_refresh(&queue, NULL), 0);
			drain(&queue, seen);
		}
		take_step(logger, i % STEP_COUNT);
	}
	assert_int_equal(queue_refresh(&queue, NULL), 0);
	drain(&queue, seen);
	check(seen, ROTATIONS);
	queue_close(&queue);
	clear(logger);
}

static void play_all(struct dir *dir, bool has_processor)
{
	struct logger logger = {.dir = dir, .has_processor = has_processor};
	uint32_t seed = 77;

	for (unsigned round = 0; round < 400; round++)
		play(&logger, &seed, round % 9);
}

static void rotation_is_followed_at_each_step(void **state)
{
	play_all(*state, false);
}

static void processing_is_followed_at_each_step(void **state)
{
	play_all(*state, true);
}

/* An outage, and a start after it: `current` becomes a .u file. */
static void unfinished_file_is_the_one_that_was_current(void **state)
{
	struct logger logger = {.dir = *state};
	struct queue queue;
	char name[32], seen[8] = "";

	start(&logger);
	assert_int_equal(queue_open(&queue, logger.dir->path), 0);
	name_old(&logger, name, 'u');
	assert_int_equal(
		renameat(logger.dir->fd, "current", logger.dir->fd, name), 0);
	assert_int_equal(queue_refresh(&queue, NULL), 0);
	assert_int_equal(queue.files.count, 1);
	assert_true(queue.files.files[0].is_cut);
	assert_true(queue_has_moved_on(&queue, &queue.files.files[0]));
	write_number(logger.dir, "current", 1);
	assert_int_equal(queue_refresh(&queue, NULL), 0);
	drain(&queue, seen);
	assert_string_equal(seen, "AB");
	assert_int_equal(queue.pending.count, 1);
	queue_close(&queue);
}

/*
 * So many rotations between two looks that what was read is gone: with stamps,
 * it is known that the oldest file left isn't a processed copy of it.
 */
static void file_that_was_never_seen_is_no_copy(void **state)
{
	static const char late[] = "@400000000000000a00000064 B\n";
	struct dir *dir = *state;
	const struct timespec last = {-1, 0};
	struct queue queue;

	write_number(dir, "current", 0);
	assert_int_equal(queue_open(&queue, dir->path), 0);
	listing_drop(&queue.files, 1);
	assert_int_equal(unlinkat(dir->fd, "current", 0), 0);
	write_file(dir, "@400000000000100000000000.s", late, sizeof(late) - 1);
	write_number(dir, "current", 2);
	assert_int_equal(queue_refresh(&queue, &last), 0);
	assert_int_equal(queue.files.count, 2);
	queue_close(&queue);
}

static void listing_knows_what_is_no_log_file(void **state)
{
	static const char *const others[] = {
		"lock",
		"state",
		"newstate",
		"@",
		"@4000000000000010000000",
		"@40000000000010000000000g.s",
		"@4000000000001000000000000.s",
		"@400000000000100000000000.t",
		"current.old",
		"processed", /* not complete */
	};
	struct dir *dir = *state;
	struct listing listing;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		write_file(dir, others[i], "", 0);
	assert_int_equal(mkdirat(dir->fd, "@400000000000100000000001.s", 0700),
			 0);
	assert_int_equal(listing_read(dir->fd, &listing, NULL), 0);
	assert_int_equal(listing.count, 0);
	listing_free(&listing);
	write_file(dir, "@400000000000100000000009", "", 0);
	write_file(dir, "@400000000000100000000002.u", "", 0);
	write_file(dir, "@400000000000100000000003.s", "", 0);
	write_file(dir, "@400000000000100000000003.s.gz", "", 0);
	write_file(dir, "previous", "", 0);
	write_file(dir, "current", "", 0);
	assert_int_equal(listing_read(dir->fd, &listing, NULL), 0);
	assert_int_equal(listing.count, 5);
	assert_true(listing.files[0].is_cut);
	assert_string_equal(listing.files[1].name,
			    "@400000000000100000000003.s");
	assert_int_equal(listing.files[2].kind, LOG_OLD);
	assert_int_equal(listing.files[3].kind, LOG_FULL);
	assert_int_equal(listing.files[4].kind, LOG_CURRENT);
	assert_int_not_equal(listing.files[4].fd, -1);
	listing_free(&listing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dir_test(rotation_is_followed_at_each_step),
		dir_test(processing_is_followed_at_each_step),
		dir_test(unfinished_file_is_the_one_that_was_current),
		dir_test(file_that_was_never_seen_is_no_copy),
		dir_test(listing_knows_what_is_no_log_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
