/* On the air: a moving picture and a tone, pushed raw, watched in any browser. And an echo: what a browser
 * publishes under any other name can be watched under that name.
 *
 * Build and run it with `make demo`, or by hand in the project's folder after `make build`:
 *   cc -pthread -Iinclude -o on_air examples-c/on_air.c examples-c/test_card.c examples-c/echo.c \
 *      -Ltarget/release -lframewire -lm
 *   LD_LIBRARY_PATH=target/release ./on_air
 * then open the address it prints. The environment may say more:
 *   FRAMEWIRE_BIND           where the server listens; 127.0.0.1:8080
 *   FRAMEWIRE_SECONDS        how long it runs; until Ctrl-C
 *   FRAMEWIRE_MEDIA_ADDRESS  the one local address for media; every interface's */
#define _POSIX_C_SOURCE 200809L
#include "echo.h"
#include "framewire.h"
#include "test_card.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDTH = 1280, HEIGHT = 720, FPS = 30, SAMPLES = TEST_CARD_RATE / FPS };

static volatile sig_atomic_t stopped;

static void stop(int signal) {
    (void)signal;
    stopped = 1;
}

/* Every call answers with a status; the sentence behind it is in framewire_last_error(). */
static void check(framewire_status status, const char *what) {
    if (status == FRAMEWIRE_OK)
        return;
    fprintf(stderr, "on_air: %s: %s\n", what, framewire_last_error());
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

static void push_picture(framewire_source *source, test_card *card, uint32_t number) {
    uint64_t captured = now_us();
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

static void push_sound(framewire_source *source, uint32_t number, uint64_t captured) {
    int16_t samples[SAMPLES];
    test_card_tone(samples, SAMPLES, (uint64_t)number * SAMPLES);
    framewire_audio_frame frame = {
        .size = sizeof frame,
        .format = FRAMEWIRE_SAMPLE_S16,
        .samples = samples,
        .sample_rate = TEST_CARD_RATE,
        .channels = 1,
        .frames = SAMPLES,
        .capture_time_us = captured,
    };
    check(framewire_source_push_audio(source, &frame), "push_audio");
}

/* One line a second. */
static void report(framewire_source *source) {
    static uint64_t last_bytes, last_us;
    framewire_source_stats stats = { .size = sizeof stats };
    check(framewire_source_get_stats(source, &stats), "get_stats");
    uint64_t bytes = stats.video_bytes + stats.audio_bytes, now = now_us();
    last_us = last_us ? last_us : now - 1000000;
    printf("viewers %llu  pushed %llu  encoded %llu  dropped %llu  %llu kbit/s  push to sent p50 %.1f ms p99 %.1f ms\n",
           (unsigned long long)stats.viewers, (unsigned long long)stats.video_pushed,
           (unsigned long long)stats.video_encoded,
           (unsigned long long)(stats.video_evicted + stats.video_skipped + stats.video_rate_dropped),
           (unsigned long long)((bytes - last_bytes) * 8000 / (now - last_us)),
           stats.push_to_sent.p50_us / 1000.0, stats.push_to_sent.p99_us / 1000.0);
    last_bytes = bytes;
    last_us = now;
}

int main(void) {
    const char *seconds = getenv("FRAMEWIRE_SECONDS");
    double frames = seconds ? atof(seconds) * FPS : UINT32_MAX;
    if (framewire_abi_version() != FRAMEWIRE_ABI_VERSION) {
        fprintf(stderr, "on_air: compiled for another libframewire than it found\n");
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads a pipe wants each line at once */
    struct sigaction action = { .sa_handler = stop };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    framewire_source *source = NULL;
    framewire_server *server = NULL;
    framewire_events *events = NULL;
    check(framewire_events_new(NULL, &events), "events_new");
    framewire_source_options so = { .size = sizeof so, .width = WIDTH, .height = HEIGHT, .fps = FPS };
    framewire_server_options vo = {
        .size = sizeof vo,
        .bind = getenv("FRAMEWIRE_BIND"),
        .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS"),
        .events = events,
        .publish_requests = 1,
        .take_over = 1,
    };
    check(framewire_source_new(&so, &source), "source_new");
    check(framewire_server_new(&vo, &server), "server_new");
    check(framewire_server_publish(server, "test", source), "server_publish");
    char address[64];
    check(framewire_server_address(server, address, sizeof address, NULL), "server_address");
    printf("on the air: http://%s/watch/test\n", address);
    printf("publish at: http://%s/publish/cam, and watch it at /watch/cam\n", address);
    if (echo_start(server, events)) {
        perror("on_air: the echo");
        return 1;
    }

    test_card *card = test_card_new(WIDTH, HEIGHT, FPS);
    if (!card) {
        fprintf(stderr, "on_air: no memory for the card\n");
        return 1;
    }
    uint64_t start = now_us();
    for (uint32_t number = 0; number < frames && !stopped; number++) {
        uint64_t due = start + (uint64_t)number * 1000000 / FPS, now = now_us();
        if (now > due + 1000000) /* the machine slept: go on from here instead of catching up */
            start += now - due;
        wait_until(due);
        push_picture(source, card, number);
        push_sound(source, number, due);
        if (number % FPS == FPS - 1)
            report(source);
    }

    echo_stop();
    framewire_server_free(server);
    framewire_events_free(events);
    framewire_source_free(source);
    test_card_free(card);
    return 0;
}
