/* order.c -- see order.h. */
#include <stddef.h>
#include <string.h>

#include "cmd/sv/order.h"

/* clang-format off */
static const struct order orders[] = {
	{"status",         ORDER_STATUS,  "",    CONDITION_NONE},
	{"up",             ORDER_COMMAND, "u",   CONDITION_STARTED},
	{"down",           ORDER_COMMAND, "d",   CONDITION_STOPPED},
	{"once",           ORDER_COMMAND, "o",   CONDITION_TRIED},
	{"pause",          ORDER_COMMAND, "p",   CONDITION_PAUSED},
	{"cont",           ORDER_COMMAND, "c",   CONDITION_CONTINUED},
	{"hup",            ORDER_COMMAND, "h",   CONDITION_NONE},
	{"alarm",          ORDER_COMMAND, "a",   CONDITION_NONE},
	{"interrupt",      ORDER_COMMAND, "i",   CONDITION_NONE},
	{"quit",           ORDER_COMMAND, "q",   CONDITION_NONE},
	{"1",              ORDER_COMMAND, "1",   CONDITION_NONE},
	{"2",              ORDER_COMMAND, "2",   CONDITION_NONE},
	{"abort",          ORDER_COMMAND, "b",   CONDITION_NONE},
	{"winch",          ORDER_COMMAND, "y",   CONDITION_NONE},
	{"term",           ORDER_COMMAND, "t",   CONDITION_ENDED},
	{"kill",           ORDER_COMMAND, "k",   CONDITION_ENDED},
	{"exit",           ORDER_COMMAND, "x",   CONDITION_GONE},
	{"start",          ORDER_ACTION,  "u",   CONDITION_STARTED},
	{"stop",           ORDER_ACTION,  "d",   CONDITION_STOPPED},
	{"restart",        ORDER_ACTION,  "tcu", CONDITION_RESTARTED},
	{"try-restart",    ORDER_ACTION,  "tc",  CONDITION_ENDED},
	{"reload",         ORDER_ACTION,  "h",   CONDITION_NONE},
	{"shutdown",       ORDER_ACTION,  "x",   CONDITION_GONE},
	{"check",          ORDER_ACTION,  "",    CONDITION_AS_WANTED},
	{"force-stop",     ORDER_FORCE,   "d",   CONDITION_STOPPED},
	{"force-reload",   ORDER_FORCE,   "tc",  CONDITION_ENDED},
	{"force-restart",  ORDER_FORCE,   "tcu", CONDITION_RESTARTED},
	{"force-shutdown", ORDER_FORCE,   "x",   CONDITION_GONE},
	/* Letters that no name above begins with, or not in first place. */
	{"x",              ORDER_COMMAND, "x",   CONDITION_GONE},
	{"D",              ORDER_FORCE,   "d",   CONDITION_STOPPED},
	{"T",              ORDER_FORCE,   "tc",  CONDITION_ENDED},
	{"X",              ORDER_FORCE,   "x",   CONDITION_GONE},
	{"E",              ORDER_FORCE,   "x",   CONDITION_GONE},
};
/* clang-format on */

#define ORDER_COUNT (sizeof(orders) / sizeof(orders[0]))

/* Actions have names that are written out. */
static bool goes_by_letter(const struct order *order)
{
	return order->kind == ORDER_STATUS || order->kind == ORDER_COMMAND ||
	       order->name[1] == '\0';
}

const struct order *order_find(const char *word)
{
	for (size_t i = 0; i < ORDER_COUNT; i++) {
		if (strcmp(word, orders[i].name) == 0)
			return &orders[i];
	}
	for (size_t i = 0; i < ORDER_COUNT; i++) {
		if (goes_by_letter(&orders[i]) && word[0] == orders[i].name[0])
			return &orders[i];
	}
	return NULL;
}

const char *order_name(size_t index)
{
	return index < ORDER_COUNT ? orders[index].name : NULL;
}
