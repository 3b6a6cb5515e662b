/* A file from one peer to another in one process: by descriptor, progress, reason, and what free leaves. */
#include "check.h"
#include <poll.h>
#include <unistd.h>

static framewire_peer *sends, *program;
static framewire_events *events;
static framewire_channel *whole, *broken, *half;

static framewire_channel *channel(void) {
    framewire_channel_options options = { .size = sizeof options, .label = "video_upload" };
    framewire_channel *made = NULL;
    OK(framewire_peer_channel(sends, &options, &made));
    return made;
}

static void connect_peers(framewire_upload *upload) {
    char offer[16384], answer[16384];
    framewire_peer_options options = {
        .size = sizeof options, .events = events, .media_address = "127.0.0.1", .probe_candidates = 1
    };
    OK(framewire_peer_new(&options, &sends));
    program = new_peer(NULL);
    OK(framewire_peer_upload(program, upload));
    whole = channel(), broken = channel(), half = channel();
    OK(framewire_peer_offer(sends, 20000, offer, sizeof offer, NULL));
    OK(framewire_peer_answer(program, offer, 20000, answer, sizeof answer, NULL));
    OK(framewire_peer_accept(sends, answer, 20000));
    framewire_event event = { .size = sizeof event };
    for (int open = 0; open < 3; open += event.kind == FRAMEWIRE_EVENT_CHANNEL_OPEN)
        OK(framewire_events_next(events, 20000, &event));
}

static void chunk(framewire_channel *to, uint32_t index, uint32_t total, char byte) {
    unsigned char message[9] = { 0 };
    for (int n = 0; n < 4; n++) {
        message[n] = (unsigned char)(index >> 8 * n);
        message[4 + n] = (unsigned char)(total >> 8 * n);
    }
    message[8] = (unsigned char)byte;
    OK(framewire_channel_send(to, message, sizeof message, 0));
}

static const char *told(framewire_channel *by) {
    static char text[256];
    size_t length;
    uint32_t is_text;
    OK(framewire_channel_next(by, 20000, text, sizeof text - 1, &length, &is_text));
    CHECK(is_text == 1);
    text[length] = 0;
    return text;
}

/* The next event about `upload`. */
static framewire_event next_event(framewire_upload *upload) {
    framewire_event event = { .size = sizeof event };
    do
        OK(framewire_events_next(events, 20000, &event));
    while (event.object != (uint64_t)(uintptr_t)upload);
    return event;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    events = new_events();
    framewire_upload_options options = { .size = sizeof options, .events = events, .folder = argv[1] };
    framewire_upload *upload = NULL;
    framewire_upload_progress progress = { .size = sizeof progress };
    OK(framewire_upload_new(&options, &upload));
    struct pollfd fd = { .fd = framewire_upload_fd(upload), .events = POLLIN };
    CHECK(fd.fd >= 0 && framewire_upload_fd(upload) == fd.fd && poll(&fd, 1, 0) == 0);
    connect_peers(upload);

    chunk(whole, 1, 2, 'b');
    framewire_event event = next_event(upload);
    CHECK(event.kind == FRAMEWIRE_EVENT_UPLOAD_STARTED && event.value == 1 && poll(&fd, 1, 0) == 0);
    OK(framewire_upload_get_progress(upload, 1, &progress));
    CHECK(progress.number == 1 && progress.peer == (uint64_t)(uintptr_t)program && progress.bytes == 1);
    CHECK(progress.chunks == 1 && progress.total == 2 && progress.state == FRAMEWIRE_UPLOAD_RECEIVING);
    chunk(whole, 0, 2, 'a');
    CHECK(poll(&fd, 1, 20000) == 1);
    event = next_event(upload);
    CHECK(event.kind == FRAMEWIRE_EVENT_UPLOAD_COMPLETE && event.value == 1);
    CHECK(strcmp(told(whole), "{\"upload\":\"complete\",\"bytes\":2}") == 0);

    char path[4096], bytes[3] = { 0 };
    size_t length = 0;
    uint64_t number = 0;
    FAILS(framewire_upload_next(upload, 0, path, 4, &length, &number), FRAMEWIRE_LIMIT, "the path has ");
    CHECK(length > 4 && number == 0 && poll(&fd, 1, 0) == 1);
    FAILS(framewire_upload_next(upload, 0, path, length, NULL, NULL), FRAMEWIRE_LIMIT, "the path has ");
    OK(framewire_upload_next(upload, 0, path, length + 1, NULL, &number));
    CHECK(number == 1 && strlen(path) == length && strncmp(path, argv[1], strlen(argv[1])) == 0);
    CHECK(poll(&fd, 1, 0) == 0);
    FAILS(framewire_upload_next(upload, 0, path, sizeof path, NULL, NULL), FRAMEWIRE_TIMEOUT, "no file");
    FILE *file = fopen(path, "rb");
    CHECK(file && fread(bytes, 1, sizeof bytes, file) == 2 && strcmp(bytes, "ab") == 0);
    fclose(file);
    OK(framewire_upload_get_progress(upload, 0, &progress));
    CHECK(progress.state == FRAMEWIRE_UPLOAD_TAKEN);

    chunk(broken, 2, 2, 'x');
    CHECK(strstr(told(broken), "\"upload\":\"failed\",\"reason\":\"chunk 2 of 2: the index is out of range\""));
    event = next_event(upload);
    CHECK(event.kind == FRAMEWIRE_EVENT_UPLOAD_FAILED && event.value == 2);
    char reason[128];
    OK(framewire_upload_reason(upload, 2, reason, sizeof reason, &length));
    CHECK(strcmp(reason, event.text) == 0 && strcmp(reason, "chunk 2 of 2: the index is out of range") == 0);
    FAILS(framewire_upload_reason(upload, 3, reason, sizeof reason, NULL), FRAMEWIRE_INVALID_ARGUMENT, "upload 3");

    chunk(half, 0, 2, 'h');
    CHECK(next_event(upload).kind == FRAMEWIRE_EVENT_UPLOAD_STARTED);
    framewire_upload_stats stats = { .size = sizeof stats };
    OK(framewire_upload_get_stats(upload, &stats));
    CHECK(stats.receiving == 1 && stats.waiting == 0 && stats.completed == 1 && stats.taken == 1);
    CHECK(stats.failed == 1 && stats.bytes == 3 && stats.echoes_dropped == 0);
    framewire_upload_free(upload);
    CHECK(strstr(told(half), "the program takes no more files"));
    FAILS(framewire_upload_next(upload, -1, path, sizeof path, NULL, NULL), FRAMEWIRE_INVALID_HANDLE, "upload is ");
    CHECK(remove(path) == 0);
    CHECK(rmdir(argv[1]) == 0); /* nothing else was left in it */
    framewire_channel_free(whole);
    framewire_channel_free(broken);
    framewire_channel_free(half);
    framewire_peer_free(sends);
    framewire_peer_free(program);
    while (framewire_events_next(events, 0, &event) == FRAMEWIRE_OK)
        CHECK(event.object != (uint64_t)(uintptr_t)upload);
    framewire_events_free(events);
    return 0;
}
