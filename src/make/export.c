/* export.c -- see export.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/names.h"
#include "base/signame.h"
#include "make/export.h"
#include "make/quote.h"

/* ---- reading ---- */

static void take_name(void *owner, const char *name, enum names_kind kind)
{
	(void)kind;
	if (*name != '.')
		list_add(owner, name);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_edges(struct export *export, int dir_fd)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		struct list *names = &export->edges[kind];
		int fd = openat(dir_fd, graph_directory((enum graph_kind)kind),
				O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int result;

		if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		result = fd == -1 ? -1 : names_each(fd, take_name, names);
		if (fd != -1)
			close(fd);
		if (result == -1)
			return -1;
		errno = ENOMEM;
		if (names->is_short)
			return -1;
		if (names->count > 1)
			qsort(names->items, names->count, sizeof(*names->items),
			      compare);
	}
	return 0;
}

bool export_is_oneshot(const struct export *export)
{
	return !config_has(&export->config, CONFIG_RUN) &&
	       config_has(&export->config, CONFIG_START);
}

const char *export_read(struct export *export, int dir_fd)
{
	if (config_read(dir_fd, &export->config, NULL) == -1 ||
	    read_edges(export, dir_fd) == -1)
		return "it can't be read";
	errno = 0;
	for (const char *byte = export->dir; *byte != '\0'; byte++) {
		if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			return "there is a control character in its path";
	}
	if (export->config.type == CONFIG_TYPE_BUNDLE)
		return "a bundle is no service: write a target, or a runlevel";
	if (export->config.type == CONFIG_TYPE_ONESHOT)
		return "command lines of s6-rc have to be written by hand";
	if (!config_has(&export->config, CONFIG_RUN) &&
	    !export_is_oneshot(export))
		return "there is no script run that may be executed";
	return NULL;
}

void export_free(struct export *export)
{
	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++)
		list_free(&export->edges[kind]);
}

/* ---- what no other system has ---- */

static void tell_lost(const struct export *export, bool is_systemd)
{
	static const struct {
		enum config_name name;
		bool is_systemds; /* who can do it */
		const char *why, *advice;
	} lost[] = {
		{CONFIG_LOG, false, "the logger isn't started",
		 "see the journal, or name a file for its output"},
		{CONFIG_DOWN, false, "that is not part of it",
		 "enable it, or don't"},
		{CONFIG_NOTIFY, false, "nobody runs it", "do without"},
		{CONFIG_CHECK, false, "nobody asks it",
		 "have it ask for itself, in run"},
		{CONFIG_CONTROL, false, "the hooks aren't run",
		 "see ExecReload and ExecStop, reload() and stop_pre()"},
		{CONFIG_NOTIFICATION_FD, false, "nobody listens to it",
		 "it counts as ready when it was started"},
		{CONFIG_NOTIFY_SOCKET, true, "nobody listens to it",
		 "it counts as ready when it was started"},
		{CONFIG_LOCK_FD, false, "nothing is locked",
		 "put setlock into run"},
		{CONFIG_FLAG_NEWPIDNS, false, "it gets no namespace of its own",
		 "put unshare(1) into run"},
		{CONFIG_TIMEOUT_DOWN, false, "there is no such limit",
		 "see timeout-kill"},
		{CONFIG_ON_GIVING_UP, false, "nothing else ends with it",
		 "see FailureAction= of systemd"},
		{CONFIG_ON_EXIT, false, "nothing else ends with it",
		 "see SuccessAction= of systemd"},
		{CONFIG_FINISH, true, "nobody runs it",
		 "call it from stop_post()"},
		{CONFIG_TIMEOUT_UP, true, "there is no such limit",
		 "do without"},
	};

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		if (config_has(&export->config, lost[i].name) &&
		    !(is_systemd && lost[i].is_systemds))
			export->tell(export->with, config_file(lost[i].name),
				     lost[i].why, lost[i].advice);
	}
	if (export->config.policy.backoff > 1)
		export->tell(export->with, "restart",
			     "delays don't grow from start to start",
			     "say a longer one");
}

/* ---- systemd ---- */

/* Text that means itself in a unit, where the bytes `doubled` mean something;
 * within "..." if `is_word`. */
static void write_escaped(FILE *out, const char *text, const char *doubled,
			  bool is_word)
{
	for (; *text != '\0'; text++) {
		if (strchr(doubled, *text))
			fputc(*text, out);
		else if (is_word && (*text == '"' || *text == '\\'))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void write_word(FILE *out, const char *word)
{
	fputc('"', out);
	write_escaped(out, word, "%$", true);
	fputc('"', out);
}

/* "DB.service", where bytes that systemd has no use for are "\xNN". */
static void write_unit_name(FILE *out, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789:-_.@";

	for (; *name != '\0'; name++) {
		if (strchr(plain, *name))
			fputc(*name, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*name);
	}
	fputs(".service", out);
}

static void write_names(const struct export *export, const char *key,
			unsigned kinds)
{
	const char *before = key;

	for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
		const struct list *names = &export->edges[kind];

		if (!(kinds & GRAPH_BIT(kind)))
			continue;
		for (size_t i = 0; i < names->count; i++) {
			fputs(before, export->out);
			fputc(before == key ? '=' : ' ', export->out);
			write_unit_name(export->out, names->items[i]);
			before = "";
		}
	}
	if (*before == '\0')
		fputc('\n', export->out);
}

static void write_ms(const struct export *export, const char *key, uint32_t ms)
{
	if (ms == 0)
		fprintf(export->out, "%s=infinity\n", key);
	else if (ms % 1000 == 0)
		fprintf(export->out, "%s=%" PRIu32 "s\n", key, ms / 1000);
	else
		fprintf(export->out, "%s=%" PRIu32 "ms\n", key, ms);
}

static void write_exec(const struct export *export, const char *key,
		       const char *script)
{
	fprintf(export->out, "%s=\"", key);
	/* There are no variables in the path of a program. */
	write_escaped(export->out, export->dir, "%", true);
	fprintf(export->out, "/%s\" ", script);
	write_word(export->out, export->name);
	fputc('\n', export->out);
}

static void write_unit_section(const struct export *export)
{
	const struct policy *policy = &export->config.policy;
	FILE *out = export->out;

	fputs("# Runs the service directory ", out);
	fputs(export->dir, out);
	fputs(", made by sv export.\n[Unit]\nDescription=", out);
	write_escaped(out, export->name, "%", false);
	fputc('\n', out);
	write_names(export, "Requires", GRAPH_BIT(GRAPH_NEEDS));
	write_names(export, "Wants", GRAPH_BIT(GRAPH_WANTS));
	write_names(export, "After",
		    GRAPH_BIT(GRAPH_NEEDS) | GRAPH_BIT(GRAPH_WANTS) |
			    GRAPH_BIT(GRAPH_AFTER));
	if (export_is_oneshot(export))
		return;
	if (policy->limit_count == 0) {
		fputs("StartLimitIntervalSec=0\n", out);
		return;
	}
	write_ms(export, "StartLimitIntervalSec", policy->limit_span_ms);
	fprintf(out, "StartLimitBurst=%" PRIu32 "\n", policy->limit_count);
}

static void write_finish(const struct export *export)
{
	FILE *out = export->out;

	/* What is known of an end is in variables there. */
	fputs("ExecStopPost=-/bin/sh -c 'if [ \"$$EXIT_CODE\" = exited ]; then "
	      "exec ./finish \"$$EXIT_STATUS\" 0 \"$$0\"; else exec ./finish "
	      "-1 "
	      "\"$$(kill -l \"$$EXIT_STATUS\" 2>/dev/null || echo 9)\" "
	      "\"$$0\"; fi' ",
	      out);
	write_word(out, export->name);
	fputc('\n', out);
}

static void write_service(const struct export *export)
{
	static const char *const restarts[] = {
		[POLICY_ALWAYS] = "always",
		[POLICY_ON_FAILURE] = "on-failure",
		[POLICY_NEVER] = "no",
	};
	const struct service_config *config = &export->config;
	bool is_heard = config_has(config, CONFIG_NOTIFY_SOCKET);
	char name[SIGNAME_SIZE];
	FILE *out = export->out;

	fprintf(out, "Type=%s\n", is_heard ? "notify" : "exec");
	if (is_heard)
		fputs("NotifyAccess=all\n", out);
	if (config_has(config, CONFIG_START) &&
	    config_shows(config, CONFIG_ENCORE))
		write_exec(export, "ExecStartPre", "start");
	write_exec(export, "ExecStart", "run");
	fprintf(out, "ExecReload=/bin/kill -%s $MAINPID\n",
		signame_of(config->reload_signal, name));
	if (config_has(config, CONFIG_FINISH))
		write_finish(export);
	fprintf(out, "Restart=%s\n", restarts[config->policy.when]);
	/* Starts are a second apart here at least. */
	write_ms(export, "RestartSec",
		 config->policy.delay_ms ? config->policy.delay_ms : 1000);
	fprintf(out, "KillSignal=SIG%s\n",
		signame_of(config->down_signal, name));
	fprintf(out, "KillMode=%s\n",
		config->kill_scope == CONFIG_SCOPE_PROCESS ? "process"
							   : "control-group");
	write_ms(export, "TimeoutStartSec", config->timeout_up_ms);
	write_ms(export, "TimeoutStopSec", config->timeout_kill_ms);
}

static void write_oneshot(const struct export *export)
{
	fputs("Type=oneshot\nRemainAfterExit=yes\n", export->out);
	write_exec(export, "ExecStart", "start");
	if (config_has(&export->config, CONFIG_STOP))
		write_exec(export, "ExecStop", "stop");
	write_ms(export, "TimeoutStartSec", export->config.timeout_up_ms);
}

void export_systemd(const struct export *export)
{
	write_unit_section(export);
	fputs("\n[Service]\nWorkingDirectory=", export->out);
	write_escaped(export->out, export->dir, "%", false);
	fputc('\n', export->out);
	if (export_is_oneshot(export))
		write_oneshot(export);
	else
		write_service(export);
	fputs("\n[Install]\nWantedBy=multi-user.target\n", export->out);
	tell_lost(export, true);
}

/* ---- OpenRC ---- */

static void write_setting(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=", name);
	quote_word(out, value);
	fputc('\n', out);
}

static void write_depend(const struct export *export)
{
	static const struct {
		enum graph_kind kind;
		const char *word;
	} words[] = {{GRAPH_NEEDS, "need"},
		     {GRAPH_WANTS, "want"},
		     {GRAPH_AFTER, "after"}};
	bool has_any = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		has_any |= export->edges[words[i].kind].count != 0;
	if (!has_any)
		return;
	fputs("\ndepend() {\n", export->out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct list *names = &export->edges[words[i].kind];

		if (names->count == 0)
			continue;
		fprintf(export->out, "\t%s", words[i].word);
		quote_words(export->out, list_words(names));
		if (words[i].kind == GRAPH_WANTS) {
			fputs("\n\tafter", export->out);
			quote_words(export->out, list_words(names));
		}
		fputc('\n', export->out);
	}
	fputs("}\n", export->out);
}

static void write_step(const struct export *export, const char *step)
{
	fprintf(export->out, "\n%s() {\n\tcd ", step);
	quote_word(export->out, export->dir);
	fprintf(export->out, " && ./%s ", step);
	quote_word(export->out, export->name);
	fputs("\n}\n", export->out);
}

static void write_daemon(const struct export *export)
{
	const struct service_config *config = &export->config;
	const struct policy *policy = &config->policy;
	char name[SIGNAME_SIZE];
	FILE *out = export->out;

	fputs("command=", out);
	quote_word(out, export->dir);
	fputs("/run\ncommand_args=\"$RC_SVCNAME\"\n", out);
	write_setting(out, "directory", export->dir);
	if (policy->when == POLICY_NEVER) {
		fputs("command_background=yes\n"
		      "pidfile=\"/run/$RC_SVCNAME.pid\"\n",
		      out);
	} else {
		fprintf(out,
			"supervisor=supervise-daemon\nrespawn_delay=%" PRIu32
			"\nrespawn_max=%" PRIu32 "\n",
			policy->delay_ms > 1000 ? policy->delay_ms / 1000 : 1,
			policy->limit_count);
		if (policy->limit_count > 0)
			fprintf(out, "respawn_period=%" PRIu32 "\n",
				policy->limit_span_ms / 1000);
	}
	if (policy->when == POLICY_ON_FAILURE)
		export->tell(
			export->with, "restart",
			"supervise-daemon starts it again after a success, "
			"too",
			"make it one that doesn't end");
	fprintf(out, "stopsig=SIG%s\n", signame_of(config->down_signal, name));
	if (config->timeout_kill_ms > 0)
		fprintf(out, "retry=SIG%s/%" PRIu32 "/SIGKILL/5\n",
			signame_of(config->down_signal, name),
			(config->timeout_kill_ms + 999) / 1000);
	fputs("extra_started_commands=reload\n", out);
}

static void write_reload(const struct export *export)
{
	bool is_supervised = export->config.policy.when != POLICY_NEVER;
	char name[SIGNAME_SIZE];

	signame_of(export->config.reload_signal, name);
	fputs("\nreload() {\n\tebegin \"Reloading $RC_SVCNAME\"\n",
	      export->out);
	if (is_supervised)
		fprintf(export->out,
			"\tsupervise-daemon \"$RC_SVCNAME\" --signal %s\n",
			name);
	else
		fprintf(export->out,
			"\tstart-stop-daemon --signal %s --pidfile "
			"\"$pidfile\"\n",
			name);
	fputs("\teend $?\n}\n", export->out);
}

void export_openrc(const struct export *export)
{
	FILE *out = export->out;

	fputs("#!/sbin/openrc-run\n# Runs the service directory ", out);
	fputs(export->dir, out);
	fputs(", made by sv export.\n", out);
	write_setting(out, "description", export->name);
	if (!export_is_oneshot(export))
		write_daemon(export);
	write_depend(export);
	if (export_is_oneshot(export)) {
		write_step(export, "start");
		if (config_has(&export->config, CONFIG_STOP))
			write_step(export, "stop");
	} else {
		write_reload(export);
	}
	tell_lost(export, false);
}
