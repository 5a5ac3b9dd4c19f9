/* logline.c -- see logline.h. */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/listing.h"
#include "read/locate.h"
#include "read/source.h"
#include "read/stamp.h"
#include "view/logline.h"

#define TAIL_BYTES 4096

/* Copies the line that ends the `len` bytes at `text`. */
static void copy_line(const char *text, size_t len, char *out,
		      size_t size_bytes)
{
	struct timespec stamp;
	size_t start;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	start = len;
	while (start > 0 && text[start - 1] != '\n')
		start--;
	text += start;
	len -= start;
	start = stamp_parse(text, len, &stamp);
	if (start < len && text[start] == ' ')
		start++;
	len -= start;
	if (len >= size_bytes)
		len = size_bytes - 1;
	memcpy(out, text + start, len);
	out[len] = '\0';
	/* A text ends at the first of these. */
	for (size_t i = 0; i < len; i++) {
		if (out[i] == '\0')
			out[i] = '?';
	}
}

/* False: there is no line in it. */
static bool read_file(const struct log_file *file, char *out, size_t size_bytes)
{
	char text[TAIL_BYTES];
	struct stat st;
	off_t from;
	ssize_t len;

	if (fstat(file->fd, &st) == -1 || st.st_size == 0 ||
	    (file->kind == LOG_OLD && source_tool(file->fd)))
		return false;
	from = st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0;
	len = pread(file->fd, text, sizeof(text), from);
	if (len <= 0)
		return false;
	copy_line(text, (size_t)len, out, size_bytes);
	return out[0] != '\0';
}

void logline_last(const char *name, const char *scan_dir, char *out,
		  size_t size_bytes)
{
	char path[PATH_MAX];
	struct listing listing = {.files = NULL};
	int dir_fd;

	out[0] = '\0';
	if (locate_log(name, scan_dir, path, sizeof(path)) == -1)
		return;
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd == -1 || listing_read(dir_fd, &listing, NULL) == -1)
		goto out;
	/* `current` may have just been begun. */
	for (size_t i = listing.count; i > 0; i--) {
		struct log_file *file = &listing.files[i - 1];

		if (listing_open(dir_fd, file) == 0 &&
		    read_file(file, out, size_bytes))
			break;
		if (file->kind == LOG_OLD)
			break;
	}
	listing_free(&listing);
out:
	if (dir_fd != -1)
		close(dir_fd);
}
