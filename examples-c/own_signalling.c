/* Own signalling: no HTTP of ours. An offer comes in as text, an answer goes out as text, and how
 * they travel is the program's business; here a file (or stdin) and stdout. What happens then is
 * waited for in both ways that there are: by descriptor in a poll loop, or by callback.
 *
 * Build it with `make examples`, or by hand in the project's folder after `make build`:
 *   cc -Iinclude -o own_signalling examples-c/own_signalling.c examples-c/test_card.c -Ltarget/release -lframewire -lm
 *   LD_LIBRARY_PATH=target/release ./own_signalling poll|callback [OFFER] >ANSWER
 * It ends when the viewer leaves, or after FRAMEWIRE_SECONDS. FRAMEWIRE_MEDIA_ADDRESS: as in on_air.c. */
#define _POSIX_C_SOURCE 200809L
#include "framewire.h"
#include "test_card.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 1280, HEIGHT = 720, FPS = 30, FRAME_US = 1000000 / FPS };

/* What the way of waiting shares with the event handler. */
struct session {
    framewire_source *source;
    test_card *card;
    uint32_t number, last;
    int over, failed;
    pthread_mutex_t lock; /* by callback, events come on another thread */
};

static void check(framewire_status status, const char *what) {
    if (status == FRAMEWIRE_OK)
        return;
    fprintf(stderr, "own_signalling: %s: %s\n", what, framewire_last_error());
    exit(1);
}

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Both ways bring every event here. */
static void handle(struct session *session, const framewire_event *event) {
    switch (event->kind) {
    case FRAMEWIRE_EVENT_ANSWER:
        fputs(event->text, stdout);
        fflush(stdout);
        break;
    case FRAMEWIRE_EVENT_NEGOTIATION_FAILED:
        fprintf(stderr, "no answer: %s\n", event->text);
        session->over = session->failed = 1;
        break;
    case FRAMEWIRE_EVENT_PEER_STATE:
        fprintf(stderr, "%s: %s\n", event->stream, event->text);
        if (event->value == FRAMEWIRE_PEER_FAILED || event->value == FRAMEWIRE_PEER_CLOSED)
            session->over = 1;
        break;
    }
}

static void push(struct session *session) {
    uint64_t captured = now_us();
    framewire_video_frame frame = {
        .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGBA, .width = WIDTH, .height = HEIGHT,
        .planes = { test_card_draw(session->card, session->number++, captured) },
        .capture_time_us = captured,
    };
    check(framewire_source_push_video(session->source, &frame, NULL), "push_video");
    session->over |= session->number >= session->last;
}

/* One thread that does everything, and a descriptor beside those it has already. */
static void run_by_poll(struct session *session, framewire_events *events) {
    struct pollfd fd = { .fd = framewire_events_fd(events), .events = POLLIN };
    uint64_t due = now_us();
    while (!session->over) {
        uint64_t now = now_us();
        /* Events are looked for also when the pictures are late: a slow machine must answer all the same. */
        if (poll(&fd, 1, now >= due ? 0 : (int)((due - now + 999) / 1000)) > 0) {
            framewire_event event = { .size = sizeof event };
            while (framewire_events_next(events, 0, &event) == FRAMEWIRE_OK)
                handle(session, &event);
        }
        if (now >= due) {
            push(session);
            due += FRAME_US;
        }
    }
}

/* Comes on a thread of the library, one event at a time. */
static void on_event(void *context, const framewire_event *event) {
    struct session *session = context;
    pthread_mutex_lock(&session->lock);
    handle(session, event);
    pthread_mutex_unlock(&session->lock);
}

/* Events look after themselves; this thread has the pictures to make. */
static void run_by_callback(struct session *session) {
    uint64_t due = now_us();
    for (int over = 0; !over;) {
        struct timespec time = { .tv_sec = (time_t)(due / 1000000), .tv_nsec = (long)(due % 1000000 * 1000) };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        pthread_mutex_lock(&session->lock);
        push(session);
        over = session->over;
        pthread_mutex_unlock(&session->lock);
        due += FRAME_US;
    }
}

int main(int argc, char **argv) {
    static char offer[65537];
    const char *seconds = getenv("FRAMEWIRE_SECONDS");
    int by_callback = argc > 1 && strcmp(argv[1], "callback") == 0;
    FILE *file = argc > 2 ? fopen(argv[2], "r") : stdin;
    if (argc < 2 || argc > 3 || (!by_callback && strcmp(argv[1], "poll") != 0) || !file) {
        fprintf(stderr, "own_signalling poll|callback [OFFER] >ANSWER\n");
        return 2;
    }
    offer[fread(offer, 1, sizeof offer - 1, file)] = 0;

    struct session session = { .last = seconds ? (uint32_t)(atof(seconds) * FPS) : UINT32_MAX,
                               .card = test_card_new(WIDTH, HEIGHT, FPS), .lock = PTHREAD_MUTEX_INITIALIZER };
    framewire_events *events = NULL;
    framewire_peer *peer = NULL;
    framewire_events_options eo = { .size = sizeof eo };
    if (by_callback)
        eo.callback = (framewire_events_callback){ .call = on_event, .context = &session };
    check(framewire_events_new(&eo, &events), "events_new");
    framewire_source_options so = { .size = sizeof so, .events = events, .media = FRAMEWIRE_MEDIA_VIDEO };
    check(framewire_source_new(&so, &session.source), "source_new");
    framewire_peer_options po = { .size = sizeof po, .events = events, .stream = "card",
                                  .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS") };
    check(framewire_peer_new(&po, &peer), "peer_new");
    check(framewire_peer_send(peer, NULL, session.source), "peer_send");
    check(framewire_peer_answer_async(peer, offer), "peer_answer_async");

    by_callback ? run_by_callback(&session) : run_by_poll(&session, events);

    framewire_peer_free(peer);
    framewire_source_free(session.source);
    framewire_events_free(events);
    test_card_free(session.card);
    return session.failed;
}
