/* See echo.h. One thread waits for everything at once: news of publishers, pictures and sound of each. */
#define _POSIX_C_SOURCE 200809L
#include "echo.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STREAMS = 8, SIDE = 48 };

/* One name. A publisher may take the place of another: both are its users for a moment. */
struct stream {
    char name[65];
    int users;
    framewire_sink *sink;
    framewire_source *source;
    uint8_t *pixels;
    size_t capacity;
};

static struct {
    framewire_server *server;
    framewire_events *events;
    pthread_t thread;
    int stop[2]; /* a pipe */
    struct stream streams[STREAMS];
} echo;

static struct stream *find(const char *name) {
    for (struct stream *stream = echo.streams; stream < echo.streams + STREAMS; stream++)
        if (strcmp(stream->name, name) == 0)
            return stream;
    return NULL;
}

static void end(struct stream *stream) {
    if (stream->name[0])
        framewire_server_unpublish(echo.server, stream->name);
    framewire_source_free(stream->source);
    framewire_sink_free(stream->sink);
    free(stream->pixels);
    memset(stream, 0, sizeof *stream);
}

/* A sink for what comes, a source for what goes out, under one name. */
static struct stream *begin(const char *name) {
    framewire_sink_options ko = { .size = sizeof ko, .format = FRAMEWIRE_FORMAT_RGBA };
    framewire_source_options so = { .size = sizeof so, .width = 640, .height = 480 };
    struct stream *stream = find(name);
    if (stream)
        return stream;
    if (!(stream = find("")) || strlen(name) >= sizeof stream->name)
        return NULL;
    if (framewire_sink_new(&ko, &stream->sink) || framewire_source_new(&so, &stream->source) ||
        framewire_server_publish(echo.server, name, stream->source)) {
        fprintf(stderr, "echo of %s: %s\n", name, framewire_last_error());
        end(stream); /* a name that is on the air already, say */
        return NULL;
    }
    strcpy(stream->name, name);
    return stream;
}

/* A square that walks through the picture, its colours turned round: the program had the frame in hand. */
static void draw(uint8_t *pixels, uint32_t width, uint32_t height, uint64_t number) {
    uint32_t side = width < height ? width : height;
    side = side < SIDE ? side : SIDE;
    uint32_t across = width - side + 1, down = height - side + 1;
    uint32_t left = (uint32_t)(number * 4 % across), top = (uint32_t)(number * 3 % down);
    for (uint32_t y = top; y < top + side; y++)
        for (uint32_t x = left; x < left + side; x++)
            for (int colour = 0; colour < 3; colour++)
                pixels[((size_t)y * width + x) * 4 + colour] ^= 0xff;
}

static void send_picture(struct stream *stream, framewire_frame *frame) {
    framewire_video_frame view = { .size = sizeof view };
    framewire_frame_info info = { .size = sizeof info };
    if (framewire_frame_view(frame, &view) || framewire_frame_get_info(frame, &info))
        return;
    size_t bytes = (size_t)view.width * view.height * 4;
    if (bytes > stream->capacity) {
        free(stream->pixels);
        stream->pixels = malloc(bytes);
        stream->capacity = stream->pixels ? bytes : 0;
    }
    if (!stream->pixels)
        return;
    /* The frame is shared: what is drawn goes into a copy. Frames of a sink have no padding. */
    memcpy(stream->pixels, view.planes[0], bytes);
    draw(stream->pixels, view.width, view.height, info.number);
    view.planes[0] = stream->pixels;
    framewire_source_push_video(stream->source, &view, NULL); /* with its capture time: sound stays in step */
}

static void pass_on(struct stream *stream) {
    framewire_frame *frame = NULL;
    framewire_audio_frame sound = { .size = sizeof sound };
    while (framewire_sink_next_video(stream->sink, 0, &frame) == FRAMEWIRE_OK) {
        send_picture(stream, frame);
        framewire_frame_unref(frame);
    }
    while (framewire_sink_next_audio(stream->sink, 0, &frame) == FRAMEWIRE_OK) {
        if (framewire_frame_audio_view(frame, &sound) == FRAMEWIRE_OK)
            framewire_source_push_audio(stream->source, &sound);
        framewire_frame_unref(frame);
    }
}

static void news(void) {
    framewire_event event = { .size = sizeof event };
    while (framewire_events_next(echo.events, 0, &event) == FRAMEWIRE_OK) {
        struct stream *stream;
        if (event.kind == FRAMEWIRE_EVENT_PUBLISH_REQUEST) {
            if (!(stream = begin(event.stream)))
                framewire_server_refuse(echo.server, event.value, "there is no room for this stream");
            else if (framewire_server_accept(echo.server, event.value, stream->sink) == FRAMEWIRE_OK)
                stream->users++;
            else if (stream->users == 0)
                end(stream); /* whoever asked is gone */
        } else if (event.kind == FRAMEWIRE_EVENT_PUBLISH_ENDED && (stream = find(event.stream)) && stream->name[0]) {
            if (--stream->users == 0)
                end(stream);
        }
    }
}

static void *run(void *unused) {
    (void)unused;
    for (;;) {
        struct pollfd wait[2 + 2 * STREAMS] = { { echo.stop[0], POLLIN, 0 },
                                                { framewire_events_fd(echo.events), POLLIN, 0 } };
        for (int n = 0; n < STREAMS; n++) {
            struct stream *stream = &echo.streams[n];
            int32_t state = FRAMEWIRE_TRACK_ENDED;
            for (int kind = 0; kind < 2; kind++) { /* a track that is over stays readable: nothing is waited for */
                uint32_t media = kind ? FRAMEWIRE_MEDIA_AUDIO : FRAMEWIRE_MEDIA_VIDEO;
                int live = stream->name[0] && framewire_sink_get_track(stream->sink, media, &state) == FRAMEWIRE_OK &&
                           state < FRAMEWIRE_TRACK_ENDED;
                wait[2 + 2 * n + kind] = (struct pollfd){ live ? framewire_sink_fd(stream->sink, media) : -1, POLLIN, 0 };
            }
        }
        poll(wait, sizeof wait / sizeof *wait, -1);
        if (wait[0].revents)
            return NULL;
        for (int n = 0; n < STREAMS; n++)
            if (wait[2 + 2 * n].revents || wait[3 + 2 * n].revents)
                pass_on(&echo.streams[n]);
        news();
    }
}

int echo_start(framewire_server *server, framewire_events *events) {
    echo.server = server;
    echo.events = events;
    return pipe(echo.stop) || pthread_create(&echo.thread, NULL, run, NULL);
}

void echo_stop(void) {
    close(echo.stop[1]); /* the other end becomes readable */
    pthread_join(echo.thread, NULL);
    close(echo.stop[0]);
    for (int n = 0; n < STREAMS; n++)
        end(&echo.streams[n]);
}
