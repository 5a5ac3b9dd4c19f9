/*
 * directories.c -- what is read of service directories, for the tests.
 *
 * directories config DIR...          a line for each: how its dialect is
 *                                    explained; then its troubles, each after
 *                                    a tab
 * directories died DIR CODE SIGNAL   adds a death of now to its tally
 * directories deaths DIR             a line for each: seconds, code, signal
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "service/config.h"
#include "service/tally.h"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1) {
		perror(path);
		exit(111);
	}
	return fd;
}

static int fail(const char *path)
{
	perror(path);
	return 111;
}

static int show_config(const char *path)
{
	char said[CONFIG_TROUBLES_SIZE], why[1000];
	struct strb troubles = strb_on(said, sizeof(said));
	struct strb text = strb_on(why, sizeof(why));
	struct service_config config;
	int fd = open_dir(path), result;

	result = config_read(fd, &config, &troubles);
	close(fd);
	if (result == -1)
		return fail(path);
	config_explain(&config, &text);
	printf("%s\n", why);
	for (char *line = said; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		printf("\t%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return 0;
}

static int add_death(const char *path, const char *code, const char *number)
{
	const struct tally_death death = {
		.at = tai64n_now(),
		.exit_code = (uint8_t)strtoul(code, NULL, 10),
		.signal_number = (uint8_t)strtoul(number, NULL, 10)};
	int fd = open_dir(path);
	int result = tally_add(fd, &death, CONFIG_TALLY_DEFAULT);

	close(fd);
	return result == -1 ? fail(path) : 0;
}

static int show_deaths(const char *path)
{
	struct tally_death deaths[CONFIG_TALLY_DEFAULT];
	int fd = open_dir(path);
	int count = tally_read(fd, deaths, CONFIG_TALLY_DEFAULT);

	close(fd);
	if (count == -1)
		return fail(path);
	for (int i = 0; i < count; i++)
		printf("%" PRId64 " %d %d\n", (int64_t)deaths[i].at.tv_sec,
		       deaths[i].exit_code, deaths[i].signal_number);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 2 ? argv[1] : "";
	int result = 0;

	if (strcmp(what, "config") == 0) {
		for (int i = 2; i < argc && result == 0; i++)
			result = show_config(argv[i]);
		return result;
	}
	if (strcmp(what, "died") == 0 && argc == 5)
		return add_death(argv[2], argv[3], argv[4]);
	if (strcmp(what, "deaths") == 0 && argc == 3)
		return show_deaths(argv[2]);
	return 100;
}
