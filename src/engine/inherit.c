/* inherit.c -- see inherit.h. */
#include <stddef.h>

#include "base/diag.h"
#include "engine/inherit.h"
#include "service/supervise_dir.h"
#include "service/trust.h"

static struct trust_place place_of(const struct service *service)
{
	return (struct trust_place){.dir_fd = service->site.state_fd,
				    .is_within = service->site.is_inline};
}

void inherit_recall(struct service *service, struct recall *recall)
{
	const struct recall_place from = {
		.place = place_of(service),
		.home_fd = service->site.home_fd,
		.eras = &service->site.spawner->eras,
	};

	if (service->presence.is_first)
		recall_nothing(service->site.is_down_wanted, recall);
	else
		recall_service(&from, service->site.is_down_wanted, recall);
}

const char *inherit_obstacle(const struct recall *recall)
{
	static const char restored[] =
		"a process like it runs, but started at another time";
	static const char *const obstacles[CLAIM_VERDICTS] = {
		[CLAIM_DOUBTED] = "others can write in supervise/",
		[CLAIM_UNSEEN] = "its process can't be looked at",
		[CLAIM_RESTORED] = restored,
		[CLAIM_ELSEWHERE] = "it may run in another pid namespace",
	};

	return obstacles[recall->verdict];
}

/* Said once. */
static void look_who_writes(struct service *service)
{
	const struct trust_place place = place_of(service);

	service->is_shared =
		(!service->presence.is_first || service->site.is_inline) &&
		!trust_place(&place);
	if (service->is_shared && !service->is_shared_said)
		diag_warn("others can write in %s/" SUPERVISE_DIR
			  ", so nobody will take over what runs",
			  service->site.name);
	service->is_shared_said = service->is_shared;
}

int inherit_look(struct service *service, struct problem *problem)
{
	const char *obstacle;
	struct recall recall;

	inherit_recall(service, &recall);
	obstacle = inherit_obstacle(&recall);
	if (obstacle)
		return problem_note_because(problem, obstacle, "take over",
					    "%s", service->site.name);
	look_who_writes(service);
	return 0;
}
