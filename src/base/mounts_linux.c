/*
 * mounts_linux.c -- see mounts.h.
 * Source: proc_pid_mountinfo(5), path_resolution(7).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mounts.h"
#include "base/strb.h"

#define LINKS_MOST 40 /* as the kernel has it */

/* What is on a disk of this machine, in its memory or in its kernel. Any other
 * may hang, for all that is known. */
static const char *const local_types[] = {
	"bcachefs", "bpf",       "btrfs",   "cgroup",     "cgroup2",
	"configfs", "cramfs",    "debugfs", "devpts",     "devtmpfs",
	"ecryptfs", "efivarfs",  "erofs",   "exfat",      "ext2",
	"ext3",     "ext4",      "f2fs",    "fusectl",    "hfs",
	"hfsplus",  "hugetlbfs", "iso9660", "jffs2",      "jfs",
	"minix",    "mqueue",    "msdos",   "nilfs2",     "nsfs",
	"ntfs3",    "overlay",   "proc",    "pstore",     "ramfs",
	"reiserfs", "romfs",     "rootfs",  "securityfs", "selinuxfs",
	"squashfs", "sysfs",     "tmpfs",   "tracefs",    "ubifs",
	"udf",      "vfat",      "xfs",     "zfs",        "binfmt_misc",
};

static bool is_local(const char *type)
{
	for (size_t i = 0; i < sizeof(local_types) / sizeof(*local_types); i++)
		if (strcmp(type, local_types[i]) == 0)
			return true;
	return false;
}

/* ---- the list ---- */

/* "\040" and its like, in place. */
static void decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to++ = (char)((from[1] - '0') << 6 |
				       (from[2] - '0') << 3 | (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

void mounts_leave_out(struct mounts *mounts, const char *place)
{
	char *end = mounts->places + mounts->len, *at = mounts->places;

	while (at < end) {
		size_t size = strlen(at) + 1;

		if (strcmp(at, place) != 0) {
			at += size;
			continue;
		}
		memmove(at, at + size, (size_t)(end - at) - size);
		mounts->len -= size;
		end -= size;
	}
}

static void add(struct mounts *mounts, const char *place)
{
	size_t size = strlen(place) + 1;

	memcpy(mounts->places + mounts->len, place, size);
	mounts->len += size;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

static bool is_passed_over(const char *place)
{
	return strcmp(place, "/") == 0 || is_below(place, "/proc") ||
	       is_below(place, "/sys") || is_below(place, "/dev");
}

/* "36 35 98:0 /root /place options optional... - type source options". What is
 * mounted last at a place is what is found there. */
static void take_line(struct mounts *mounts, char *line)
{
	char *rest = NULL, *dash = strstr(line, " - ");
	char *type = dash ? strtok_r(dash + 3, " ", &rest) : NULL;
	char *field = strtok_r(line, " ", &rest);

	for (int i = 1; field && i < 5; i++)
		field = strtok_r(NULL, " ", &rest);
	if (!type || !field)
		return;
	decode(field);
	mounts_leave_out(mounts, field);
	if (!is_local(type) && !is_passed_over(field))
		add(mounts, field);
}

int mounts_read(struct mounts *mounts)
{
	char *rest = NULL, *text;
	size_t len;

	mounts_free(mounts);
	text = fd_read_all("/proc/self/mountinfo", &len);
	if (!text)
		return -1;
	mounts->places = malloc(len + 1);
	if (!mounts->places) {
		free(text);
		return -1;
	}
	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		take_line(mounts, line);
	free(text);
	if (mounts->len == 0)
		mounts_free(mounts);
	return 0;
}

void mounts_free(struct mounts *mounts)
{
	free(mounts->places);
	*mounts = (struct mounts){.len = 0};
}

/* ---- the way there ---- */

struct way {
	char done[PATH_MAX]; /* without links in it; "" is the root */
	size_t done_len;
	char rest[PATH_MAX]; /* yet to be followed */
	unsigned links;
};

bool mounts_has(const struct mounts *mounts, const char *path)
{
	for (size_t at = 0; at < mounts->len;
	     at += strlen(mounts->places + at) + 1)
		if (strcmp(mounts->places + at, path) == 0)
			return true;
	return false;
}

static void go_back(struct way *way, size_t len)
{
	way->done_len = len;
	way->done[len] = '\0';
}

/* False: it leads nowhere. */
static bool follow_link(struct way *way, const char *target, size_t from_len)
{
	size_t len = strlen(target), rest_len = strlen(way->rest);

	if (++way->links > LINKS_MOST || len + rest_len + 2 > PATH_MAX)
		return false;
	memmove(way->rest + len + 1, way->rest, rest_len + 1);
	memcpy(way->rest, target, len);
	way->rest[len] = '/';
	go_back(way, target[0] == '/' ? 0 : from_len);
	return true;
}

/* One name on. False: the way ends here, or is one of `mounts`. */
static bool step(const struct mounts *mounts, struct way *way, const char *name,
		 size_t len)
{
	size_t from_len = way->done_len;
	char target[PATH_MAX];
	ssize_t target_len;

	if (len == 0 || (len == 1 && name[0] == '.'))
		return true;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		char *slash = strrchr(way->done, '/');

		go_back(way, slash ? (size_t)(slash - way->done) : 0);
		return true;
	}
	if (from_len + 1 + len >= PATH_MAX)
		return false;
	way->done[from_len] = '/';
	memcpy(way->done + from_len + 1, name, len);
	go_back(way, from_len + 1 + len);
	if (mounts_has(mounts, way->done))
		return false;
	target_len = readlink(way->done, target, sizeof(target) - 1);
	if (target_len == -1)
		return errno == EINVAL; /* it is no link */
	target[target_len] = '\0';
	return follow_link(way, target, from_len);
}

enum mounts_way mounts_follow(const struct mounts *mounts, const char *path,
			      size_t known_len, char *out)
{
	struct way way = {.done = "", .done_len = known_len};
	char name[NAME_MAX + 1];
	bool goes_on = true;

	out[0] = '\0';
	if (strlen(path) >= PATH_MAX)
		return MOUNTS_NOWHERE;
	memcpy(way.done, path, known_len);
	way.done[known_len] = '\0';
	memcpy(way.rest, path + known_len, strlen(path + known_len) + 1);
	while (goes_on && way.rest[0] != '\0') {
		size_t len = strcspn(way.rest, "/");
		size_t skip = len + (way.rest[len] == '/');

		if (len > NAME_MAX)
			return MOUNTS_NOWHERE;
		memcpy(name, way.rest, len);
		memmove(way.rest, way.rest + skip, strlen(way.rest + skip) + 1);
		goes_on = step(mounts, &way, name, len);
	}
	memcpy(out, way.done, strlen(way.done) + 1);
	if (mounts_has(mounts, out))
		return MOUNTS_REMOTE;
	return goes_on ? MOUNTS_LOCAL : MOUNTS_NOWHERE;
}
