/* fuzz_identity.c -- any supervise/process: a whole record, or none. */
#include <string.h>

#include "fuzz.h"
#include "service/identity.h"

/* Whether a field of that name begins the text or follows a blank. */
static bool has_field(const char *text, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	for (size_t at = 0; at + key_len < len; at++) {
		if ((at == 0 || text[at - 1] == ' ') &&
		    memcmp(text + at, key, key_len) == 0 &&
		    text[at + key_len] == '=')
			return true;
	}
	return false;
}

static void check_fields(const char *text, size_t len)
{
	static const char *const keys[] = {"script", "number", "pid", "start",
					   "boot"};

	MUST(len > 0 && text[len - 1] == '\n');
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		MUST(has_field(text, len, keys[i]));
}

static void check_round_trip(const struct identity *identity)
{
	char text[IDENTITY_SIZE_MAX], again[IDENTITY_SIZE_MAX];
	size_t len = identity_format(identity, text);
	struct identity reread;

	MUST(len > 0 && len < sizeof(text));
	check_fields(text, len);
	MUST(identity_parse(text, len, &reread));
	MUST(reread.number == identity->number);
	MUST(reread.pid == identity->pid);
	MUST(reread.start_ticks == identity->start_ticks);
	MUST(identity_format(&reread, again) == len);
	MUST(memcmp(text, again, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct identity identity;
	bool is_whole = identity_parse(text, size, &identity);

	MUST(IS_TEXT(identity.script));
	MUST(IS_TEXT(identity.boot_id));
	if (!is_whole)
		return 0;
	check_fields(text, size);
	check_round_trip(&identity);
	if (identity_is_provable(&identity))
		MUST(identity.pid > 0 && identity.start_ticks >= 0);
	return 0;
}
