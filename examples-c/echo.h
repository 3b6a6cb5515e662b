/* An echo: whatever is published under a name can be watched under the same name, with a mark in it. */
#ifndef ECHO_H
#define ECHO_H

#include "framewire.h"

/* Starts the thread that decides about publishers of `server` and sends back what they send. `events` are the
 * server's, which was made with `publish_requests`; they are the thread's from now on. 0: it runs. */
int echo_start(framewire_server *server, framewire_events *events);

/* Ends it. Call it before the server is freed. */
void echo_stop(void);

#endif
