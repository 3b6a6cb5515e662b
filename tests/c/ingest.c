/* Typed messages of the program's own: told apart, and into a sink. */
#include "check.h"

static void told_apart(void) {
    int32_t kind = 0;
    const void *payload = NULL;
    size_t length = 7;
    OK(framewire_ingest_read("vxyz", 4, 2, &kind, &payload, &length));
    CHECK(kind == FRAMEWIRE_INGEST_IMAGE && length == 3 && memcmp(payload, "xyz", 3) == 0);
    OK(framewire_ingest_read("a\1\2\3\4", 5, 2, &kind, &payload, &length));
    CHECK(kind == FRAMEWIRE_INGEST_SOUND && length == 4 && memcmp(payload, "\1\2\3\4", 4) == 0);
    OK(framewire_ingest_read("a\1\2", 3, 1, &kind, &payload, &length));
    OK(framewire_ingest_read("a", 1, 2, &kind, &payload, &length));
    CHECK(length == 0);
    kind = 9;
    FAILS(framewire_ingest_read("", 0, 2, &kind, &payload, &length), FRAMEWIRE_MALFORMED, "empty");
    FAILS(framewire_ingest_read("v", 1, 2, &kind, &payload, &length), FRAMEWIRE_MALFORMED, "without an image");
    FAILS(framewire_ingest_read("\xff\xd8\xff", 3, 2, &kind, &payload, &length), FRAMEWIRE_MALFORMED, "0xff");
    FAILS(framewire_ingest_read("a\1\2", 3, 2, &kind, &payload, &length), FRAMEWIRE_MALFORMED, "multiple of 4");
    FAILS(framewire_ingest_read("a", 1, 3, &kind, &payload, &length), FRAMEWIRE_INVALID_ARGUMENT, "channels is 3");
    CHECK(kind == 9);
    char *long_one = calloc(1, (8u << 20) + 1);
    long_one[0] = 'v';
    OK(framewire_ingest_read(long_one, 8u << 20, 2, &kind, &payload, &length));
    FAILS(framewire_ingest_read(long_one, (8u << 20) + 1, 2, &kind, &payload, &length), FRAMEWIRE_LIMIT, "8388609");
    free(long_one);
}

/* The image of a file, as a message. */
static char *message(const char *path, size_t *length) {
    char *bytes = calloc(1, 4096);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    bytes[0] = 'v';
    *length = 1 + fread(bytes + 1, 1, 4095, file);
    fclose(file);
    return bytes;
}

static void into_a_sink(const char *path) {
    framewire_sink *sink = NULL;
    framewire_sink_options picture = { .size = sizeof picture, .format = FRAMEWIRE_FORMAT_BGRA, .max_consecutive_errors = 1 };
    framewire_ingest *ingest = NULL;
    framewire_frame *frame = NULL;
    OK(framewire_sink_new(&picture, &sink));
    framewire_ingest_options options = { .size = sizeof options, .sink = sink, .channels = 1 };
    OK(framewire_ingest_new(&options, &ingest));

    size_t length = 0;
    char *image = message(path, &length);
    OK(framewire_ingest_push(ingest, image, length));
    memset(image, 0, length); /* it is ours again */
    free(image);
    OK(framewire_sink_next_video(sink, 60000, &frame));
    framewire_video_frame view = { .size = sizeof view };
    OK(framewire_frame_view(frame, &view));
    CHECK(view.format == FRAMEWIRE_FORMAT_BGRA && view.width == 48 && view.height == 32);
    CHECK(memcmp(view.planes[0], "\x1e\x1e\xc8", 3) == 0);
    framewire_frame_info info = { .size = sizeof info };
    OK(framewire_frame_get_info(frame, &info));
    CHECK(info.capture_time_us > 0 && info.capture_time_us == info.arrival_time_us && info.keyframe == 1);
    framewire_frame_unref(frame);

    const char samples[1 + 2 * 480] = { 'a', 1, 0 };
    OK(framewire_ingest_push(ingest, samples, sizeof samples));
    OK(framewire_sink_next_audio(sink, 0, &frame));
    framewire_audio_frame sound = { .size = sizeof sound };
    OK(framewire_frame_audio_view(frame, &sound));
    CHECK(sound.frames == 480 && sound.channels == 2 && ((const int16_t *)sound.samples)[1] == 1);
    framewire_frame_unref(frame);

    FAILS(framewire_ingest_push(ingest, "x", 1), FRAMEWIRE_MALFORMED, "0x78");
    OK(framewire_ingest_push(ingest, "vGIF89a", 7));
    FAILS(framewire_sink_next_video(sink, 60000, &frame), FRAMEWIRE_CLOSED, "1 errors in a row");
    framewire_status status;
    while ((status = framewire_ingest_push(ingest, "vGIF89a", 7)) == FRAMEWIRE_OK) {}
    CHECK(status == FRAMEWIRE_CODEC);
    framewire_ingest_free(ingest);
    FAILS(framewire_sink_next_audio(sink, 60000, &frame), FRAMEWIRE_CLOSED, "freed");
    FAILS(framewire_ingest_push(ingest, "a", 1), FRAMEWIRE_INVALID_HANDLE, "ingest is ");

    /* The next one opens the sink again. It may outlive it. */
    OK(framewire_ingest_new(&options, &ingest));
    OK(framewire_ingest_push(ingest, samples, sizeof samples));
    OK(framewire_sink_next_audio(sink, 0, &frame));
    framewire_frame_unref(frame);
    framewire_sink_free(sink);
    FAILS(framewire_ingest_push(ingest, samples, sizeof samples), FRAMEWIRE_CLOSED, "the sink was closed");
    framewire_ingest_free(ingest);

    framewire_sink_options silent = { .size = sizeof silent, .media = FRAMEWIRE_MEDIA_VIDEO };
    OK(framewire_sink_new(&silent, &sink));
    options = (framewire_ingest_options){ .size = sizeof options, .sink = sink };
    OK(framewire_ingest_new(&options, &ingest));
    FAILS(framewire_ingest_push(ingest, samples, 1), FRAMEWIRE_UNSUPPORTED, "sound is not taken");
    framewire_ingest_free(ingest);
    framewire_sink_free(sink);
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    told_apart();
    into_a_sink(argv[1]);
    return 0;
}
