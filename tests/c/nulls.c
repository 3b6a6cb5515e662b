/* Every function, with NULL and with handles that never were: a status and a sentence, no crash. */
#include "check.h"

static void sweep(uintptr_t bits, framewire_status status) {
    framewire_log *log = MADE_UP(framewire_log, bits);
    framewire_events *events = MADE_UP(framewire_events, bits);
    framewire_source *source = MADE_UP(framewire_source, bits);
    framewire_peer *peer = MADE_UP(framewire_peer, bits);
    framewire_server *server = MADE_UP(framewire_server, bits);
    framewire_sink *sink = MADE_UP(framewire_sink, bits);
    framewire_channel *channel = MADE_UP(framewire_channel, bits), *made = NULL;
    framewire_channel_stats channel_stats = { .size = sizeof channel_stats };
    framewire_results *results = MADE_UP(framewire_results, bits);
    framewire_results_stats results_stats = { .size = sizeof results_stats };
    framewire_resolver *resolver = MADE_UP(framewire_resolver, bits);
    framewire_resolver_stats resolver_stats = { .size = sizeof resolver_stats };
    framewire_arrival arrival = { .size = sizeof arrival, .track = "t", .media = FRAMEWIRE_MEDIA_VIDEO };
    uint64_t request;
    framewire_client *client = MADE_UP(framewire_client, bits);
    framewire_ingest *ingest = MADE_UP(framewire_ingest, bits);
    framewire_ingest_options ingest_options = { .size = sizeof ingest_options, .sink = sink };
    framewire_ingest *ingest_made = NULL;
    framewire_frame *frame = MADE_UP(framewire_frame, bits), *taken = NULL;
    framewire_event event = { .size = sizeof event };
    framewire_video_frame video = { .size = sizeof video };
    framewire_audio_frame audio = { .size = sizeof audio };
    framewire_source_stats source_stats = { .size = sizeof source_stats };
    framewire_viewer_stats viewer_stats = { .size = sizeof viewer_stats };
    framewire_server_stats server_stats = { .size = sizeof server_stats };
    framewire_sink_stats sink_stats = { .size = sizeof sink_stats };
    framewire_frame_info info = { .size = sizeof info };
    framewire_release none = { 0 };
    bool evicted;
    char text[8];
    size_t length;
    int32_t state;

    FAILS(framewire_events_next(events, 0, &event), status, "events is ");
    FAILS(framewire_events_fd(events), (int)status, "events is ");
    FAILS(framewire_source_push_video(source, &video, &evicted), status, "source is ");
    FAILS(framewire_source_push_video_owned(source, &video, none, &evicted), status, "source is ");
    FAILS(framewire_source_push_audio(source, &audio), status, "source is ");
    FAILS(framewire_source_request_keyframe(source), status, "source is ");
    FAILS(framewire_source_set_video_bitrate(source, 1), status, "source is ");
    FAILS(framewire_source_set_frame_rate(source, 30), status, "source is ");
    FAILS(framewire_source_set_video_size(source, 2, 2), status, "source is ");
    FAILS(framewire_source_get_stats(source, &source_stats), status, "source is ");
    FAILS(framewire_peer_send(peer, NULL, source), status, "peer is ");
    FAILS(framewire_peer_receive(peer, NULL, sink), status, "peer is ");
    FAILS(framewire_sink_next_video(sink, 0, &taken), status, "sink is ");
    FAILS(framewire_sink_next_audio(sink, 0, &taken), status, "sink is ");
    FAILS(framewire_sink_fd(sink, FRAMEWIRE_MEDIA_VIDEO), (int)status, "sink is ");
    FAILS(framewire_sink_request_keyframe(sink), status, "sink is ");
    FAILS(framewire_sink_get_track(sink, FRAMEWIRE_MEDIA_VIDEO, &state), status, "sink is ");
    FAILS(framewire_sink_get_stats(sink, FRAMEWIRE_MEDIA_VIDEO, &sink_stats), status, "sink is ");
    FAILS(framewire_peer_channel(peer, NULL, &made), status, "peer is ");
    FAILS(framewire_peer_next_channel(peer, 0, &made), status, "peer is ");
    FAILS(framewire_channel_send(channel, "x", 1, 0), status, "channel is ");
    FAILS(framewire_channel_next(channel, 0, text, sizeof text, &length, NULL), status, "channel is ");
    FAILS(framewire_channel_fd(channel), (int)status, "channel is ");
    FAILS(framewire_channel_label(channel, text, sizeof text, &length), status, "channel is ");
    FAILS(framewire_channel_get_state(channel, &state), status, "channel is ");
    FAILS(framewire_channel_get_stats(channel, &channel_stats), status, "channel is ");
    FAILS(framewire_peer_results(peer, results), status, "peer is ");
    FAILS(framewire_server_publish_with_results(server, "x", source, results), status, "server is ");
    FAILS(framewire_results_send(results, 1, "x", 1), status, "results is ");
    FAILS(framewire_results_finish(results, "x", 1, 1, NULL), status, "results is ");
    FAILS(framewire_results_get_stats(results, &results_stats), status, "results is ");
    FAILS(framewire_resolver_register(resolver, &arrival), status, "resolver is ");
    FAILS(framewire_resolver_withdraw(resolver, "t"), status, "resolver is ");
    FAILS(framewire_peer_announce(peer, resolver, NULL, NULL), status, "peer is ");
    FAILS(framewire_resolver_resolve(resolver, "u", "s", 1, NULL, 0, text, sizeof text, &length), status, "resolver is ");
    FAILS(framewire_resolver_resolve_async(resolver, "u", "s", 1, NULL, 0, &request), status, "resolver is ");
    FAILS(framewire_resolver_unpublish(resolver, "u", "s", 1, text, sizeof text, &length), status, "resolver is ");
    FAILS(framewire_resolver_cancel(resolver, "u", "s"), status, "resolver is ");
    FAILS(framewire_resolver_forget(resolver, "u", "s"), status, "resolver is ");
    FAILS(framewire_resolver_get_stats(resolver, &resolver_stats), status, "resolver is ");
    FAILS(framewire_ingest_new(&ingest_options, &ingest_made), status, "sink is ");
    FAILS(framewire_ingest_push(ingest, "a", 1), status, "ingest is ");
    FAILS(framewire_frame_view(frame, &video), status, "frame is ");
    FAILS(framewire_frame_audio_view(frame, &audio), status, "frame is ");
    FAILS(framewire_frame_get_info(frame, &info), status, "frame is ");
    FAILS(framewire_frame_ref(frame), status, "frame is ");
    FAILS(framewire_peer_answer(peer, "", 0, text, sizeof text, &length), status, "peer is ");
    FAILS(framewire_peer_answer_async(peer, ""), status, "peer is ");
    FAILS(framewire_peer_offer(peer, 0, text, sizeof text, &length), status, "peer is ");
    FAILS(framewire_peer_offer_async(peer), status, "peer is ");
    FAILS(framewire_peer_accept(peer, "", 0), status, "peer is ");
    FAILS(framewire_peer_description(peer, text, sizeof text, &length), status, "peer is ");
    FAILS(framewire_peer_add_candidate(peer, "", NULL), status, "peer is ");
    FAILS(framewire_peer_get_state(peer, &state), status, "peer is ");
    FAILS(framewire_peer_get_stats(peer, 0, &viewer_stats), status, "peer is ");
    FAILS(framewire_peer_mid(peer, 0, text, sizeof text, &length), status, "peer is ");
    FAILS(framewire_client_get_state(client, &state), status, "client is ");
    FAILS(framewire_server_publish(server, "x", source), status, "server is ");
    FAILS(framewire_server_unpublish(server, "x"), status, "server is ");
    FAILS(framewire_server_receive(server, "x", NULL, sink), status, "server is ");
    FAILS(framewire_server_unreceive(server, "x"), status, "server is ");
    FAILS(framewire_server_accept(server, 1, sink), status, "server is ");
    FAILS(framewire_server_refuse(server, 1, NULL), status, "server is ");
    FAILS(framewire_server_address(server, text, sizeof text, &length), status, "server is ");
    FAILS(framewire_server_get_stats(server, &server_stats), status, "server is ");

    framewire_log_free(log);
    framewire_events_free(events);
    framewire_source_free(source);
    framewire_peer_free(peer);
    framewire_server_free(server);
    framewire_sink_free(sink);
    framewire_client_free(client);
    framewire_frame_unref(frame);
    framewire_channel_free(channel);
    framewire_results_free(results);
    framewire_resolver_free(resolver);
    framewire_ingest_free(ingest);
}

static void outputs(void) {
    framewire_log_options log = { .size = sizeof log };
    framewire_source_options source = { .size = sizeof source };
    framewire_events *events = new_events();

    FAILS(framewire_log_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "options is NULL");
    FAILS(framewire_log_new(&log, NULL), FRAMEWIRE_INVALID_ARGUMENT, "log is NULL");
    FAILS(framewire_events_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "events is NULL");
    FAILS(framewire_events_next(events, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "event is NULL");
    FAILS(framewire_source_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "options is NULL");
    FAILS(framewire_source_new(&source, NULL), FRAMEWIRE_INVALID_ARGUMENT, "source is NULL");
    FAILS(framewire_peer_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "peer is NULL");
    FAILS(framewire_server_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "server is NULL");
    FAILS(framewire_sink_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "sink is NULL");
    FAILS(framewire_client_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "options is NULL");
    FAILS(framewire_ingest_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "options is NULL");
    int32_t kind;
    size_t length;
    const void *payload;
    FAILS(framewire_ingest_read(NULL, 1, 2, &kind, &payload, &length), FRAMEWIRE_INVALID_ARGUMENT, "message is NULL");
    FAILS(framewire_ingest_read("a", 1, 2, NULL, &payload, &length), FRAMEWIRE_INVALID_ARGUMENT, "kind is NULL");
    FAILS(framewire_ingest_read("a", 1, 2, &kind, NULL, &length), FRAMEWIRE_INVALID_ARGUMENT, "payload is NULL");
    FAILS(framewire_ingest_read("a", 1, 2, &kind, &payload, NULL), FRAMEWIRE_INVALID_ARGUMENT, "length is NULL");
    FAILS(framewire_ingest_read("a", SIZE_MAX, 2, &kind, &payload, &length), FRAMEWIRE_INVALID_ARGUMENT, "no message is so long");
    framewire_events_free(events);
}

static void inputs(void) {
    framewire_source *source = new_source(NULL);
    framewire_peer *peer = new_peer(NULL);
    framewire_server *server = new_server(NULL);
    framewire_sink *sink = NULL;
    framewire_frame *frame = NULL;
    char text[8];
    OK(framewire_sink_new(NULL, &sink));

    framewire_channel *channel = NULL;
    FAILS(framewire_peer_channel(peer, NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "channel is NULL");
    FAILS(framewire_peer_next_channel(peer, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "channel is NULL");
    FAILS(framewire_peer_next_channel(peer, 0, &channel), FRAMEWIRE_TIMEOUT, "no channel came");
    OK(framewire_peer_channel(peer, NULL, &channel));
    FAILS(framewire_channel_send(channel, NULL, 1, 0), FRAMEWIRE_INVALID_ARGUMENT, "message is NULL");
    FAILS(framewire_channel_send(channel, "x", 1, 2), FRAMEWIRE_INVALID_ARGUMENT, "is_text is 2");
    FAILS(framewire_channel_send(channel, "x", 1, 1), FRAMEWIRE_INVALID_STATE, "not open yet");
    FAILS(framewire_channel_next(channel, 0, text, sizeof text, NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "length is NULL");
    size_t length = 0;
    FAILS(framewire_channel_next(channel, 0, NULL, 1, &length, NULL), FRAMEWIRE_INVALID_ARGUMENT, "message is NULL");
    FAILS(framewire_channel_next(channel, 0, text, sizeof text, &length, NULL), FRAMEWIRE_TIMEOUT, "no message");
    FAILS(framewire_channel_label(channel, NULL, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    FAILS(framewire_channel_get_state(channel, NULL), FRAMEWIRE_INVALID_ARGUMENT, "state is NULL");
    FAILS(framewire_channel_get_stats(channel, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    framewire_channel_free(channel);
    framewire_resolver *resolver = NULL;
    FAILS(framewire_resolver_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "resolver is NULL");
    OK(framewire_resolver_new(NULL, &resolver));
    FAILS(framewire_peer_announce(peer, NULL, NULL, NULL), FRAMEWIRE_INVALID_HANDLE, "resolver is NULL");
    FAILS(framewire_resolver_register(resolver, NULL), FRAMEWIRE_INVALID_ARGUMENT, "arrival is NULL");
    framewire_arrival arrival = { .size = sizeof arrival };
    FAILS(framewire_resolver_register(resolver, &arrival), FRAMEWIRE_INVALID_ARGUMENT, "arrival.track is NULL");
    arrival.track = "t";
    FAILS(framewire_resolver_register(resolver, &arrival), FRAMEWIRE_INVALID_ARGUMENT, "media is 0");
    arrival.media = FRAMEWIRE_MEDIA_VIDEO;
    arrival.label_count = 1;
    FAILS(framewire_resolver_register(resolver, &arrival), FRAMEWIRE_INVALID_ARGUMENT, "arrival.label_count is 1");
    const char *labels[] = { "front" };
    arrival.labels = labels;
    OK(framewire_resolver_register(resolver, &arrival));
    char track[8];
    uint64_t request;
    FAILS(framewire_resolver_resolve(resolver, NULL, "s", 1, NULL, 0, track, sizeof track, NULL),
          FRAMEWIRE_INVALID_ARGUMENT, "user is NULL");
    FAILS(framewire_resolver_resolve(resolver, "u", "s", 5, NULL, 0, track, sizeof track, NULL),
          FRAMEWIRE_INVALID_ARGUMENT, "type is 5");
    FAILS(framewire_resolver_resolve(resolver, "u", "s", 2, NULL, 0, track, sizeof track, NULL),
          FRAMEWIRE_TIMEOUT, "no track for (u, s, Audio) came in time; pending: t (?, ?, Video); known: none");
    FAILS(framewire_resolver_resolve_async(resolver, "u", "s", 1, NULL, 0, &request),
          FRAMEWIRE_INVALID_STATE, "without events");
    OK(framewire_resolver_resolve(resolver, "u", "s", 3, "front", -1, track, sizeof track, NULL));
    CHECK(strcmp(track, "t") == 0);
    FAILS(framewire_resolver_resolve(resolver, "u", "s", 3, NULL, 0, track, 1, NULL), FRAMEWIRE_LIMIT, "capacity is 1");
    OK(framewire_resolver_unpublish(resolver, "u", "s", 3, track, sizeof track, NULL));
    OK(framewire_resolver_unpublish(resolver, "u", "s", 4, track, sizeof track, NULL));
    CHECK(track[0] == '\0');
    OK(framewire_resolver_cancel(resolver, "u", "s"));
    OK(framewire_resolver_forget(resolver, "u", "s"));
    framewire_resolver_stats resolver_stats = { .size = sizeof resolver_stats };
    OK(framewire_resolver_get_stats(resolver, &resolver_stats));
    CHECK(resolver_stats.resolved == 2 && resolver_stats.timed_out == 1 && resolver_stats.known == 0);
    framewire_resolver_free(resolver);

    framewire_results *results = NULL;
    FAILS(framewire_results_new(NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "results is NULL");
    framewire_results_options odd = { .size = sizeof odd, .mode = 3 };
    FAILS(framewire_results_new(&odd, &results), FRAMEWIRE_INVALID_ARGUMENT, "options.mode is 3");
    odd = (framewire_results_options){ .size = sizeof odd, .chunk_size = 262144 };
    FAILS(framewire_results_new(&odd, &results), FRAMEWIRE_INVALID_ARGUMENT, "chunk_size is 262144");
    OK(framewire_results_new(NULL, &results));
    FAILS(framewire_peer_results(peer, NULL), FRAMEWIRE_INVALID_HANDLE, "results is NULL");
    FAILS(framewire_results_send(results, 1, NULL, 1), FRAMEWIRE_INVALID_ARGUMENT, "result is NULL");
    FAILS(framewire_results_send(results, UINT32_MAX, "x", 1), FRAMEWIRE_INVALID_ARGUMENT, "frame_id is 4294967295") ;
    OK(framewire_results_send(results, 7, "x", 1));
    FAILS(framewire_results_send(results, 6, "x", 1), FRAMEWIRE_INVALID_ARGUMENT, "frame_id is 6 but was 7");
    FAILS(framewire_results_finish(results, "x", 1, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "linger_ms is 0");
    uint64_t acknowledged = 7;
    OK(framewire_results_finish(results, "x", 1, 1, &acknowledged));
    CHECK(acknowledged == 0);
    FAILS(framewire_results_send(results, 8, "x", 1), FRAMEWIRE_INVALID_STATE, "the last message was sent");
    FAILS(framewire_results_get_stats(results, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    framewire_results_free(results);
    FAILS(framewire_peer_receive(peer, NULL, NULL), FRAMEWIRE_INVALID_HANDLE, "sink is NULL");
    framewire_client_options options = { .size = sizeof options, .url = "http://127.0.0.1:9/whep/x", .sink = sink };
    framewire_client *client = NULL;
    FAILS(framewire_client_new(&options, NULL), FRAMEWIRE_INVALID_ARGUMENT, "client is NULL");
    OK(framewire_client_new(&options, &client));
    FAILS(framewire_client_get_state(client, NULL), FRAMEWIRE_INVALID_ARGUMENT, "state is NULL");
    framewire_client_free(client);
    FAILS(framewire_peer_receive(peer, "\xff", sink), FRAMEWIRE_INVALID_ARGUMENT, "not UTF-8");
    FAILS(framewire_sink_next_video(sink, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "frame is NULL");
    FAILS(framewire_sink_next_video(sink, -2, &frame), FRAMEWIRE_INVALID_ARGUMENT, "timeout_ms is -2");
    FAILS(framewire_sink_next_video(sink, 0, &frame), FRAMEWIRE_TIMEOUT, "nothing came");
    FAILS(framewire_sink_next_audio(sink, 0, &frame), FRAMEWIRE_TIMEOUT, "nothing came");
    FAILS(framewire_sink_fd(sink, 0), FRAMEWIRE_INVALID_ARGUMENT, "media is 0");
    FAILS(framewire_sink_get_track(sink, 3, NULL), FRAMEWIRE_INVALID_ARGUMENT, "state is NULL");
    FAILS(framewire_sink_get_stats(sink, 1, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    framewire_ingest_options messages = { .size = sizeof messages, .sink = sink };
    framewire_ingest *ingest = NULL;
    FAILS(framewire_ingest_new(&messages, NULL), FRAMEWIRE_INVALID_ARGUMENT, "ingest is NULL");
    OK(framewire_ingest_new(&messages, &ingest));
    FAILS(framewire_ingest_push(ingest, NULL, 1), FRAMEWIRE_INVALID_ARGUMENT, "message is NULL");
    framewire_ingest_free(ingest);
    framewire_sink_free(sink);
    FAILS(framewire_source_push_video(source, NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "frame is NULL");
    FAILS(framewire_source_push_audio(source, NULL), FRAMEWIRE_INVALID_ARGUMENT, "frame is NULL");
    FAILS(framewire_source_get_stats(source, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    FAILS(framewire_peer_send(peer, NULL, NULL), FRAMEWIRE_INVALID_HANDLE, "source is NULL");
    FAILS(framewire_peer_answer(peer, NULL, 0, text, sizeof text, NULL), FRAMEWIRE_INVALID_ARGUMENT, "offer is NULL");
    FAILS(framewire_peer_answer(peer, "v=0", 0, NULL, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    FAILS(framewire_peer_answer(peer, "v=0", 600001, text, sizeof text, NULL), FRAMEWIRE_INVALID_ARGUMENT, "timeout_ms");
    FAILS(framewire_peer_answer_async(peer, "v=0"), FRAMEWIRE_INVALID_STATE, "no events");
    FAILS(framewire_peer_offer_async(peer), FRAMEWIRE_INVALID_STATE, "no events");
    FAILS(framewire_peer_offer(peer, 0, NULL, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    FAILS(framewire_peer_accept(peer, NULL, 0), FRAMEWIRE_INVALID_ARGUMENT, "answer is NULL");
    FAILS(framewire_peer_accept(peer, "\xff", 0), FRAMEWIRE_INVALID_ARGUMENT, "not UTF-8");
    FAILS(framewire_peer_description(peer, NULL, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    FAILS(framewire_peer_description(peer, text, sizeof text, NULL), FRAMEWIRE_INVALID_STATE, "no answer or offer");
    FAILS(framewire_peer_add_candidate(peer, NULL, NULL), FRAMEWIRE_INVALID_ARGUMENT, "candidate is NULL");
    FAILS(framewire_peer_get_state(peer, NULL), FRAMEWIRE_INVALID_ARGUMENT, "state is NULL");
    FAILS(framewire_peer_get_stats(peer, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    FAILS(framewire_peer_mid(peer, 0, text, sizeof text, NULL), FRAMEWIRE_CLOSED, "0 viewers");
    FAILS(framewire_server_publish(server, NULL, source), FRAMEWIRE_INVALID_ARGUMENT, "name is NULL");
    FAILS(framewire_server_publish(server, "x", NULL), FRAMEWIRE_INVALID_HANDLE, "source is NULL");
    FAILS(framewire_server_unpublish(server, NULL), FRAMEWIRE_INVALID_ARGUMENT, "name is NULL");
    FAILS(framewire_server_receive(server, "x", NULL, NULL), FRAMEWIRE_INVALID_HANDLE, "sink is NULL");
    OK(framewire_sink_new(NULL, &sink));
    FAILS(framewire_server_receive(server, NULL, NULL, sink), FRAMEWIRE_INVALID_ARGUMENT, "name is NULL");
    FAILS(framewire_server_receive(server, "x", "", sink), FRAMEWIRE_INVALID_ARGUMENT, "token is empty");
    FAILS(framewire_server_unreceive(server, "x"), FRAMEWIRE_INVALID_STATE, "not received");
    OK(framewire_server_receive(server, "x", NULL, sink));
    FAILS(framewire_server_receive(server, "x", NULL, sink), FRAMEWIRE_INVALID_STATE, "received already");
    OK(framewire_server_unreceive(server, "x"));
    FAILS(framewire_server_accept(server, 1, sink), FRAMEWIRE_INVALID_STATE, "no publish request 1");
    FAILS(framewire_server_accept(server, 1, NULL), FRAMEWIRE_INVALID_HANDLE, "sink is NULL");
    FAILS(framewire_server_refuse(server, 1, NULL), FRAMEWIRE_INVALID_STATE, "no publish request 1");
    framewire_sink_free(sink);
    FAILS(framewire_server_address(server, NULL, 0, NULL), FRAMEWIRE_INVALID_ARGUMENT, "both NULL");
    FAILS(framewire_server_get_stats(server, NULL), FRAMEWIRE_INVALID_ARGUMENT, "stats is NULL");
    framewire_server_free(server);
    framewire_peer_free(peer);
    framewire_source_free(source);
}

int main(int argc, char **argv) {
    CHECK(framewire_abi_version() == FRAMEWIRE_ABI_VERSION);
    CHECK(strlen(framewire_version()) >= 5);
    CHECK(strcmp(framewire_last_error(), "") == 0);
    if (argc > 1 && strcmp(argv[1], "inputs") == 0) {
        inputs();
        return 0;
    }
    int local;
    sweep(0, FRAMEWIRE_INVALID_HANDLE);
    sweep(1, FRAMEWIRE_INVALID_HANDLE);
    sweep(UINTPTR_MAX, FRAMEWIRE_INVALID_HANDLE);
    sweep((uintptr_t)&local, FRAMEWIRE_INVALID_HANDLE);
    uint64_t random = 88172645463325252u; /* xorshift64 */
    for (int n = 0; n < 10000; n++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        sweep((uintptr_t)random, FRAMEWIRE_INVALID_HANDLE);
    }
    /* The same with the form of a real one: kinds 0 to 15, generation 1, the first slots. */
    for (uint64_t kind = 0; kind < 16; kind++)
        for (uint64_t slot = 0; slot < 16; slot++)
            sweep((uintptr_t)(kind << 56 | UINT64_C(1) << 24 | slot), FRAMEWIRE_INVALID_HANDLE);
    outputs();
    return 0;
}
