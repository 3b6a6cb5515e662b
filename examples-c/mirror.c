/* A mirror: a browser's camera goes through a function of this program and back, on one connection, with its
 * sound, and with results that the page draws over the frames that they are about. The function finds what moves
 * and makes it coarse.
 *
 * Build and run it with `make examples` and target/examples-c/mirror, or by hand after `make build`:
 *   cc -pthread -Iinclude -o mirror examples-c/mirror.c -Ltarget/release -lframewire
 *   LD_LIBRARY_PATH=target/release ./mirror
 * then open the address it prints. FRAMEWIRE_BIND, FRAMEWIRE_SECONDS and FRAMEWIRE_MEDIA_ADDRESS as in on_air.c. */
#define _POSIX_C_SOURCE 200809L
#include "framewire.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MIRRORS = 16, WORKERS = 4, BLOCK = 16, MOVED = 10, BOXES = 12, SLOW_STREAM = 201, SLOWEST_MS = 2000 };

/* What the function knows from call to call, on whatever thread it is called. */
struct eye {
    pthread_mutex_t lock;
    framewire_channel *slow; /* the page says how slow the function is to be */
    long slow_ms;
    uint8_t *before; /* how bright each block of the frame before was */
    uint32_t columns, rows;
};

/* How bright a square is. */
static uint8_t mean(const uint8_t *from, size_t stride, uint32_t side) {
    uint32_t sum = 0;
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++)
            sum += from[y * stride + x];
    return (uint8_t)(sum / (side * side));
}

/* Makes it all the same. */
static void flatten(uint8_t *square, size_t stride, uint32_t side) {
    uint8_t value = mean(square, stride, side);
    for (uint32_t y = 0; y < side; y++)
        memset(square + y * stride, value, side);
}

/* Whether the frame before had as many blocks. */
static int remembers(struct eye *eye, uint32_t columns, uint32_t rows) {
    if (eye->before && eye->columns == columns && eye->rows == rows)
        return 1;
    free(eye->before);
    eye->before = calloc(columns + 1, rows + 1); /* never of no size */
    eye->columns = columns, eye->rows = rows;
    return 0;
}

struct box {
    uint32_t left, top, right, bottom; /* in blocks */
};

/* The block joins a box that it touches, or begins one. */
static uint32_t surround(struct box *boxes, uint32_t count, uint32_t x, uint32_t y) {
    struct box *box = boxes;
    while (box < boxes + count && (x > box->right || x + 1 < box->left || y > box->bottom))
        box++;
    if (box == boxes + BOXES)
        return count;
    if (box == boxes + count)
        *box = (struct box){ x, y, x + 1, y + 1 };
    box->left = x < box->left ? x : box->left;
    box->right = x + 1 > box->right ? x + 1 : box->right;
    box->bottom = y + 1;
    return box == boxes + count ? count + 1 : count;
}

/* The function. The last twentieth of the picture is left alone: the page's clock is there. */
static int32_t look(void *context, framewire_job *job) {
    struct eye *eye = context;
    struct box boxes[BOXES];
    uint32_t count = 0;
    framewire_job_view view = { .size = sizeof view };
    if (framewire_job_get_view(job, &view) != FRAMEWIRE_OK)
        return FRAMEWIRE_INTERNAL;
    uint32_t columns = view.width / BLOCK, rows = (view.height - view.height / 20) / BLOCK;

    pthread_mutex_lock(&eye->lock);
    int known = remembers(eye, columns, rows);
    for (uint32_t at = 0; eye->before && at < columns * rows; at++) {
        uint32_t x = at % columns, y = at / columns;
        uint8_t *luma = view.planes[0] + y * BLOCK * view.strides[0] + x * BLOCK;
        int bright = mean(luma, view.strides[0], BLOCK), change = bright - eye->before[at];
        eye->before[at] = (uint8_t)bright;
        if (!known || abs(change) < MOVED)
            continue;
        flatten(luma, view.strides[0], BLOCK);
        for (int n = 1; n < 3; n++)
            flatten(view.planes[n] + (y * view.strides[n] + x) * BLOCK / 2, view.strides[n], BLOCK / 2);
        count = surround(boxes, count, x, y);
    }
    char text[16];
    size_t length = 0;
    uint32_t is_text;
    while (framewire_channel_next(eye->slow, 0, text, sizeof text - 1, &length, &is_text) == FRAMEWIRE_OK) {
        text[length] = 0;
        eye->slow_ms = strtol(text, NULL, 10);
    }
    long slow_ms = eye->slow_ms < 0 ? 0 : eye->slow_ms > SLOWEST_MS ? SLOWEST_MS : eye->slow_ms;
    pthread_mutex_unlock(&eye->lock);

    char json[BOXES * 96 + 3] = "[", *end = json + 1;
    for (struct box *b = boxes; b < boxes + count; b++) {
        uint32_t width = b->right - b->left, height = b->bottom - b->top;
        end += sprintf(end, "%s{\"x\":%u,\"y\":%u,\"width\":%u,\"height\":%u,\"label\":\"%s\"}", b == boxes ? "" : ",",
                       b->left * BLOCK, b->top * BLOCK, width * BLOCK, height * BLOCK, width * height > 8 ? "moves" : "");
    }
    strcpy(end, "]");
    framewire_job_add(job, "boxes", json);
    framewire_job_add(job, "units", "\"pixels\"");
    sprintf(json, "%ld", slow_ms);
    framewire_job_add(job, "slow_ms", json);
    nanosleep(&(struct timespec){ .tv_sec = slow_ms / 1000, .tv_nsec = slow_ms % 1000 * 1000000 }, NULL);
    return FRAMEWIRE_OK;
}

/* After the last call, however late that ends. */
static void shut(void *context) {
    struct eye *eye = context;
    framewire_channel_free(eye->slow);
    pthread_mutex_destroy(&eye->lock);
    free(eye->before);
    free(eye);
}

/* One who looks into it. */
struct mirror {
    char name[65];
    framewire_sink *sink;
    framewire_source *source;
    framewire_results *results;
    framewire_peer *peer;
    framewire_processor *processor;
};

static struct mirror mirrors[MIRRORS];
static framewire_server *server;
static int stopping[2]; /* a pipe */

static void stop(int signal) {
    (void)signal;
    (void)!write(stopping[1], "", 1);
}

static void check(framewire_status status, const char *what) {
    if (status == FRAMEWIRE_OK)
        return;
    fprintf(stderr, "mirror: %s: %s\n", what, framewire_last_error());
    exit(1);
}

static struct mirror *find(const char *name) {
    for (struct mirror *mirror = mirrors; mirror < mirrors + MIRRORS; mirror++)
        if (strcmp(mirror->name, name) == 0)
            return mirror;
    return NULL;
}

static void end(struct mirror *mirror) {
    framewire_processor_stats s = { .size = sizeof s };
    if (framewire_processor_get_stats(mirror->processor, &s) == FRAMEWIRE_OK)
        printf("mirror %s ended: received %llu  processed %llu  skipped %llu  pictures %llu  p50 %.1f ms\n", mirror->name,
               (unsigned long long)s.received, (unsigned long long)s.processed, (unsigned long long)s.skipped_newer,
               (unsigned long long)s.pictures, s.through.p50_us / 1000.0);
    framewire_processor_free(mirror->processor);
    framewire_peer_free(mirror->peer);
    framewire_results_free(mirror->results);
    framewire_source_free(mirror->source);
    framewire_sink_free(mirror->sink);
    memset(mirror, 0, sizeof *mirror);
}

/* All of it on one peer: the camera into the sink, what comes of it out of the source, results beside it. */
static int begin(struct mirror *mirror, const char *name) {
    framewire_sink_options ko = { .size = sizeof ko, .format = FRAMEWIRE_FORMAT_I420 };
    framewire_source_options so = { .size = sizeof so, .width = 640, .height = 480 };
    framewire_peer_options po = {
        .size = sizeof po, .stream = name, .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS")
    };
    framewire_channel_options co = {
        .size = sizeof co, .label = "slow", .negotiated = 1, .stream = SLOW_STREAM
    };
    struct eye *eye = calloc(1, sizeof *eye);
    if (!eye)
        return 0;
    pthread_mutex_init(&eye->lock, NULL);
    strcpy(mirror->name, name);
    if (framewire_sink_new(&ko, &mirror->sink) || framewire_source_new(&so, &mirror->source) ||
        framewire_results_new(NULL, &mirror->results) || framewire_peer_new(&po, &mirror->peer) ||
        framewire_peer_receive(mirror->peer, NULL, mirror->sink) ||
        framewire_peer_send(mirror->peer, NULL, mirror->source) ||
        framewire_peer_results(mirror->peer, mirror->results) ||
        framewire_peer_channel(mirror->peer, &co, &eye->slow)) {
        shut(eye);
        return 0;
    }
    framewire_processor_options options = {
        .size = sizeof options,
        .sink = mirror->sink,
        .source = mirror->source,
        .results = mirror->results,
        .function = { look, shut, eye }, /* the library's from here on */
        .workers = WORKERS,
        .sound = 1,      /* goes back too, as late as the picture */
        .source_pts = 1, /* so that the page knows which frame a result is about */
    };
    return framewire_processor_new(&options, &mirror->processor) == FRAMEWIRE_OK;
}

static void news(const framewire_event *event) {
    struct mirror *mirror;
    if (event->kind == FRAMEWIRE_EVENT_PUBLISH_REQUEST) {
        if (!(mirror = find("")) || strlen(event->stream) >= sizeof mirror->name) {
            framewire_server_refuse(server, event->value, "every mirror is taken");
        } else if (!begin(mirror, event->stream) ||
                   framewire_server_accept_peer(server, event->value, mirror->peer) != FRAMEWIRE_OK) {
            fprintf(stderr, "mirror %s: %s\n", event->stream, framewire_last_error());
            framewire_server_refuse(server, event->value, "the mirror is broken"); /* unless it was decided */
            end(mirror);
        }
    } else if (event->kind == FRAMEWIRE_EVENT_PUBLISH_ENDED && (mirror = find(event->stream)) && mirror->name[0]) {
        end(mirror);
    }
}

int main(void) {
    const char *seconds = getenv("FRAMEWIRE_SECONDS");
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever reads a pipe wants each line at once */
    if (pipe(stopping)) {
        perror("mirror: pipe");
        return 1;
    }
    struct sigaction action = { .sa_handler = stop };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (seconds)
        alarm((unsigned)atoi(seconds));

    framewire_events *events = NULL;
    check(framewire_events_new(NULL, &events), "events_new");
    framewire_server_options options = {
        .size = sizeof options,
        .bind = getenv("FRAMEWIRE_BIND"),
        .media_address = getenv("FRAMEWIRE_MEDIA_ADDRESS"),
        .events = events,
        .publish_requests = 1,
    };
    check(framewire_server_new(&options, &server), "server_new");
    char address[64];
    check(framewire_server_address(server, address, sizeof address, NULL), "server_address");
    printf("a mirror: http://%s/mirror\n", address);

    struct pollfd wait[2] = { { stopping[0], POLLIN, 0 }, { framewire_events_fd(events), POLLIN, 0 } };
    while (!wait[0].revents) {
        poll(wait, 2, -1);
        framewire_event event = { .size = sizeof event };
        while (framewire_events_next(events, 0, &event) == FRAMEWIRE_OK)
            news(&event);
    }

    for (struct mirror *mirror = mirrors; mirror < mirrors + MIRRORS; mirror++) {
        if (!mirror->name[0])
            continue;
        framewire_processor_end(mirror->processor, FRAMEWIRE_TERMINATION_CANCELLED, NULL);
        framewire_processor_wait(mirror->processor, 5000, NULL); /* the page has heard it then */
        end(mirror);
    }
    framewire_server_free(server);
    framewire_events_free(events);
    return 0;
}
