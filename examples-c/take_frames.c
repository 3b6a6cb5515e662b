/* Takes what a browser publishes: pictures to Y4M files, sound to a WAV file, until the browser leaves.
 *
 * Build it in the project's folder after `make build`, or with `make examples`:
 *   cc -Iinclude -o take_frames examples-c/take_frames.c -Ltarget/release -lframewire
 *   LD_LIBRARY_PATH=target/release ./take_frames FOLDER
 * then open the address it prints and publish. What it writes can be played: mpv, ffplay, VLC.
 *   FRAMEWIRE_BIND           where the server listens; 127.0.0.1:8080
 *   FRAMEWIRE_MEDIA_ADDRESS  the one local address for media; every interface's */
#define _POSIX_C_SOURCE 200809L
#include "framewire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FPS = 30, RATE = 48000, CHANNELS = 2 };

static const char *folder;
static uint64_t start; /* capture time of the first thing that came: where both files begin */

static void check(framewire_status status, const char *what) {
    if (status == FRAMEWIRE_OK)
        return;
    fprintf(stderr, "take_frames: %s: %s\n", what, framewire_last_error());
    exit(1);
}

static FILE *create(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* One picture. A Y4M file has one size and a constant rate: another size begins another file, and a picture
 * is written as often as its capture time asks for. */
static void write_picture(framewire_frame *frame) {
    static FILE *file;
    static uint32_t width, height, files;
    static uint64_t written; /* pictures, since `start` */
    framewire_video_frame view = { .size = sizeof view };
    check(framewire_frame_view(frame, &view), "frame_view");
    start = start ? start : view.capture_time_us;
    if (!file || view.width != width || view.height != height) {
        char name[64];
        snprintf(name, sizeof name, "picture_%u_%ux%u.y4m", (unsigned)++files, (unsigned)view.width,
                 (unsigned)view.height);
        if (file)
            fclose(file);
        file = create(name);
        width = view.width, height = view.height;
        fprintf(file, "YUV4MPEG2 W%u H%u F%d:1 Ip A1:1 C420jpeg\n", (unsigned)width, (unsigned)height, FPS);
        printf("%s\n", name);
    }
    uint64_t age = view.capture_time_us > start ? view.capture_time_us - start : 0;
    for (; written * 1000000 <= age * FPS; written++) {
        fputs("FRAME\n", file);
        for (int plane = 0; plane < 3; plane++) {
            uint32_t rows = plane ? (height + 1) / 2 : height, columns = plane ? (width + 1) / 2 : width;
            for (uint32_t row = 0; row < rows; row++)
                fwrite(view.planes[plane] + row * view.strides[plane], 1, columns, file);
        }
    }
    fflush(file);
}

static void put(FILE *file, uint32_t value, int bytes) {
    for (int byte = 0; byte < bytes; byte++)
        putc((int)(value >> 8 * byte & 0xff), file);
}

static void wav_header(FILE *file, uint32_t bytes) {
    rewind(file);
    fputs("RIFF", file), put(file, 36 + bytes, 4), fputs("WAVEfmt ", file), put(file, 16, 4);
    put(file, 1, 2), put(file, CHANNELS, 2), put(file, RATE, 4), put(file, RATE * CHANNELS * 2, 4);
    put(file, CHANNELS * 2, 2), put(file, 16, 2), fputs("data", file), put(file, bytes, 4);
}

/* One piece of sound. Silence stands for what was never sent, so that it stays in step with the picture. */
static void write_sound(framewire_frame *frame) {
    static FILE *file;
    static uint64_t written; /* samples of a channel, since `start` */
    framewire_audio_frame view = { .size = sizeof view };
    check(framewire_frame_audio_view(frame, &view), "frame_audio_view");
    start = start ? start : view.capture_time_us;
    if (!file) {
        file = create("sound.wav");
        wav_header(file, 0);
        printf("sound.wav\n");
    }
    uint64_t due = view.capture_time_us > start ? (view.capture_time_us - start) * RATE / 1000000 : 0;
    /* Clocks are compared with a tolerance: a tenth of a second is a gap, less is rounding. */
    if (due > written + RATE / 10)
        for (; written < due; written++)
            put(file, 0, CHANNELS * 2);
    fwrite(view.samples, CHANNELS * 2, view.frames, file);
    written += view.frames;
    wav_header(file, (uint32_t)(written * CHANNELS * 2));
    fseek(file, 0, SEEK_END);
    fflush(file);
}

int main(int count, char **arguments) {
    folder = count > 1 ? arguments[1] : ".";
    setvbuf(stdout, NULL, _IOLBF, 0);
    framewire_sink *sink = NULL;
    framewire_server *server = NULL;
    /* Long queues: for a file every picture counts, not only the newest. */
    framewire_sink_options ko = { .size = sizeof ko,
                                  .format = FRAMEWIRE_FORMAT_I420,
                                  .video_queue = 60,
                                  .audio_channels = CHANNELS,
                                  .audio_queue_ms = 5000 };
    framewire_server_options vo = { .size = sizeof vo,
                                    .bind = getenv("FRAMEWIRE_BIND"),
                                    .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS") };
    check(framewire_sink_new(&ko, &sink), "sink_new");
    check(framewire_server_new(&vo, &server), "server_new");
    check(framewire_server_receive(server, "cam", NULL, sink), "server_receive");
    char address[64];
    check(framewire_server_address(server, address, sizeof address, NULL), "server_address");
    printf("publish: http://%s/publish/cam\n", address);

    framewire_status video = FRAMEWIRE_OK, audio = FRAMEWIRE_OK;
    struct pollfd wait[] = { { framewire_sink_fd(sink, FRAMEWIRE_MEDIA_VIDEO), POLLIN, 0 },
                             { framewire_sink_fd(sink, FRAMEWIRE_MEDIA_AUDIO), POLLIN, 0 } };
    /* CLOSED: the publisher left, and all that came was taken. One that sends no sound (no picture) ends the
     * other kind too: nothing of it will come. */
    while (video != FRAMEWIRE_CLOSED && audio != FRAMEWIRE_CLOSED && poll(wait, 2, -1) > 0) {
        framewire_frame *frame = NULL;
        while ((video = framewire_sink_next_video(sink, 0, &frame)) == FRAMEWIRE_OK)
            write_picture(frame), framewire_frame_unref(frame);
        while ((audio = framewire_sink_next_audio(sink, 0, &frame)) == FRAMEWIRE_OK)
            write_sound(frame), framewire_frame_unref(frame);
    }
    printf("the publisher left: %s\n", framewire_last_error());
    framewire_server_free(server);
    framewire_sink_free(sink);
    return 0;
}
