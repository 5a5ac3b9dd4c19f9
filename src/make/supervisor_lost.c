/* supervisor_lost.c -- what of supervisord nothing here does: see supervisor.h.
 */
#include <string.h>

#include "make/supervisor.h"

/* A ':' or a '*' at the end: whatever follows. An empty `why`: nothing is lost.
 */
struct lost {
	const char *pattern, *why, *advice;
};

static const struct lost sections[] = {
	{"supervisord", NULL, NULL},
	{"include", NULL, NULL},
	{"program:", NULL, NULL},
	{"group:", NULL, NULL},
	{"DEFAULT", NULL, NULL},
	{"supervisorctl", "", NULL},
	{"rpcinterface:supervisor", "", NULL},
	{"unix_http_server", "there is no such socket",
	 "use sv instead of supervisorctl; sv allow lets others control"},
	{"inet_http_server", "there is no web page, and no port",
	 "use sv instead of supervisorctl, by ssh for instance"},
	{"rpcinterface:", "nobody is called by XML-RPC",
	 "have whoever calls run sv, sv --json"},
	{"ctlplugin:", "nothing is added to sv",
	 "write a script that calls sv"},
	{"eventlistener:", "nobody is told of events in that way",
	 "see notify in service-dirs(7), or sv watch --json"},
	{"fcgi-program:", "nobody opens a socket for it",
	 "make a service that opens it itself, as php-fpm does"},
};

static const struct lost program_keys[] = {
	{"command", NULL, NULL},
	{"process_name", NULL, NULL},
	{"numprocs", NULL, NULL},
	{"numprocs_start", NULL, NULL},
	{"priority", NULL, NULL},
	{"autostart", NULL, NULL},
	{"autorestart", NULL, NULL},
	{"startsecs", NULL, NULL},
	{"startretries", NULL, NULL},
	{"exitcodes", NULL, NULL},
	{"stopsignal", NULL, NULL},
	{"stopwaitsecs", NULL, NULL},
	{"stopasgroup", NULL, NULL},
	{"killasgroup", NULL, NULL},
	{"user", NULL, NULL},
	{"redirect_stderr", NULL, NULL},
	{"stdout_logfile", NULL, NULL},
	{"stdout_logfile_maxbytes", NULL, NULL},
	{"stdout_logfile_backups", NULL, NULL},
	{"stderr_logfile", NULL, NULL},
	/* There is one log, whose size is that of output. */
	{"stderr_logfile_maxbytes", "", NULL},
	{"stderr_logfile_backups", "", NULL},
	{"environment", NULL, NULL},
	{"directory", NULL, NULL},
	{"umask", NULL, NULL},
	{"stdout_capture_maxbytes", "nothing is cut out of what it prints",
	 "nothing, unless it prints <!--XSUPERVISOR:BEGIN-->"},
	{"stderr_capture_maxbytes", "nothing is cut out of what it prints",
	 "nothing, unless it prints <!--XSUPERVISOR:BEGIN-->"},
	{"stdout_events_enabled", "nobody is told of lines that it prints",
	 "see svlog -f"},
	{"stderr_events_enabled", "nobody is told of lines that it prints",
	 "see svlog -f"},
	{"stdout_syslog", "lines go to the service's own log",
	 "put logger(1) into log/run if syslog is to have them"},
	{"stderr_syslog", "lines go to the service's own log",
	 "put logger(1) into log/run if syslog is to have them"},
	{"serverurl", "there is no such server",
	 "have it call sv instead of supervisorctl"},
};

static const struct lost group_keys[] = {
	{"programs", NULL, NULL},
	{"priority", NULL, NULL},
};

static const struct lost daemon_keys[] = {
	{"environment", NULL, NULL},
	{"user", NULL, NULL},
	{"directory", NULL, NULL},
	{"umask", NULL, NULL},
	{"logfile*", "", NULL},
	{"loglevel", "", NULL},
	{"pidfile", "", NULL},
	{"nodaemon", "", NULL},
	{"silent", "", NULL},
	{"identifier", "", NULL},
	{"childlogdir", "", NULL},
	{"nocleanup", "", NULL},
	{"profile_options", "", NULL},
	{"minfds", "nobody raises limits of services",
	 "start svscan with that limit: ulimit -n"},
	{"minprocs", "nobody raises limits of services",
	 "start svscan with that limit: ulimit -u"},
	{"strip_ansi", "logs have lines as they are printed",
	 "put a filter before multilog in log/run"},
};

static const struct lost *find(const struct lost *table, size_t count,
			       const char *text)
{
	for (size_t i = 0; i < count; i++) {
		const char *pattern = table[i].pattern;
		size_t len = strlen(pattern);
		bool is_open =
			pattern[len - 1] == ':' || pattern[len - 1] == '*';

		len -= pattern[len - 1] == '*';
		if (strncmp(pattern, text, len) == 0 &&
		    (is_open || text[len] == '\0'))
			return &table[i];
	}
	return NULL;
}

#define FIND(table, text) find(table, sizeof(table) / sizeof(*(table)), text)

static void tell(struct supervisor *supervisor,
		 const struct supervisor_option *option,
		 const struct lost *lost)
{
	if (!lost)
		supervisor_tell(supervisor, option,
				"see what it does, in the manual of "
				"supervisord",
				"that isn't known here");
	else if (lost->why && *lost->why != '\0')
		supervisor_tell(supervisor, option, lost->advice, "%s",
				lost->why);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

void supervisor_tell_lost(struct supervisor *supervisor)
{
	for (size_t i = 0; i < supervisor->option_count; i++) {
		const struct supervisor_option *option =
			&supervisor->options[i];
		const char *section = option->section;

		if (!option->key)
			tell(supervisor, option, FIND(sections, section));
		else if (begins(section, "program:"))
			tell(supervisor, option,
			     FIND(program_keys, option->key));
		else if (begins(section, "group:"))
			tell(supervisor, option, FIND(group_keys, option->key));
		else if (strcmp(section, "supervisord") == 0)
			tell(supervisor, option,
			     FIND(daemon_keys, option->key));
	}
}
