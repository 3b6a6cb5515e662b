/* The library is loaded, streams, and is unloaded while it does: its threads go on. */
#include "framewire.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(truth) ((truth) ? (void)0 : (fprintf(stderr, "line %d: not so: %s\n", __LINE__, #truth), abort()))
#define LOAD(name) (*(void **)&name##_ = dlsym(library, #name), CHECK(name##_))
#define HELD(name) static __typeof__(&name) name##_

HELD(framewire_events_new);
HELD(framewire_source_new);
HELD(framewire_source_push_video);
HELD(framewire_source_free);
HELD(framewire_peer_new);
HELD(framewire_peer_send);
HELD(framewire_peer_offer);

int main(int argc, char **argv) {
    CHECK(argc == 2);
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(library);
    LOAD(framewire_events_new);
    LOAD(framewire_source_new);
    LOAD(framewire_source_push_video);
    LOAD(framewire_source_free);
    LOAD(framewire_peer_new);
    LOAD(framewire_peer_send);
    LOAD(framewire_peer_offer);
    framewire_events *events = NULL;
    framewire_source *source = NULL;
    framewire_peer *peer = NULL;
    static char offer[65536];
    framewire_source_options so = { .size = sizeof so, .width = 64, .height = 48 };
    framewire_peer_options po = { .size = sizeof po, .media_address = "127.0.0.1" };
    CHECK(framewire_events_new_(NULL, &events) == FRAMEWIRE_OK);
    so.events = po.events = events;
    CHECK(framewire_source_new_(&so, &source) == FRAMEWIRE_OK);
    CHECK(framewire_peer_new_(&po, &peer) == FRAMEWIRE_OK);
    CHECK(framewire_peer_send_(peer, NULL, source) == FRAMEWIRE_OK);
    CHECK(framewire_peer_offer_(peer, 10000, offer, sizeof offer, NULL) == FRAMEWIRE_OK);
    CHECK(dlclose(library) == 0);

    /* Gone for the program, not for the threads; whoever loads it again finds everything. */
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD));
    static uint8_t pixels[64 * 48];
    framewire_video_frame frame = {
        .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGB24, .width = 16, .height = 16, .planes = { pixels }
    };
    CHECK(framewire_source_push_video_(source, &frame, NULL) == FRAMEWIRE_OK);
    framewire_source_free_(source);
    CHECK(framewire_source_push_video_(source, &frame, NULL) == FRAMEWIRE_INVALID_HANDLE);
    return 0;
}
