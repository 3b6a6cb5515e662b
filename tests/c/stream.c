/* Streams to a viewer, and in the middle of it does what its argument says. Offer on stdin up to a
 * line ".", answer on stdout up to a line "."; the viewer says "go" when packets come. */
#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static framewire_events *events;
static framewire_source *source;
static framewire_peer *peer;
static framewire_server *server;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t back = PTHREAD_COND_INITIALIZER;
static int lent;

static void release(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    lent--;
    pthread_cond_signal(&back);
    pthread_mutex_unlock(&lock);
}

/* One picture after the other, as fast as the encoder gives them back; until the source is freed. */
static void *pusher(void *unused) {
    static uint8_t pixels[64 * 48 * 4];
    framewire_status status = FRAMEWIRE_OK;
    (void)unused;
    while (status == FRAMEWIRE_OK) {
        framewire_video_frame frame = { .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGBA, .width = 64,
                                        .height = 48, .planes = { pixels } };
        framewire_release give_back = { .call = release };
        pthread_mutex_lock(&lock);
        while (lent > 0)
            pthread_cond_wait(&back, &lock);
        lent++;
        pthread_mutex_unlock(&lock);
        pixels[0]++;
        status = framewire_source_push_video_owned(source, &frame, give_back, NULL);
    }
    CHECK(status == FRAMEWIRE_INVALID_HANDLE || status == FRAMEWIRE_CLOSED);
    return NULL;
}

static void read_go(void) {
    char line[16];
    CHECK(fgets(line, sizeof line, stdin) && strcmp(line, "go\n") == 0);
}

static void answer(void) {
    static char offer[65536], text[65536];
    size_t used = 0, length = 0, needed = 0;
    while (fgets(offer + used, (int)(sizeof offer - used), stdin) && strcmp(offer + used, ".\n") != 0)
        used += strlen(offer + used);
    offer[used] = 0;
    OK(framewire_peer_send(peer, NULL, source));
    /* Too small a buffer costs nothing: the text waits. */
    strcpy(text, "untouched");
    FAILS(framewire_peer_answer(peer, offer, 10000, text, 10, &length), FRAMEWIRE_LIMIT, "capacity is 10");
    CHECK(length > 100 && strcmp(text, "untouched") == 0);
    OK(framewire_peer_description(peer, NULL, 0, &needed));
    FAILS(framewire_peer_description(peer, text, length, NULL), FRAMEWIRE_LIMIT, "capacity is ");
    OK(framewire_peer_description(peer, text, length + 1, NULL));
    CHECK(needed == length && strlen(text) == length);
    FAILS(framewire_peer_answer(peer, offer, 10000, text, sizeof text, NULL), FRAMEWIRE_INVALID_STATE, "already");
    printf("%s.\n", text);
    fflush(stdout);
}

/* In the child nothing works, and nothing hangs or crashes, its exit neither. */
static void child(void) {
    framewire_event event = { .size = sizeof event };
    framewire_source_options so = { .size = sizeof so };
    framewire_source *none = NULL;
    FAILS(framewire_events_next(events, -1, &event), FRAMEWIRE_FORKED, "child of a fork");
    FAILS(framewire_source_new(&so, &none), FRAMEWIRE_FORKED, "child of a fork");
    FAILS(framewire_source_request_keyframe(source), FRAMEWIRE_FORKED, "child of a fork");
    framewire_source_free(source);
    framewire_peer_free(peer);
    framewire_events_free(events);
}

static void forks(void) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(10);
        child();
        if (SANITIZED) /* what the threads hold that are not in the child would be leaks to it */
            _exit(0);
        exit(0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(framewire_source_request_keyframe(source) == FRAMEWIRE_OK);
    puts("forked");
    fflush(stdout);
    read_go();
}

static void end(char what) {
    switch (what) {
    case 's': framewire_source_free(source); break;
    case 'p': framewire_peer_free(peer); break;
    case 'e': framewire_events_free(events); break;
    case 'v': framewire_server_free(server); break;
    case 'f': forks(); break;
    case 'x': exit(0);
    case 'q': quick_exit(0);
    default: CHECK(!"a known letter");
    }
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    pthread_t thread;
    events = new_events();
    source = new_source(events);
    if (strchr(argv[1], 'v')) {
        char address[64];
        server = new_server(events);
        OK(framewire_server_publish(server, "test", source));
        OK(framewire_server_address(server, address, sizeof address, NULL));
        printf("%s\n", address);
        fflush(stdout);
    } else {
        peer = new_peer(events);
        answer();
    }
    CHECK(pthread_create(&thread, NULL, pusher, NULL) == 0);
    read_go();
    for (const char *order = argv[1]; *order; order++)
        end(*order);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
