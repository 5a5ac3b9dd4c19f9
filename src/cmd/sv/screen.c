/* screen.c -- see screen.h. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/sv/screen.h"
#include "read/pager.h"

#define USUAL_WIDTH  80
#define USUAL_HEIGHT 24
/* Narrower ones get lines that are too long rather than nothing. */
#define LEAST_WIDTH 40
#define MOST_WIDTH  500

struct screen screen_look(void)
{
	const char *no_colour = getenv("NO_COLOR");
	struct screen screen = {.width = USUAL_WIDTH, .height = USUAL_HEIGHT};
	struct winsize size;

	screen.is_terminal = isatty(STDOUT_FILENO) == 1;
	screen.has_colour =
		screen.is_terminal && !(no_colour && *no_colour != '\0');
	if (screen.is_terminal &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		if (size.ws_col != 0)
			screen.width = size.ws_col;
		if (size.ws_row != 0)
			screen.height = size.ws_row;
	}
	if (screen.width < LEAST_WIDTH)
		screen.width = LEAST_WIDTH;
	if (screen.width > MOST_WIDTH)
		screen.width = MOST_WIDTH;
	return screen;
}

int screen_begin(struct screen_text *text)
{
	*text = (struct screen_text){.data = NULL};
	text->file = open_memstream(&text->data, &text->len);
	return text->file ? 0 : -1;
}

static bool fits(const struct screen *screen, const struct screen_text *text)
{
	size_t lines = 0;

	for (size_t i = 0; i < text->len; i++)
		lines += text->data[i] == '\n';
	/* One line is for the next prompt. */
	return lines < screen->height;
}

int screen_show(const struct screen *screen, struct screen_text *text)
{
	struct pager pager = {.fd = STDOUT_FILENO};
	int result = fclose(text->file) == 0 ? 0 : -1;

	if (result == 0) {
		if (screen->is_terminal && !fits(screen, text))
			pager_open(&pager);
		result = fd_write_all(pager.fd, text->data, text->len);
		/* Who leaves a pager has seen enough. */
		if (pager.pid != 0)
			result = 0;
		pager_close(&pager);
	}
	free(text->data);
	return result;
}
