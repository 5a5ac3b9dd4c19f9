/*
 * readiness.h -- telling whoever started a supervisor that it does its work.
 *
 * svscan tells svscanboot, by a byte in a pipe, whose number is in a variable;
 * who was started by systemd, or by a service directory with a file
 * "notify-socket", tells the socket that NOTIFY_SOCKET names. Neither variable
 * reaches a service, and what is told is told once: a program that takes over
 * by an upgrade has nobody to tell.
 * Source: sd_notify(3), unix(7).
 */
#ifndef SERVICE_READINESS_H
#define SERVICE_READINESS_H

#include <sys/un.h>

/* The variable that tells svscan the number of the pipe's write end. */
#define READINESS_VARIABLE "HOLDFAST_READY"

struct readiness {
	int fd; /* owned; -1: none */
	/* As in NOTIFY_SOCKET: a path, or '@' and an abstract name (Linux);
	 * "": none. */
	char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* Finds out whom to tell, and removes both variables. */
void readiness_take(struct readiness *readiness);

/* Tells it, the first time only; nobody waits for who doesn't listen. */
void readiness_tell(struct readiness *readiness);

/* Sends `message` to the socket, if there is one: "READY=1", "STOPPING=1". Lost
 * if nobody listens. */
void readiness_notify(const struct readiness *readiness, const char *message);

#endif
