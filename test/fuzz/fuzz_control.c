/*
 * fuzz_control.c -- any bytes in supervise/control, while the process ends now
 * and then: what is obeyed, and what a service does then.
 *
 * The first byte says whether there is a logger to pass letters on to, and in
 * which dialect they are; the second, after how many orders the process ends.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/orders.h"
#include "engine/standing.h"
#include "fuzz.h"
#include "service/config.h"
#include "service/control.h"

#define FIFO_BYTES 60000
#define HAS_LOGGER 1
#define IS_ENCORE  2

struct supervised {
	struct site site;
	struct standing standing;
	struct orders orders;
	int64_t now_ns;
	size_t order_count;
	unsigned lifetime; /* in orders; 0: for ever */
	bool has_left;
};

static void take_step(struct supervised *supervised, enum machine_event event,
		      char letter)
{
	struct machine *machine = &supervised->standing.machine;
	bool has_process = machine_has_process(machine->phase);
	struct machine_step step =
		machine_step(machine, event, letter, supervised->now_ns);
	bool has_ended = event == EVENT_EXITED;

	MUST(!supervised->has_left || step.actions == 0);
	MUST(machine->phase < MACHINE_PHASE_COUNT);
	if ((step.actions & MACHINE_START) != 0) {
		MUST(!has_process || has_ended);
		MUST(machine_has_process(machine->phase));
		MUST(machine->want != MACHINE_WANT_DOWN);
	}
	if ((step.actions & MACHINE_SIGNAL) != 0)
		MUST(has_process && !has_ended && step.signals[0] > 0);
	if ((step.actions & MACHINE_LEAVE) != 0) {
		MUST(!machine_has_process(machine->phase));
		supervised->has_left = true;
	}
}

static void pass_time(struct supervised *supervised)
{
	struct machine *machine = &supervised->standing.machine;
	int64_t due_ns = machine_due_ns(machine);

	supervised->now_ns += 100000000;
	if (due_ns != 0 && due_ns <= supervised->now_ns)
		take_step(supervised, EVENT_TIMER, 0);
	if (supervised->lifetime != 0 &&
	    supervised->order_count % supervised->lifetime == 0 &&
	    machine_has_process(machine->phase))
		take_step(supervised, EVENT_EXITED, 0);
}

static void on_order(struct supervised *supervised,
		     const struct happening *order)
{
	supervised->order_count++;
	MUST(order->letter != CONTROL_FOR_GROUP);
	MUST(order->letter != CONTROL_FOR_PROCESS);
	if (supervised->orders.can_pass_on)
		MUST(order->letter != CONTROL_FOR_LOGGER);
	else
		MUST(!order->is_for_logger);
	if (order->is_for_logger)
		return;
	take_step(supervised, EVENT_COMMAND, order->letter);
	pass_time(supervised);
}

static void tell(struct site *site, const struct happening *happening)
{
	struct supervised *supervised = (struct supervised *)site;

	if (happening->kind == HAPPENED_ORDER)
		on_order(supervised, happening);
	else if (happening->kind == HAPPENED_REST)
		supervised->standing.is_rest_for_group =
			happening->is_for_group;
}

static void obey(struct supervised *supervised, const uint8_t *letters,
		 size_t count)
{
	const struct hook none = {.letter = 0};
	char byte;
	int ends[2];

	MUST(pipe2(ends, O_NONBLOCK) == 0);
	MUST(write(ends[1], letters, count) == (ssize_t)count);
	supervised->orders.watch.fd = ends[0];
	orders_read(&supervised->orders, &supervised->site, &none, ORDERS_MOST);
	MUST(supervised->order_count <= count);
	MUST(read(ends[0], &byte, 1) == -1); /* all was taken out */
	MUST(!supervised->orders.is_for_logger);
	MUST(!supervised->orders.is_for_group);
	close(ends[0]);
	close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service_config config = {.dialect = CONFIG_DAEMONTOOLS};
	struct supervised supervised = {
		.site = {.is_hosted = true, .tell = tell, .config = &config},
		.standing = {.machine = {.want = MACHINE_WANT_UP}},
		.now_ns = 1000000000,
	};

	if (size < 2 || size > FIFO_BYTES)
		return 0;
	if ((data[0] & IS_ENCORE) != 0)
		config.dialect = CONFIG_ENCORE;
	supervised.lifetime = data[1];
	supervised.site.standing = &supervised.standing;
	orders_begin(&supervised.orders, (data[0] & HAS_LOGGER) != 0);
	take_step(&supervised, EVENT_BEGIN, 0);
	obey(&supervised, data + 2, size - 2);
	return 0;
}
