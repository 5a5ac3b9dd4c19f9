/* lint_finding.c -- see lint_finding.h. */
#include <stdarg.h>

#include "base/strb.h"
#include "make/lint_finding.h"

#define TEXT_SIZE 1024

void lint_tell(struct lint *lint, const char *file, const char *problem,
	       const char *advice, ...)
{
	char room[TEXT_SIZE];
	struct strb text = strb_on(room, sizeof(room));
	struct lint_finding finding = {file, problem, room};
	va_list args;

	va_start(args, advice);
	strb_add_vformat(&text, advice, args);
	va_end(args);
	lint->count++;
	lint->on_finding(lint->with, &finding);
}
