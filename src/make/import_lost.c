/* import_lost.c -- keys of units that nothing here does: see unit.h. */
#include <string.h>

#include "make/unit.h"

enum reason {
	NOTHING_LOST,
	SANDBOX,
	CGROUP,
	CONDITION,
	SOCKET,
	RELATION,
	OUTCOME,
	SCHEDULER,
	IDENTIFIER,
	WATCHDOG,
	CREDENTIAL,
	REASON_COUNT
};

static const struct {
	const char *why, *advice;
} reasons[REASON_COUNT] = {
	[SANDBOX] = {"there is no such protection here",
		     "leave it below systemd if it has to have that"},
	[CGROUP] = {"there are no limits of control groups",
		    "softlimit in run limits each process"},
	[CONDITION] = {"there are no conditions",
		       "test for it at the beginning of run"},
	[SOCKET] = {"nobody opens sockets or names for it",
		    "have the program do that itself"},
	[RELATION] = {"there is no such relation",
		      "see dependencies.d, wants.d and after.d in "
		      "service-dirs(7)"},
	[OUTCOME] = {"nothing is done then",
		     "see finish and on-giving-up in service-dirs(7)"},
	[SCHEDULER] = {"nothing here sets that",
		       "put chrt(1) or taskset(1) before the program in run"},
	[IDENTIFIER] = {"lines go to the service's own log, as they are",
			"nothing, unless syslog is to have them"},
	[WATCHDOG] = {"nobody waits for signs of life",
		      "a cron job can ask, and svc -t"},
	[CREDENTIAL] = {"nobody hands that to it",
			"let it read the file itself, as its own user"},
};

/* A '*' at the end stands for anything. */
static const struct {
	const char *key;
	enum reason reason;
} keys[] = {
	{"Description", NOTHING_LOST},
	{"Documentation", NOTHING_LOST},
	{"SourcePath", NOTHING_LOST},
	{"DefaultDependencies", NOTHING_LOST},
	{"DefaultInstance", NOTHING_LOST},
	{"CollectMode", NOTHING_LOST},
	{"X-*", NOTHING_LOST},
	{"PIDFile", NOTHING_LOST}, /* written by the daemon, not for it */
	{"GuessMainPID", NOTHING_LOST},
	{"NotifyAccess", NOTHING_LOST},
	{"IgnoreSIGPIPE", NOTHING_LOST}, /* nobody ignores it here */
	{"PassEnvironment", NOTHING_LOST},
	{"RuntimeDirectoryPreserve", NOTHING_LOST},
	{"OOMPolicy", NOTHING_LOST},
	{"Condition*", CONDITION},
	{"Assert*", CONDITION},
	{"ExecCondition", CONDITION},
	{"Protect*", SANDBOX},
	{"Private*", SANDBOX},
	{"Restrict*", SANDBOX},
	{"SystemCall*", SANDBOX},
	{"ReadWrite*", SANDBOX},
	{"ReadOnly*", SANDBOX},
	{"Inaccessible*", SANDBOX},
	{"NoExecPaths", SANDBOX},
	{"ExecPaths", SANDBOX},
	{"BindPaths", SANDBOX},
	{"BindReadOnlyPaths", SANDBOX},
	{"TemporaryFileSystem", SANDBOX},
	{"Capabilit*", SANDBOX},
	{"AmbientCapabilities", SANDBOX},
	{"SecureBits", SANDBOX},
	{"LockPersonality", SANDBOX},
	{"MemoryDenyWriteExecute", SANDBOX},
	{"RemoveIPC", SANDBOX},
	{"ProcSubset", SANDBOX},
	{"Device*", SANDBOX},
	{"MountFlags", SANDBOX},
	{"MountAPIVFS", SANDBOX},
	{"NetworkNamespacePath", SANDBOX},
	{"SELinuxContext", SANDBOX},
	{"AppArmorProfile", SANDBOX},
	{"SmackProcessLabel", SANDBOX},
	{"IPAddress*", SANDBOX},
	{"IPIngress*", SANDBOX},
	{"IPEgress*", SANDBOX},
	{"KeyringMode", SANDBOX},
	{"Memory*", CGROUP},
	{"CPUQuota*", CGROUP},
	{"CPUWeight", CGROUP},
	{"CPUShares", CGROUP},
	{"CPUAccounting", CGROUP},
	{"StartupCPU*", CGROUP},
	{"IOWeight", CGROUP},
	{"IORead*", CGROUP},
	{"IOWrite*", CGROUP},
	{"IODevice*", CGROUP},
	{"IOAccounting", CGROUP},
	{"BlockIO*", CGROUP},
	{"Tasks*", CGROUP},
	{"Slice", CGROUP},
	{"Delegate", CGROUP},
	{"ManagedOOM*", CGROUP},
	{"AllowedCPUs", CGROUP},
	{"Sockets", SOCKET},
	{"BusName", SOCKET},
	{"FileDescriptorStoreMax", SOCKET},
	{"NonBlocking", SOCKET},
	{"Conflicts", RELATION},
	{"Before", RELATION},
	{"PartOf", RELATION},
	{"JoinsNamespaceOf", RELATION},
	{"Propagates*", RELATION},
	{"ReloadPropagatedFrom", RELATION},
	{"StopPropagatedFrom", RELATION},
	{"RequiresMountsFor", RELATION},
	{"WantsMountsFor", RELATION},
	{"Upholds", RELATION},
	{"StopWhenUnneeded", RELATION},
	{"RefuseManual*", RELATION},
	{"AllowIsolate", RELATION},
	{"Also", RELATION},
	{"RequiredBy", RELATION},
	{"OnFailure*", OUTCOME},
	{"OnSuccess*", OUTCOME},
	{"StartLimitAction", OUTCOME},
	{"SuccessAction*", OUTCOME},
	{"FailureAction*", OUTCOME},
	{"RebootArgument", OUTCOME},
	{"JobTimeout*", OUTCOME},
	{"RestartForceExitStatus", OUTCOME},
	{"CPUSchedul*", SCHEDULER},
	{"CPUAffinity", SCHEDULER},
	{"NUMA*", SCHEDULER},
	{"TimerSlackNSec", SCHEDULER},
	{"Personality", SCHEDULER},
	{"Syslog*", IDENTIFIER},
	{"Log*", IDENTIFIER},
	{"TTY*", IDENTIFIER},
	{"Utmp*", IDENTIFIER},
	{"Watchdog*", WATCHDOG},
	{"LoadCredential*", CREDENTIAL},
	{"SetCredential*", CREDENTIAL},
	{"ImportCredential", CREDENTIAL},
};

static bool matches(const char *pattern, const char *key)
{
	size_t len = strcspn(pattern, "*");

	return strncmp(pattern, key, len) == 0 &&
	       (pattern[len] == '*' || key[len] == '\0');
}

bool unit_find_lost(const char *section, const char *key, const char **why,
		    const char **advice)
{
	*why = "that isn't known here";
	*advice = "see what it does for the service, in systemd.directives(7)";
	if (strncmp(section, "X-", 2) == 0)
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!matches(keys[i].key, key))
			continue;
		*why = reasons[keys[i].reason].why;
		*advice = reasons[keys[i].reason].advice;
		return keys[i].reason != NOTHING_LOST;
	}
	return true;
}
