/* Sizes, unknown tails, enum values: what a program of another version, or with a mistake, passes. */
#include "check.h"

static void events(void) {
    struct { framewire_events_options known; uint64_t later; } newer = { .known = { .size = sizeof newer } };
    framewire_events_options options = { 0 };
    framewire_events *events = NULL;
    const size_t wrong[] = { 0, 1, 7, 8, sizeof options - 1, 4097, SIZE_MAX };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        options.size = wrong[n];
        FAILS(framewire_events_new(&options, &events), FRAMEWIRE_INVALID_ARGUMENT, "options.size is ");
    }
    CHECK(events == NULL);

    /* A newer program: fine as long as it does not use what this library lacks. */
    OK(framewire_events_new(&newer.known, &events));
    framewire_events_free(events);
    newer.later = 1;
    FAILS(framewire_events_new(&newer.known, &events), FRAMEWIRE_INVALID_ARGUMENT, "options.size is ");

    options = (framewire_events_options){ .size = sizeof options, .capacity = 1000001 };
    FAILS(framewire_events_new(&options, &events), FRAMEWIRE_INVALID_ARGUMENT, "options.capacity is 1000001");
    options = (framewire_events_options){ .size = sizeof options, .callback = { .context = &options } };
    FAILS(framewire_events_new(&options, &events), FRAMEWIRE_INVALID_ARGUMENT, "options.callback.call is NULL");

    events = new_events();
    framewire_event event = { 0 };
    FAILS(framewire_events_next(events, 0, &event), FRAMEWIRE_INVALID_ARGUMENT, "event.size is 0");
    event.size = sizeof event;
    FAILS(framewire_events_next(events, -2, &event), FRAMEWIRE_INVALID_ARGUMENT, "timeout_ms is -2");
    FAILS(framewire_events_next(events, 0, &event), FRAMEWIRE_TIMEOUT, "no event");
    framewire_events_free(events);
}

#define WRONG_SINK(field, value, words)                                                            \
    do {                                                                                           \
        framewire_sink_options options = { .size = sizeof options, .field = (value) };             \
        framewire_sink *none = NULL;                                                               \
        FAILS(framewire_sink_new(&options, &none), FRAMEWIRE_INVALID_ARGUMENT, words);             \
        CHECK(none == NULL);                                                                       \
    } while (0)

static void sinks(void) {
    WRONG_SINK(media, 4, "options.media is 4");
    WRONG_SINK(format, 7, "options.format is 7");
    WRONG_SINK(video_queue, 1001, "video queue is 1001");
    WRONG_SINK(sample_format, 3, "options.sample_format is 3");
    WRONG_SINK(audio_channels, 3, "audio channels is 3");
    WRONG_SINK(audio_queue_ms, 60001, "audio queue is 60.001s");
    WRONG_SINK(reserved, 1, "options.reserved is 1");
    framewire_sink_options stale = { .size = sizeof stale, .events = MADE_UP(framewire_events, 1) };
    framewire_sink *sink = NULL;
    FAILS(framewire_sink_new(&stale, &sink), FRAMEWIRE_INVALID_HANDLE, "events is 0x1");

    framewire_sink_options silent = { .size = sizeof silent, .media = FRAMEWIRE_MEDIA_VIDEO };
    framewire_frame *frame = NULL;
    int32_t state = -1;
    OK(framewire_sink_new(&silent, &sink));
    FAILS(framewire_sink_next_audio(sink, 0, &frame), FRAMEWIRE_INVALID_STATE, "takes no sound");
    FAILS(framewire_sink_fd(sink, FRAMEWIRE_MEDIA_AUDIO), FRAMEWIRE_INVALID_STATE, "takes no sound");
    CHECK(framewire_sink_fd(sink, FRAMEWIRE_MEDIA_VIDEO) >= 0);
    OK(framewire_sink_get_track(sink, FRAMEWIRE_MEDIA_VIDEO, &state));
    CHECK(state == FRAMEWIRE_TRACK_WAITING);
    OK(framewire_sink_request_keyframe(sink));
    framewire_sink_stats stats = { .size = sizeof stats };
    OK(framewire_sink_get_stats(sink, FRAMEWIRE_MEDIA_VIDEO, &stats));
    CHECK(stats.decoded == 0 && stats.packets == 0);
    stats.size = 8;
    FAILS(framewire_sink_get_stats(sink, FRAMEWIRE_MEDIA_VIDEO, &stats), FRAMEWIRE_INVALID_ARGUMENT, "stats.size is 8");
    framewire_sink_free(sink);
}

static void line(void *context, const framewire_log_line *line) { (void)context, (void)line; }

static void logs(void) {
    framewire_log *log = NULL;
    framewire_log_options options = { .size = sizeof options, .callback = { .call = line }, .level = 6 };
    FAILS(framewire_log_new(&options, &log), FRAMEWIRE_INVALID_ARGUMENT, "options.level is 6");
    options.level = FRAMEWIRE_LOG_TRACE;
    options.reserved = 1;
    FAILS(framewire_log_new(&options, &log), FRAMEWIRE_INVALID_ARGUMENT, "options.reserved is 1");
}

#define WRONG(field, value, words)                                                                 \
    do {                                                                                           \
        framewire_source_options options = { .size = sizeof options, .field = (value) };           \
        framewire_source *none = NULL;                                                             \
        FAILS(framewire_source_new(&options, &none), FRAMEWIRE_INVALID_ARGUMENT, words);           \
        CHECK(none == NULL);                                                                       \
    } while (0)

static void source_options(void) {
    framewire_source_options stale = { .size = sizeof stale, .events = MADE_UP(framewire_events, 1) };
    framewire_source *source = NULL;
    FAILS(framewire_source_new(&stale, &source), FRAMEWIRE_INVALID_HANDLE, "events is 0x1");
    WRONG(media, 4, "options.media is 4");
    WRONG(matrix, 3, "options.matrix is 3");
    WRONG(range, 3, "options.range is 3");
    WRONG(audio_dtx, 2, "options.audio_dtx is 2");
    WRONG(sound_follows_picture, 2, "options.sound_follows_picture is 2");
    WRONG(reserved, 1, "options.reserved is 1");
}

static void source_numbers(void) {
    WRONG(width, 16384, "width");
    WRONG(height, UINT32_MAX, "height");
    WRONG(fps, -1.0, "fps");
    WRONG(audio_channels, 3, "channels");
    WRONG(audio_complexity, 11, "complexity");
}

static void video_frames(void) {
    static uint8_t pixels[64 * 48 * 4];
    framewire_source *source = new_source(NULL);
    const framewire_video_frame right = { .size = sizeof right, .format = FRAMEWIRE_FORMAT_RGBA, .width = 64,
                                          .height = 48, .planes = { pixels }, .strides = { 64 * 4 } };
    framewire_video_frame frame = right;
    bool evicted = true;
    OK(framewire_source_push_video(source, &frame, &evicted));
    CHECK(!evicted);
    frame.strides[0] = 0; /* tightly packed */
    OK(framewire_source_push_video(source, &frame, NULL));
#define BAD(field, value, words)                                                                   \
    frame = right, frame.field = (value);                                                          \
    FAILS(framewire_source_push_video(source, &frame, NULL), FRAMEWIRE_INVALID_ARGUMENT, words)
    BAD(size, 8, "frame.size is 8");
    BAD(format, 0, "frame.format is 0");
    BAD(format, 7, "frame.format is 7");
    BAD(format, UINT32_MAX, "frame.format is 4294967295");
    BAD(width, 0, "frame.width is 0");
    BAD(height, 16384, "frame.height is 16384");
    BAD(strides[0], 255, "frame.stride[0] is 255 but width 64 needs 256");
    BAD(strides[0], SIZE_MAX, "frame.stride[0] is ");
    BAD(planes[0], NULL, "frame.planes[0] is NULL");
    BAD(format, FRAMEWIRE_FORMAT_NV12, "frame.planes[1] is NULL");
    BAD(reserved, 1, "frame.reserved is 1");
    framewire_source_free(source);
}

static void audio_frames(void) {
    static float samples[960 * 2];
    framewire_source *source = new_source(NULL);
    const framewire_audio_frame right = { .size = sizeof right, .format = FRAMEWIRE_SAMPLE_F32, .samples = samples,
                                          .sample_rate = 48000, .channels = 2, .frames = 960 };
    framewire_audio_frame frame = right;
    OK(framewire_source_push_audio(source, &frame));
    frame.samples = NULL, frame.frames = 0;
    OK(framewire_source_push_audio(source, &frame));
#undef BAD
#define BAD(field, value, words)                                                                   \
    frame = right, frame.field = (value);                                                          \
    FAILS(framewire_source_push_audio(source, &frame), FRAMEWIRE_INVALID_ARGUMENT, words)
    BAD(size, 0, "frame.size is 0");
    BAD(format, 0, "frame.format is 0");
    BAD(format, 3, "frame.format is 3");
    BAD(channels, 0, "frame.channels is 0");
    BAD(channels, 3, "frame.channels is 3");
    BAD(sample_rate, 7999, "rate");
    BAD(sample_rate, 192001, "rate");
    BAD(samples, NULL, "frame.samples is NULL");
    BAD(samples, (char *)samples + 1, "not aligned");
    framewire_source_free(source);
}

static void peers(void) {
    framewire_peer_options options = { .size = sizeof options, .media_address = "localhost" };
    framewire_peer *peer = NULL;
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_INVALID_ARGUMENT, "\"localhost\", which is no IP address");
    options = (framewire_peer_options){ .size = sizeof options, .stream = "\xc3\x28" };
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_INVALID_ARGUMENT, "options.stream is not UTF-8");
    framewire_ice_server ice[1] = { { 0 } };
    options = (framewire_peer_options){ .size = sizeof options, .ice_server_count = 17, .ice_servers = ice };
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_INVALID_ARGUMENT, "options.ice_server_count is 17");
    options.ice_server_count = 1, ice[0].url = "turn:192.0.2.1";
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_INVALID_ARGUMENT, "needs a username and a credential");
    ice[0].url = "turns:192.0.2.1";
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_UNSUPPORTED, "over TLS");
    ice[0] = (framewire_ice_server){ "turn:192.0.2.1", "user", "password" }, options.media_port = 5000;
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_UNSUPPORTED, "media_port");
    options = (framewire_peer_options){ .size = sizeof options, .accept_channels = 2 };
    FAILS(framewire_peer_new(&options, &peer), FRAMEWIRE_INVALID_ARGUMENT, "options.accept_channels is 2");
    /* As a program of the first release fills it. */
    options = (framewire_peer_options){ .size = offsetof(framewire_peer_options, ice_servers) };
    OK(framewire_peer_new(&options, &peer));
    framewire_channel_options agreed = { .size = sizeof agreed, .negotiated = 2 };
    framewire_channel *channel = NULL;
    FAILS(framewire_peer_channel(peer, &agreed, &channel), FRAMEWIRE_INVALID_ARGUMENT, "options.negotiated is 2");
    agreed.negotiated = 0, agreed.stream = 1;
    FAILS(framewire_peer_channel(peer, &agreed, &channel), FRAMEWIRE_INVALID_ARGUMENT, "options.negotiated is 0");
    agreed.negotiated = 1, agreed.stream = 1024;
    FAILS(framewire_peer_channel(peer, &agreed, &channel), FRAMEWIRE_INVALID_ARGUMENT, "must be at most 1023");
    agreed.stream = 1u << 16;
    FAILS(framewire_peer_channel(peer, &agreed, &channel), FRAMEWIRE_INVALID_ARGUMENT, "must be at most 1023");
    agreed = (framewire_channel_options){ .size = offsetof(framewire_channel_options, negotiated) };
    OK(framewire_peer_channel(peer, &agreed, &channel));
    framewire_channel_free(channel);
    framewire_peer_free(peer);
}

static void clients(void) {
    framewire_source *source = new_source(NULL);
    framewire_sink *sink = NULL;
    OK(framewire_sink_new(NULL, &sink));
    framewire_client *client = NULL;
    const framewire_client_options right = { .size = sizeof right, .url = "http://127.0.0.1:9/whip/x", .source = source };
    framewire_client_options options = right;
#define NO_CLIENT(field, value, status, words)                                                     \
    options = right, options.field = (value);                                                      \
    FAILS(framewire_client_new(&options, &client), status, words)
    NO_CLIENT(size, 8, FRAMEWIRE_INVALID_ARGUMENT, "options.size is 8");
    NO_CLIENT(events, MADE_UP(framewire_events, 1), FRAMEWIRE_INVALID_HANDLE, "events is 0x1");
    NO_CLIENT(url, NULL, FRAMEWIRE_INVALID_ARGUMENT, "options.url is NULL");
    NO_CLIENT(url, "rtmp://h/x", FRAMEWIRE_INVALID_ARGUMENT, "is not http: or https:");
    NO_CLIENT(token, "two words", FRAMEWIRE_INVALID_ARGUMENT, "token");
    NO_CLIENT(source, NULL, FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    NO_CLIENT(source, MADE_UP(framewire_source, 1), FRAMEWIRE_INVALID_HANDLE, "source is 0x1");
    NO_CLIENT(sink, sink, FRAMEWIRE_INVALID_ARGUMENT, "both given");
    NO_CLIENT(retry, 2, FRAMEWIRE_INVALID_ARGUMENT, "options.retry is 2");
    NO_CLIENT(media_address, "localhost", FRAMEWIRE_INVALID_ARGUMENT, "no IP address");
    NO_CLIENT(media_port, 65536, FRAMEWIRE_INVALID_ARGUMENT, "options.media_port is 65536");
    NO_CLIENT(ice_server_count, 1, FRAMEWIRE_INVALID_ARGUMENT, "options.ice_servers is NULL");
    CHECK(client == NULL);

    /* Nobody is there: it fails by itself, or is freed before. */
    framewire_events *events = new_events();
    framewire_event event = { .size = sizeof event };
    int32_t state = -1;
    options = right, options.events = events, options.stream = "x";
    OK(framewire_client_new(&options, &client));
    do {
        OK(framewire_events_next(events, 20000, &event));
        CHECK(event.kind == FRAMEWIRE_EVENT_CLIENT_STATE && event.object == (uint64_t)(uintptr_t)client);
        CHECK(strcmp(event.stream, "x") == 0 && event.text_length > 0);
    } while (event.value == FRAMEWIRE_CLIENT_CONNECTING);
    CHECK(event.value == FRAMEWIRE_CLIENT_FAILED);
    OK(framewire_client_get_state(client, &state));
    CHECK(state == FRAMEWIRE_CLIENT_FAILED);
    framewire_client_free(client);
    options.source = NULL, options.sink = sink;
    OK(framewire_client_new(&options, &client));
    framewire_client_free(client);
    FAILS(framewire_client_get_state(client, &state), FRAMEWIRE_INVALID_HANDLE, "client is ");
    FAILS(framewire_events_next(events, 0, &event), FRAMEWIRE_TIMEOUT, "no event");
    framewire_events_free(events);
    framewire_sink_free(sink);
    framewire_source_free(source);
}

static void uploads(void) {
    framewire_upload_options options = { .size = 8 };
    framewire_upload *upload = NULL;
    FAILS(framewire_upload_new(&options, &upload), FRAMEWIRE_INVALID_ARGUMENT, "options.size is 8");
    struct { framewire_upload_options known; uint64_t later; } newer = { .known = { .size = sizeof newer } };
    newer.later = 1;
    FAILS(framewire_upload_new(&newer.known, &upload), FRAMEWIRE_INVALID_ARGUMENT, "a field after the first 48");
    newer.later = 0;
    OK(framewire_upload_new(&newer.known, &upload));
    framewire_upload_progress progress;
    memset(&progress, 0xff, sizeof progress);
    progress.size = 8;
    FAILS(framewire_upload_get_progress(upload, 0, &progress), FRAMEWIRE_INVALID_ARGUMENT, "progress.size is 8");
    progress.size = sizeof progress;
    OK(framewire_upload_get_progress(upload, 0, &progress));
    CHECK(progress.number == 0 && progress.peer == 0 && progress.bytes == 0 && progress.chunks == 0);
    CHECK(progress.total == 0 && progress.state == FRAMEWIRE_UPLOAD_IDLE && progress.reserved == 0);
    framewire_upload_stats stats = { .size = 8 };
    FAILS(framewire_upload_get_stats(upload, &stats), FRAMEWIRE_INVALID_ARGUMENT, "stats.size is 8");
    stats = (framewire_upload_stats){ .size = sizeof stats, .waiting = 1 };
    OK(framewire_upload_get_stats(upload, &stats));
    CHECK(stats.waiting == 0 && stats.completed == 0 && stats.echoes_dropped == 0);
    framewire_upload_free(upload);
}

static void servers(void) {
    framewire_ice_server ice[1] = { { 0 } };
    framewire_server_options options = { .size = sizeof options, .ice_server_count = 1 };
    framewire_server *server = NULL;
    FAILS(framewire_server_new(&options, &server), FRAMEWIRE_INVALID_ARGUMENT, "options.ice_servers is NULL");
    options.ice_servers = ice;
    FAILS(framewire_server_new(&options, &server), FRAMEWIRE_INVALID_ARGUMENT, "options.ice_servers.url is NULL");
    options.ice_server_count = SIZE_MAX;
    FAILS(framewire_server_new(&options, &server), FRAMEWIRE_INVALID_ARGUMENT, "options.ice_server_count is ");
    options = (framewire_server_options){ .size = sizeof options, .max_ingest_message = 67108865 };
    FAILS(framewire_server_new(&options, &server), FRAMEWIRE_INVALID_ARGUMENT, "max_ingest_message is 67108865");
    options = (framewire_server_options){ .size = sizeof options, .reserved = 1 };
    FAILS(framewire_server_new(&options, &server), FRAMEWIRE_INVALID_ARGUMENT, "options.reserved is 1");
}

static void ingests(void) {
    framewire_sink *sink = NULL;
    OK(framewire_sink_new(NULL, &sink));
    framewire_ingest *ingest = NULL;
    const framewire_ingest_options right = { .size = sizeof right, .sink = sink };
    framewire_ingest_options options = right;
#define NO_INGEST(field, value, status, words)                                                     \
    options = right, options.field = (value);                                                      \
    FAILS(framewire_ingest_new(&options, &ingest), status, words)
    NO_INGEST(size, 8, FRAMEWIRE_INVALID_ARGUMENT, "options.size is 8");
    NO_INGEST(sink, NULL, FRAMEWIRE_INVALID_HANDLE, "sink is NULL");
    NO_INGEST(sample_rate, 7999, FRAMEWIRE_INVALID_ARGUMENT, "sample_rate is 7999");
    NO_INGEST(channels, 3, FRAMEWIRE_INVALID_ARGUMENT, "channels is 3");
    NO_INGEST(max_message, 67108865, FRAMEWIRE_INVALID_ARGUMENT, "max_message is 67108865");
    NO_INGEST(reserved, 1, FRAMEWIRE_INVALID_ARGUMENT, "options.reserved is 1");
    CHECK(ingest == NULL);
    framewire_sink_free(sink);
}

#define WRONG_PROCESSOR(field, value, words)                                                       \
    do {                                                                                           \
        framewire_processor_options options = { .size = sizeof options, .field = (value) };        \
        framewire_processor *none = NULL;                                                          \
        FAILS(framewire_processor_new(&options, &none), FRAMEWIRE_INVALID_ARGUMENT, words);        \
        CHECK(none == NULL);                                                                       \
    } while (0)

static void count(void *context) {
    ++*(int *)context;
}

static void processors(void) {
    WRONG_PROCESSOR(declared_fps, -1, "options.declared_fps is -1");
    WRONG_PROCESSOR(workers, 1, "options.workers is set");
    WRONG_PROCESSOR(max_in_flight, 1001, "max_in_flight is 1001");
    WRONG_PROCESSOR(every_frame, 2, "options.every_frame is 2");
    WRONG_PROCESSOR(as_finished, 2, "options.as_finished is 2");
    WRONG_PROCESSOR(pass_through, 2, "options.pass_through is 2");
    WRONG_PROCESSOR(rotation, 1, "rotation is 1");
    WRONG_PROCESSOR(video_off, 2, "options.video_off is 2");
    WRONG_PROCESSOR(sound, 2, "options.sound is 2");
    WRONG_PROCESSOR(sound, 1, "sound goes through from a sink");
    WRONG_PROCESSOR(outlives_track, 2, "options.outlives_track is 2");
    WRONG_PROCESSOR(format, 7, "options.format is 7");
    WRONG_PROCESSOR(format, 1, "options.format is 1");
    WRONG_PROCESSOR(source_pts, 2, "options.source_pts is 2");
    WRONG_PROCESSOR(source_pts, 1, "source_pts is set without a source");
    WRONG_PROCESSOR(reserved, 1, "options.reserved is 1");
    framewire_processor_options stale = { .size = sizeof stale, .sink = MADE_UP(framewire_sink, 1) };
    framewire_processor *processor = NULL;
    FAILS(framewire_processor_new(&stale, &processor), FRAMEWIRE_INVALID_HANDLE, "sink is 0x1");
    stale.file = "x";
    FAILS(framewire_processor_new(&stale, &processor), FRAMEWIRE_INVALID_ARGUMENT, "sink and options.file");
    stale.sink = NULL;
    FAILS(framewire_processor_new(&stale, &processor), FRAMEWIRE_IO, "opening x");

    /* Functions are the library's, also when the call fails. */
    int dropped = 0;
    framewire_processor_options mute = { .size = sizeof mute, .function = { .drop = count, .context = &dropped } };
    FAILS(framewire_processor_new(&mute, &processor), FRAMEWIRE_INVALID_ARGUMENT, "options.function.call is NULL");
    CHECK(dropped == 1);
    mute = (framewire_processor_options){ .size = sizeof mute, .sound_function = { .drop = count, .context = &dropped } };
    FAILS(framewire_processor_new(&mute, &processor), FRAMEWIRE_INVALID_ARGUMENT, "options.sound_function.call is NULL");
    CHECK(dropped == 2);

    /* What comes out knows its own size. */
    framewire_processor_options options = { .size = sizeof options };
    struct { framewire_processor_stats known; uint64_t later; } newer;
    memset(&newer, 0xff, sizeof newer);
    newer.known.size = sizeof newer;
    OK(framewire_processor_new(&options, &processor));
    OK(framewire_processor_get_stats(processor, &newer.known));
    CHECK(newer.known.size == sizeof newer && newer.known.received == 0 && newer.later == 0);
    uint8_t pixels[12] = { 1 };
    framewire_video_frame frame = {
        .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGB24, .width = 2, .height = 2, .planes = { pixels }
    };
    framewire_job *job = NULL;
    framewire_job_view view = { .size = sizeof view - 8 };
    OK(framewire_processor_push_video(processor, &frame, 0));
    OK(framewire_processor_next(processor, 0, &job));
    FAILS(framewire_job_get_view(job, &view), FRAMEWIRE_INVALID_ARGUMENT, "view.size is ");
    view.size = sizeof view;
    OK(framewire_job_get_view(job, &view));
    CHECK(view.frame_id == 1 && view.width == 2 && view.strides[0] == 6 && view.planes[0][0] == 1);
    OK(framewire_job_complete(job));
    framewire_processor_free(processor);
}

/* Outputs of a program that is older or newer than the library. */
static void outputs(void) {
    framewire_source *source = new_source(NULL);
    struct { framewire_source_stats known; uint64_t later; } newer;
    memset(&newer, 0xff, sizeof newer);
    newer.known.size = sizeof newer;
    OK(framewire_source_get_stats(source, &newer.known));
    CHECK(newer.known.size == sizeof newer && newer.known.viewers == 0 && newer.later == 0);
    memset(&newer, 0xff, sizeof newer);
    newer.known.size = offsetof(framewire_source_stats, audio_held_us); /* all that the first release had */
    OK(framewire_source_get_stats(source, &newer.known));
    CHECK(newer.known.viewers == 0 && newer.known.audio_held_us == UINT64_MAX);
    memset(&newer, 0xff, sizeof newer);
    newer.known.size = offsetof(framewire_source_stats, audio_held_us) - 8;
    FAILS(framewire_source_get_stats(source, &newer.known), FRAMEWIRE_INVALID_ARGUMENT, "stats.size is ");
    CHECK(newer.known.viewers == UINT64_MAX);
    framewire_source_free(source);
}

static void results(void) {
    framewire_results *results = NULL;
    framewire_results_options options = { .size = sizeof options, .field_count = 1 };
    FAILS(framewire_results_new(&options, &results), FRAMEWIRE_INVALID_ARGUMENT, "options.fields is NULL");
    const char *names[] = { NULL };
    options.fields = names;
    FAILS(framewire_results_new(&options, &results), FRAMEWIRE_INVALID_ARGUMENT, "options.fields[0] is NULL");
    /* As a program of the first release fills it. */
    options.size = offsetof(framewire_results_options, fields);
    OK(framewire_results_new(&options, &results));
    struct { framewire_result known; uint64_t later; } newer = { .known = { .size = sizeof newer }, .later = 1 };
    FAILS(framewire_results_send_result(results, 1, &newer.known), FRAMEWIRE_INVALID_ARGUMENT, "result.size is 96");
    newer.later = 0;
    OK(framewire_results_send_result(results, 1, &newer.known));
    newer.known.size = 80;
    FAILS(framewire_results_send_result(results, 1, &newer.known), FRAMEWIRE_INVALID_ARGUMENT, "result.size is 80");
    FAILS(framewire_results_complete(results, 0, &newer.known, 1, NULL), FRAMEWIRE_INVALID_ARGUMENT, "last.size is 80");
    framewire_results_free(results);
}

int main(int argc, char **argv) {
    (void)argv;
    events();
    sinks();
    logs();
    source_options();
    peers();
    clients();
    uploads();
    servers();
    ingests();
    results();
    processors();
    if (argc > 1) {
        source_numbers();
        video_frames();
        audio_frames();
        outputs();
    }
    return 0;
}
