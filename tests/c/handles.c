/* Handles that are stale, freed twice or of another kind; what 10,000 of them leave behind. */
#include "check.h"

static void stale(void) {
    framewire_events *events = new_events();
    framewire_event event = { .size = sizeof event };
    framewire_events_free(events);
    framewire_events_free(events);
    FAILS(framewire_events_next(events, 0, &event), FRAMEWIRE_INVALID_HANDLE, "has been freed");
    framewire_events *next = new_events(); /* in the same slot */
    CHECK(next != events);
    FAILS(framewire_events_next(events, 0, &event), FRAMEWIRE_INVALID_HANDLE, "has been freed");
    framewire_events_free(events);
    FAILS(framewire_events_next(next, 0, &event), FRAMEWIRE_TIMEOUT, "no event");

    /* Of another kind. */
    FAILS(framewire_source_request_keyframe((framewire_source *)(void *)next), FRAMEWIRE_INVALID_HANDLE, "no source handle");
    framewire_peer_free((framewire_peer *)(void *)next);
    FAILS(framewire_events_next(next, 0, &event), FRAMEWIRE_TIMEOUT, "no event");
    framewire_events_free(next);
}

static void freed_while_used(void) {
    framewire_source *source = new_source(NULL);
    framewire_peer *peer = new_peer(NULL);
    OK(framewire_peer_send(peer, NULL, source));
    framewire_source_free(source);
    FAILS(framewire_peer_send(peer, NULL, source), FRAMEWIRE_INVALID_HANDLE, "has been freed");
    FAILS(framewire_source_request_keyframe(source), FRAMEWIRE_INVALID_HANDLE, "has been freed");
    framewire_peer_free(peer);
    framewire_peer_free(peer);
    framewire_source_free(source);
}

static void quiet(void *context, const framewire_event *event) { (void)context, (void)event; }

static void count(void *context) { ++*(int *)context; }

static void cycle(int *dropped) {
    framewire_events_options eo = {
        .size = sizeof eo, .callback = { .call = quiet, .drop = count, .context = dropped }
    };
    framewire_events *told = NULL, *read = new_events();
    CHECK(framewire_events_fd(read) >= 0);
    OK(framewire_events_new(&eo, &told));
    framewire_source *source = new_source(told);
    framewire_peer *peer = new_peer(read);
    OK(framewire_peer_send(peer, NULL, source));
    framewire_peer_free(peer);
    framewire_source_free(source);
    framewire_events_free(read);
    framewire_events_free(told);
}

int main(int argc, char **argv) {
    int dropped = 0, cycles = argc > 1 ? atoi(argv[1]) : 10000;
    stale();
    freed_while_used();
    for (int n = 0; n < cycles / 10; n++)
        cycle(&dropped);
    long kilobytes = resident_kb();
    int open = descriptors();
    for (int n = cycles / 10; n < cycles; n++)
        cycle(&dropped);
    CHECK(dropped == cycles);
    CHECK(descriptors() == open);
    printf("%ld kB after a tenth, %ld kB at the end\n", kilobytes, resident_kb());
    /* AddressSanitizer keeps what is freed in quarantine: there LeakSanitizer decides. */
    if (!SANITIZED)
        CHECK(resident_kb() < kilobytes + 2048);
    return 0;
}
