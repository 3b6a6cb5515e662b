/* Events by descriptor, by waiting and by callback; objects that end inside their own callback. */
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

/* A peer tells of its state when it is asked to answer nonsense: connecting, then failed. */
static void provoke(framewire_peer *peer) { OK(framewire_peer_answer_async(peer, "nonsense")); }

static void by_descriptor(void) {
    framewire_events *events = new_events();
    framewire_peer_options options = { .size = sizeof options, .events = events, .stream = "camera" };
    framewire_peer *peer = NULL;
    OK(framewire_peer_new(&options, &peer));
    struct pollfd fd = { .fd = framewire_events_fd(events), .events = POLLIN };
    CHECK(fd.fd >= 0 && framewire_events_fd(events) == fd.fd);
    CHECK(poll(&fd, 1, 0) == 0);
    provoke(peer);
    for (int failed = 0; !failed;) {
        CHECK(poll(&fd, 1, 10000) == 1);
        framewire_event event = { .size = sizeof event };
        while (framewire_events_next(events, 0, &event) == FRAMEWIRE_OK) {
            CHECK(event.object == (uint64_t)(uintptr_t)peer && event.size == sizeof event && event.lost == 0);
            CHECK(strcmp(event.stream, "camera") == 0 && strlen(event.text) == event.text_length);
            if (event.kind == FRAMEWIRE_EVENT_NEGOTIATION_FAILED) {
                CHECK(event.value == FRAMEWIRE_MALFORMED && event.text_length > 0);
                failed = 1;
            }
        }
        CHECK(poll(&fd, 1, 0) == 0 || failed);
    }
    framewire_peer_free(peer);
    framewire_events_free(events);
}

/* The text of an event outlives other calls, other threads and the queue itself. */
static void *other_reader(void *events) {
    framewire_event event = { .size = sizeof event };
    OK(framewire_events_next(events, 10000, &event));
    return NULL;
}

static void texts_stay(void) {
    framewire_events *events = new_events();
    framewire_peer *peer = new_peer(events);
    framewire_event event = { .size = sizeof event };
    pthread_t thread;
    provoke(peer);
    OK(framewire_events_next(events, 10000, &event));
    char copy[256];
    snprintf(copy, sizeof copy, "%s", event.text);
    CHECK(pthread_create(&thread, NULL, other_reader, events) == 0 && pthread_join(thread, NULL) == 0);
    framewire_peer_free(peer);
    framewire_events_free(events);
    CHECK(strcmp(copy, event.text) == 0);
}

static void *waiter(void *events) {
    framewire_event event = { .size = sizeof event };
    CHECK(framewire_events_next(events, -1, &event) != FRAMEWIRE_OK);
    return NULL;
}

static void waiters_wake(void) {
    framewire_events *events = new_events();
    pthread_t threads[4];
    for (int n = 0; n < 4; n++)
        CHECK(pthread_create(&threads[n], NULL, waiter, events) == 0);
    framewire_events_free(events);
    for (int n = 0; n < 4; n++)
        CHECK(pthread_join(threads[n], NULL) == 0);
}

/* What a callback counts, and waits for. */
struct told {
    framewire_events *events;
    framewire_peer *peer;
    atomic_int calls, drops, after;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int step;
};

static void step(struct told *told, int reached) {
    pthread_mutex_lock(&told->lock);
    told->step = reached;
    pthread_cond_broadcast(&told->changed);
    pthread_mutex_unlock(&told->lock);
}

static void await(struct told *told, int least) {
    pthread_mutex_lock(&told->lock);
    while (told->step < least)
        pthread_cond_wait(&told->changed, &told->lock);
    pthread_mutex_unlock(&told->lock);
}

static void on_drop(void *context) {
    struct told *told = context;
    CHECK(told->drops++ == 0);
    step(told, 100);
}

#define TOLD { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

static framewire_events *with_callback(struct told *told, void (*call)(void *, const framewire_event *)) {
    framewire_events_options options = {
        .size = sizeof options, .callback = { .call = call, .drop = on_drop, .context = told }
    };
    OK(framewire_events_new(&options, &told->events));
    FAILS(framewire_events_fd(told->events), (int)FRAMEWIRE_INVALID_STATE, "has a callback");
    framewire_event event = { .size = sizeof event };
    FAILS(framewire_events_next(told->events, 0, &event), FRAMEWIRE_INVALID_STATE, "has a callback");
    return told->events;
}

static void free_both(void *context, const framewire_event *event) {
    struct told *told = context;
    CHECK(event->object == (uint64_t)(uintptr_t)told->peer && told->calls++ == 0);
    framewire_peer_free(told->peer);
    framewire_events_free(told->events);
    CHECK(told->drops == 0 && strlen(event->text) == event->text_length);
}

static void free_inside(void) {
    struct told told = TOLD;
    told.peer = new_peer(with_callback(&told, free_both));
    provoke(told.peer);
    await(&told, 100);
    CHECK(told.calls == 1 && told.drops == 1);
}

static void hold(void *context, const framewire_event *event) {
    struct told *told = context;
    (void)event;
    told->calls++;
    if (told->step == 0) {
        step(told, 1);
        await(told, 2);
    }
    told->after++;
}

static void *free_peer(void *context) {
    struct told *told = context;
    framewire_peer_free(told->peer);
    CHECK(told->after == told->calls); /* no call about it is running */
    return NULL;
}

static void free_waits_for_the_call(void) {
    struct told told = TOLD;
    pthread_t thread;
    told.peer = new_peer(with_callback(&told, hold));
    provoke(told.peer);
    await(&told, 1);
    CHECK(pthread_create(&thread, NULL, free_peer, &told) == 0);
    /* It cannot be seen to wait; but it has to see `after`. */
    sched_yield();
    step(&told, 2);
    CHECK(pthread_join(thread, NULL) == 0);
    int calls = told.calls;
    framewire_events_free(told.events);
    CHECK(told.calls == calls && told.drops == 1);
}

static void free_does_not_wait_for_ever(void) {
    struct told told = TOLD;
    struct timespec start, end;
    told.peer = new_peer(with_callback(&told, hold));
    provoke(told.peer);
    await(&told, 1);
    clock_gettime(CLOCK_MONOTONIC, &start);
    framewire_peer_free(told.peer);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double took = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    CHECK(took >= 0.99 && took < 1.5 && told.after == 0);
    step(&told, 2);
    framewire_events_free(told.events);
    CHECK(told.calls == 1 && told.drops == 1);
}

/* `drop` comes also when the call fails. */
static void ours_from_the_call_on(void) {
    struct told told = TOLD;
    framewire_events_options options = {
        .size = sizeof options, .capacity = SIZE_MAX,
        .callback = { .call = hold, .drop = on_drop, .context = &told },
    };
    FAILS(framewire_events_new(&options, &told.events), FRAMEWIRE_INVALID_ARGUMENT, "capacity");
    CHECK(told.drops == 1);
    told.drops = 0;
    options.capacity = 0;
    FAILS(framewire_events_new(&options, NULL), FRAMEWIRE_INVALID_ARGUMENT, "events is NULL");
    CHECK(told.drops == 1);
}

static void on_line(void *context, const framewire_log_line *line) {
    struct told *told = context;
    CHECK(line->size == sizeof *line && *line->target && *line->text && line->level <= FRAMEWIRE_LOG_TRACE);
    step(told, 1);
}

static void logs(void) {
    struct told told = TOLD;
    framewire_log *log = NULL;
    framewire_log_options options = {
        .size = sizeof options, .level = FRAMEWIRE_LOG_TRACE,
        .callback = { .call = on_line, .drop = on_drop, .context = &told },
    };
    OK(framewire_log_new(&options, &log));
    framewire_peer *peer = new_peer(NULL);
    await(&told, 1);
    framewire_peer_free(peer);
    framewire_log_free(log);
    CHECK(told.drops == 1);
    framewire_log_free(log);
}

int main(void) {
    by_descriptor();
    texts_stay();
    waiters_wake();
    free_inside();
    free_waits_for_the_call();
    free_does_not_wait_for_ever();
    ours_from_the_call_on();
    logs();
    return 0;
}
