/* What the C tests share. */
#ifndef CHECK_H
#define CHECK_H

#include "framewire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__ /* gcc */
#define SANITIZED 1
#elif defined __has_feature
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

#define CHECK(truth)                                                                               \
    ((truth) ? (void)0 : (fprintf(stderr, "%s:%d: not so: %s (last error: %s)\n", __FILE__,        \
                                  __LINE__, #truth, framewire_last_error()), abort()))

/* The status, and a sentence that holds `words`. */
#define FAILS(call, status, words)                                                                 \
    do {                                                                                           \
        CHECK((call) == (status));                                                                 \
        CHECK(strstr(framewire_last_error(), (words)) != NULL);                                    \
    } while (0)

#define OK(call) CHECK((call) == FRAMEWIRE_OK)

/* A token of its kind that never was a handle. */
#define MADE_UP(type, bits) ((type *)(uintptr_t)(bits))

/* Resident kilobytes of this process. */
static inline long resident_kb(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%ld %ld", &pages, &resident) == 2);
    fclose(file);
    return resident * 4;
}

/* Open descriptors of this process. */
static inline int descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        char path[64];
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        if ((file = fopen(path, "r"))) {
            count++;
            fclose(file);
        }
    }
    return count;
}

static inline framewire_source *new_source(framewire_events *events) {
    framewire_source_options options = { .size = sizeof options, .events = events, .width = 64, .height = 48 };
    framewire_source *source = NULL;
    OK(framewire_source_new(&options, &source));
    return source;
}

static inline framewire_peer *new_peer(framewire_events *events) {
    framewire_peer_options options = { .size = sizeof options, .events = events, .media_address = "127.0.0.1" };
    framewire_peer *peer = NULL;
    OK(framewire_peer_new(&options, &peer));
    return peer;
}

static inline framewire_server *new_server(framewire_events *events) {
    framewire_server_options options = {
        .size = sizeof options, .events = events, .bind = "127.0.0.1:0", .media_address = "127.0.0.1"
    };
    framewire_server *server = NULL;
    OK(framewire_server_new(&options, &server));
    return server;
}

static inline framewire_events *new_events(void) {
    framewire_events *events = NULL;
    OK(framewire_events_new(NULL, &events));
    return events;
}

#endif
