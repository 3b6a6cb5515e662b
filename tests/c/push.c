/* Four threads push into one source at once; every lent buffer comes back exactly once. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, FRAMES = 250, WIDTH = 65, HEIGHT = 49 };

struct lent {
    atomic_int released;
    uint8_t pixels[WIDTH * HEIGHT * 3];
};

static framewire_source *source;
static struct lent *buffers[THREADS][FRAMES];
static atomic_int evictions;

static void release(void *context) {
    struct lent *lent = context;
    CHECK(lent->released++ == 0);
    memset(lent->pixels, 0xdd, sizeof lent->pixels);
}

static void *pusher(void *context) {
    struct lent **mine = context;
    float sound[480] = { 0 };
    for (int n = 0; n < FRAMES; n++) {
        framewire_video_frame frame = {
            .size = sizeof frame, .format = FRAMEWIRE_FORMAT_BGR24, .width = WIDTH, .height = HEIGHT,
            .planes = { mine[n]->pixels },
        };
        framewire_audio_frame audio = {
            .size = sizeof audio, .format = FRAMEWIRE_SAMPLE_F32, .samples = sound, .sample_rate = 48000,
            .channels = 1, .frames = 480,
        };
        framewire_release back = { .call = release, .context = mine[n] };
        bool evicted = false;
        if (n % 2)
            OK(framewire_source_push_video(source, &frame, &evicted));
        else
            OK(framewire_source_push_video_owned(source, &frame, back, &evicted));
        evictions += evicted;
        OK(framewire_source_push_audio(source, &audio));
    }
    return NULL;
}

/* Whatever the call says, the buffer comes back before it returns. */
static void refused(void) {
    static struct lent lent;
    framewire_release back = { .call = release, .context = &lent }, none = { 0 };
    framewire_video_frame frame = { .size = sizeof frame, .format = 99 };
    FAILS(framewire_source_push_video_owned(source, &frame, back, NULL), FRAMEWIRE_INVALID_ARGUMENT, "format");
    CHECK(lent.released == 1);
    lent.released = 0;
    FAILS(framewire_source_push_video_owned(source, NULL, back, NULL), FRAMEWIRE_INVALID_ARGUMENT, "frame is NULL");
    CHECK(lent.released == 1);
    lent.released = 0;
    FAILS(framewire_source_push_video_owned(NULL, &frame, back, NULL), FRAMEWIRE_INVALID_HANDLE, "source is NULL");
    CHECK(lent.released == 1);
    FAILS(framewire_source_push_video_owned(source, &frame, none, NULL), FRAMEWIRE_INVALID_ARGUMENT, "release.call");
}

int main(void) {
    pthread_t threads[THREADS];
    source = new_source(NULL);
    refused();
    for (int t = 0; t < THREADS; t++) {
        for (int n = 0; n < FRAMES; n++)
            CHECK((buffers[t][n] = calloc(1, sizeof ***buffers)) != NULL);
        CHECK(pthread_create(&threads[t], NULL, pusher, buffers[t]) == 0);
    }
    for (int t = 0; t < THREADS; t++)
        CHECK(pthread_join(threads[t], NULL) == 0);
    framewire_source_stats stats = { .size = sizeof stats };
    OK(framewire_source_get_stats(source, &stats));
    CHECK(stats.video_pushed == THREADS * FRAMES && stats.video_evicted == (uint64_t)evictions);
    uint64_t waiting = stats.video_pushed - stats.video_evicted - stats.video_refused - stats.video_taken;
    CHECK(waiting <= 1);
    framewire_source_free(source);
    FAILS(framewire_source_get_stats(source, &stats), FRAMEWIRE_INVALID_HANDLE, "has been freed");
    for (int t = 0; t < THREADS; t++)
        for (int n = 0; n < FRAMES; n++) {
            CHECK(n % 2 || buffers[t][n]->released == 1);
            free(buffers[t][n]);
        }
    printf("%d of %d evicted\n", (int)evictions, THREADS * FRAMES);
    return 0;
}
