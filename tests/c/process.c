/* A function in C: what it may do, and what it may not. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WIDTH = 32, HEIGHT = 16, FRAMES = 30, WAIT = 60000 };

/* One thread waits until others have said so often enough that something happened. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int rung;
};
#define BELL { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }

static void ring(struct bell *bell) {
    pthread_mutex_lock(&bell->lock);
    bell->rung++;
    pthread_cond_broadcast(&bell->changed);
    pthread_mutex_unlock(&bell->lock);
}

static void await(struct bell *bell, int times) {
    pthread_mutex_lock(&bell->lock);
    while (bell->rung < times)
        pthread_cond_wait(&bell->changed, &bell->lock);
    pthread_mutex_unlock(&bell->lock);
}

struct context {
    framewire_processor *processor;
    struct bell begun, release, over, dropped;
    void *guarded; /* a page that cannot be read */
    int status;
};
#define CONTEXT { .begun = BELL, .release = BELL, .over = BELL, .dropped = BELL }

static void dropped(void *context) {
    ring(&((struct context *)context)->dropped);
}

static framewire_processor *processor(struct context *context, int32_t (*call)(void *, framewire_job *),
                                      framewire_events *events, uint32_t workers) {
    framewire_processor_options options = {
        .size = sizeof options,
        .events = events,
        .function = { call, dropped, context },
        .workers = workers,
        .every_frame = 1,
    };
    OK(framewire_processor_new(&options, &context->processor));
    return context->processor;
}

static void push(framewire_processor *processor, int frames) {
    static const uint8_t pixels[WIDTH * HEIGHT * 3];
    for (int n = 1; n <= frames; n++) {
        framewire_video_frame frame = {
            .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGB24, .width = WIDTH, .height = HEIGHT,
            .planes = { pixels }, .capture_time_us = 1000000 + (uint64_t)n,
        };
        OK(framewire_processor_push_video(processor, &frame, WAIT));
    }
}

static framewire_processor_stats ended(framewire_processor *processor) {
    framewire_processor_stats stats = { .size = sizeof stats };
    int32_t why = 0;
    OK(framewire_processor_end(processor, FRAMEWIRE_TERMINATION_SOURCE_ENDED, NULL));
    OK(framewire_processor_wait(processor, WAIT, &why));
    CHECK(why == FRAMEWIRE_TERMINATION_SOURCE_ENDED);
    OK(framewire_processor_get_stats(processor, &stats));
    CHECK(stats.received == stats.processed + stats.failed + stats.skipped_newer + stats.skipped_late +
                                stats.skipped_overtaken + stats.skipped_ended + stats.in_flight + stats.waiting);
    return stats;
}

/* Changes its picture in place, adds to its result; every third fails. */
static int32_t works(void *context, framewire_job *job) {
    framewire_job_view view = { .size = sizeof view };
    (void)context;
    OK(framewire_job_get_view(job, &view));
    CHECK(view.width == WIDTH && view.height == HEIGHT && view.format == FRAMEWIRE_FORMAT_RGB24);
    CHECK(view.capture_time_us == 1000000 + view.number && view.pts == (int64_t)view.capture_time_us);
    CHECK(view.time_base_num == 1 && view.time_base_den == 1000000 && view.frame_id == view.number);
    for (int y = 0; y < HEIGHT; y++)
        memset(view.planes[0] + y * view.strides[0], 77, WIDTH * 3);
    OK(framewire_job_add(job, "boxes", "[]"));
    OK(framewire_job_add_error(job, "faces", "there is no model"));
    return view.frame_id % 3 == 0 ? 42 : FRAMEWIRE_OK;
}

static void every_third_fails(void) {
    struct context context = CONTEXT;
    framewire_events *events = new_events();
    framewire_event event = { .size = sizeof event };
    framewire_processor *made = processor(&context, works, events, 3);
    push(made, FRAMES);
    framewire_processor_stats stats = ended(made);
    CHECK(stats.processed == FRAMES * 2 / 3 && stats.failed == FRAMES / 3);
    int errors = 0;
    do {
        OK(framewire_events_next(events, WAIT, &event));
        if (event.kind == FRAMEWIRE_EVENT_PROCESSOR_ERROR) {
            CHECK(event.value == ++errors * 3 && strcmp(event.text, "the function returned 42") == 0);
            CHECK(event.object == (uint64_t)(uintptr_t)made);
        }
    } while (event.kind != FRAMEWIRE_EVENT_PROCESSOR_ENDED);
    CHECK(errors == FRAMES / 3 && event.value == FRAMEWIRE_TERMINATION_SOURCE_ENDED);
    framewire_processor_free(made);
    CHECK(context.dropped.rung == 1);
    framewire_events_free(events);
}

/* Pictures that are none: each is refused, and the job goes on. */
static int32_t garbage(void *opaque, framewire_job *job) {
    struct context *context = opaque;
    static const uint8_t pixels[WIDTH * HEIGHT * 4];
    framewire_video_frame good = {
        .size = sizeof good, .format = FRAMEWIRE_FORMAT_RGBA, .width = WIDTH, .height = HEIGHT, .planes = { pixels }
    }, bad = good;
    bad.size = 3;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "picture.size is 3");
    bad = good, bad.format = 99;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "frame.format is 99");
    bad = good, bad.width = 0;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "frame.width is 0");
    bad = good, bad.strides[0] = WIDTH;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "frame.stride[0] is 32");
    bad = good, bad.planes[0] = NULL;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "planes[0]");
    bad = good, bad.planes[0] = (const uint8_t *)16;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "no memory of this process");
    bad = good, bad.planes[0] = context->guarded;
    FAILS(framewire_job_set_picture(job, &bad), FRAMEWIRE_INVALID_ARGUMENT, "no memory of this process");
    FAILS(framewire_job_add((framewire_job *)&good, "x", "1"), FRAMEWIRE_INVALID_HANDLE, "job is ");
    OK(framewire_job_add(job, "broken", "{"));
    OK(framewire_job_set_picture(job, &good));
    OK(framewire_job_set_picture(job, NULL));
    return FRAMEWIRE_OK;
}

static void garbage_is_refused(void) {
    struct context context = CONTEXT;
    context.guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(context.guarded != MAP_FAILED);
    framewire_processor *made = processor(&context, garbage, NULL, 0);
    push(made, 3);
    CHECK(ended(made).processed == 3);
    framewire_processor_free(made);
    CHECK(context.dropped.rung == 1);
    munmap(context.guarded, 4096);
}

/* Gives its job to another thread. */
static void *completes(void *job) {
    framewire_job_view view = { .size = sizeof view };
    OK(framewire_job_get_view(job, &view));
    if (view.frame_id % 2)
        OK(framewire_job_complete(job));
    else
        OK(framewire_job_fail(job, "even"));
    FAILS(framewire_job_complete(job), FRAMEWIRE_INVALID_HANDLE, "job is ");
    return NULL;
}

static int32_t keeps(void *context, framewire_job *job) {
    pthread_t thread;
    (void)context;
    CHECK(pthread_create(&thread, NULL, completes, job) == 0);
    pthread_detach(thread);
    return FRAMEWIRE_AGAIN;
}

static void a_job_is_kept_and_completed_elsewhere(void) {
    struct context context = CONTEXT;
    framewire_processor *made = processor(&context, keeps, NULL, 2);
    push(made, FRAMES);
    framewire_processor_stats stats = ended(made);
    CHECK(stats.processed == FRAMES / 2 && stats.failed == FRAMES / 2);
    framewire_processor_free(made);
    CHECK(context.dropped.rung == 1);
}

static int32_t hangs(void *opaque, framewire_job *job) {
    struct context *context = opaque;
    framewire_job_view view = { .size = sizeof view };
    OK(framewire_job_get_view(job, &view));
    ring(&context->begun);
    await(&context->release, 1);
    memset(view.planes[0], 1, WIDTH * HEIGHT * 3); /* still its memory */
    context->status = framewire_job_complete(job);
    ring(&context->over);
    return FRAMEWIRE_OK;
}

static void a_free_while_it_hangs_returns_and_leaves_it_its_memory(void) {
    struct context context = CONTEXT;
    framewire_processor *made = processor(&context, hangs, NULL, 1);
    push(made, 1);
    await(&context.begun, 1);
    framewire_processor_free(made);
    CHECK(context.dropped.rung == 0);
    ring(&context.release);
    await(&context.over, 1);
    CHECK(context.status == FRAMEWIRE_CLOSED);
    await(&context.dropped, 1);
}

static int32_t frees(void *opaque, framewire_job *job) {
    struct context *context = opaque;
    await(&context->release, 1);
    framewire_processor_free(context->processor);
    CHECK(framewire_job_complete(job) == FRAMEWIRE_CLOSED);
    return FRAMEWIRE_OK;
}

static void a_free_inside_the_function_is_fine(void) {
    struct context context = CONTEXT;
    framewire_processor *made = processor(&context, frees, NULL, 1);
    push(made, 1);
    ring(&context.release);
    await(&context.dropped, 1);
    FAILS(framewire_processor_set_rotation(made, 0), FRAMEWIRE_INVALID_HANDLE, "processor is ");
}

static void jobs_are_awaited_by_a_descriptor_and_outlive_their_processor(void) {
    framewire_processor_options options = { .size = sizeof options };
    framewire_processor *made = NULL;
    framewire_job *job = NULL;
    framewire_job_view view = { .size = sizeof view };
    int before = descriptors();
    OK(framewire_processor_new(&options, &made));
    CHECK(framewire_processor_fd(made) >= 0);
    push(made, 1);
    OK(framewire_processor_next(made, 0, &job));
    framewire_processor_free(made);
    OK(framewire_job_get_view(job, &view));
    memset(view.planes[0], 1, WIDTH * HEIGHT * 3);
    CHECK(framewire_job_complete(job) == FRAMEWIRE_CLOSED);
    CHECK(descriptors() == before);
}

int main(void) {
    every_third_fails();
    garbage_is_refused();
    a_job_is_kept_and_completed_elsewhere();
    a_free_while_it_hangs_returns_and_leaves_it_its_memory();
    a_free_inside_the_function_is_fine();
    jobs_are_awaited_by_a_descriptor_and_outlive_their_processor();
    return 0;
}
