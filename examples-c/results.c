/* Results beside the video: the test card, and with each frame what a detector would say of it: its number,
 * a box that follows the ball, and when it was said. The page draws it over the frame that it is about.
 *
 * Build and run it with `make examples` and target/examples-c/results, or by hand after `make build`:
 *   cc -pthread -Iinclude -o results examples-c/results.c examples-c/test_card.c \
 *      -Ltarget/release -lframewire -lm
 *   LD_LIBRARY_PATH=target/release ./results
 * then open the address it prints. When it ends (Ctrl-C, or FRAMEWIRE_SECONDS) every viewer hears why.
 * FRAMEWIRE_BIND and FRAMEWIRE_MEDIA_ADDRESS say where it listens, as in on_air.c. */
#define _POSIX_C_SOURCE 200809L
#include "framewire.h"
#include "test_card.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDTH = 1280, HEIGHT = 720, FPS = 30 };

static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

static void check(framewire_status status, const char *what) {
    if (status == FRAMEWIRE_OK)
        return;
    fprintf(stderr, "results: %s: %s\n", what, framewire_last_error());
    exit(1);
}

/* The clock of capture times. */
static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void wait_until(uint64_t time_us) {
    struct timespec time = { .tv_sec = (time_t)(time_us / 1000000), .tv_nsec = (long)(time_us % 1000000 * 1000) };
    while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
    }
}

static void push_picture(framewire_source *source, test_card *card, uint32_t number, uint64_t captured) {
    framewire_video_frame frame = {
        .size = sizeof frame,
        .format = FRAMEWIRE_FORMAT_RGBA,
        .width = WIDTH,
        .height = HEIGHT,
        .planes = { test_card_draw(card, number, captured) },
        .capture_time_us = captured,
    };
    check(framewire_source_push_video(source, &frame, NULL), "push_video");
}

/* What is known of that frame. Each field is JSON; `boxes`, `units` and `text` are what the page draws. */
static void send_result(framewire_results *results, framewire_source *source, const test_card *card, uint32_t number,
                        uint64_t captured) {
    float x, y, r;
    test_card_ball(card, number, &x, &y, &r);
    uint64_t said = now_us();
    char boxes[160], text[96], frame[16], time[32];
    snprintf(boxes, sizeof boxes, "[{\"x\":%d,\"y\":%d,\"width\":%d,\"height\":%d,\"label\":\"ball\"}]",
             (int)(x - r), (int)(y - r), (int)(2 * r), (int)(2 * r));
    snprintf(text, sizeof text, "\"frame %u, said %.1f ms after capture\"", number, (said - captured) / 1000.0);
    snprintf(frame, sizeof frame, "%u", number);
    snprintf(time, sizeof time, "%llu", (unsigned long long)said);
    framewire_field fields[] = {
        { .name = "boxes", .json = boxes }, { .name = "units", .json = "\"pixels\"" }, { .name = "text", .json = text },
        { .name = "frame", .json = frame }, { .name = "said_us", .json = time },
    };
    uint32_t timestamp; /* names the frame to every viewer */
    check(framewire_source_rtp_timestamp(source, captured, &timestamp), "rtp_timestamp");
    framewire_result result = {
        .size = sizeof result,
        .fields = fields,
        .field_count = sizeof fields / sizeof *fields,
        .pts = timestamp,
        .time_base = 1.0 / 90000,
        .declared_fps = FPS,
        .width = WIDTH,
        .height = HEIGHT,
    };
    check(framewire_results_send_result(results, number, &result), "send_result");
}

int main(void) {
    const char *seconds = getenv("FRAMEWIRE_SECONDS");
    double frames = seconds ? atof(seconds) * FPS : UINT32_MAX - 1.0;
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads a pipe wants each line at once */
    struct sigaction action = { .sa_handler = stop };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    framewire_source *source = NULL;
    framewire_results *results = NULL;
    framewire_server *server = NULL;
    framewire_source_options so = {
        .size = sizeof so, .media = FRAMEWIRE_MEDIA_VIDEO, .width = WIDTH, .height = HEIGHT, .fps = FPS,
    };
    framewire_server_options vo = {
        .size = sizeof vo, .bind = getenv("FRAMEWIRE_BIND"), .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS"),
    };
    check(framewire_source_new(&so, &source), "source_new");
    check(framewire_results_new(NULL, &results), "results_new");
    check(framewire_server_new(&vo, &server), "server_new");
    check(framewire_server_publish_with_results(server, "test", source, results), "server_publish");
    char address[64];
    check(framewire_server_address(server, address, sizeof address, NULL), "server_address");
    printf("with results: http://%s/watch/test\n", address);

    test_card *card = test_card_new(WIDTH, HEIGHT, FPS);
    if (!card) {
        fprintf(stderr, "results: no memory for the card\n");
        return 1;
    }
    uint64_t start = now_us();
    for (uint32_t number = 0; number < frames && !stopped; number++) {
        wait_until(start + (uint64_t)number * 1000000 / FPS);
        uint64_t captured = now_us();
        push_picture(source, card, number, captured);
        send_result(results, source, card, number, captured);
    }

    /* The last word: sent, and waited for, before anything is taken down. */
    uint64_t told = 0;
    uint32_t reason = stopped ? FRAMEWIRE_TERMINATION_CANCELLED : FRAMEWIRE_TERMINATION_TIMEOUT_REACHED;
    check(framewire_results_complete(results, reason, NULL, 5000, &told), "results_complete");
    printf("told %llu viewers that it is over\n", (unsigned long long)told);
    framewire_server_free(server);
    framewire_results_free(results);
    framewire_source_free(source);
    test_card_free(card);
    return 0;
}
