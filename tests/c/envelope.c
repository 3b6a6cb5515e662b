/* Results in their envelope, from one peer of this program to another: what is sent, byte by byte. */
#include "check.h"

enum { PATIENCE_MS = 30000, HEADER = 12 };

static framewire_channel *connect_peers(framewire_peer *sends, framewire_peer *takes) {
    static char offer[65536], answer[65536];
    OK(framewire_peer_offer(sends, PATIENCE_MS, offer, sizeof offer, NULL));
    OK(framewire_peer_answer(takes, offer, PATIENCE_MS, answer, sizeof answer, NULL));
    OK(framewire_peer_accept(sends, answer, PATIENCE_MS));
    framewire_channel *channel = NULL;
    OK(framewire_peer_next_channel(takes, PATIENCE_MS, &channel));
    return channel;
}

/* The next message is this one, in one chunk: frame id, 0, 1. */
static void comes(framewire_channel *channel, uint32_t frame_id, const char *json) {
    static char message[65536];
    size_t length;
    uint32_t is_text;
    OK(framewire_channel_next(channel, PATIENCE_MS, message, sizeof message - 1, &length, &is_text));
    message[length] = 0;
    const uint8_t header[HEADER] = { frame_id & 255, frame_id >> 8 & 255, frame_id >> 16 & 255, frame_id >> 24, 0, 0, 0, 0, 1 };
    CHECK(!is_text && length >= HEADER && memcmp(message, header, HEADER) == 0);
    if (strcmp(message + HEADER, json) != 0)
        fprintf(stderr, "wanted %s\ngot    %s\n", json, message + HEADER);
    CHECK(strcmp(message + HEADER, json) == 0);
}

#define NOTHING_KNOWN(id)                                                                                              \
    "\"video_metadata\":{\"frame_id\":" id ",\"received_at\":null,\"pts\":null,\"time_base\":null,"                    \
    "\"declared_fps\":null,\"measured_fps\":null,\"height\":null,\"width\":null}"
#define GOES_ON "\"processing_complete\":false,\"termination_reason\":null}"

int main(void) {
    const char *names[] = { "boxes", "label", "depth" };
    framewire_results_options options = { .size = sizeof options, .mode = FRAMEWIRE_RESULTS_FILE, .fields = names, .field_count = 3 };
    framewire_results *results = NULL;
    OK(framewire_results_new(&options, &results));
    framewire_peer_options po = { .size = sizeof po, .media_address = "127.0.0.1", .probe_candidates = 1, .accept_channels = 1 };
    framewire_peer *sends = NULL, *takes = NULL;
    OK(framewire_peer_new(&po, &sends));
    OK(framewire_peer_new(&po, &takes));
    OK(framewire_peer_results(sends, results));
    framewire_channel *channel = connect_peers(sends, takes);

    /* Everything that can be known, and a field that has no value. */
    framewire_field fields[] = { { .name = "boxes", .json = "[[1, 2.50]]" }, { .name = "label", .error = "a \"socket\"" } };
    const char *errors[] = { "too dark" };
    framewire_result full = {
        .size = sizeof full, .fields = fields, .field_count = 2, .errors = errors, .error_count = 1,
        .received_at = "2025-01-02T03:04:05", .pts = 4294967295, .time_base = 0.5, .declared_fps = 30,
        .measured_fps = 29.5, .width = 1280, .height = 720,
    };
    OK(framewire_results_send_result(results, 258, &full));
    comes(channel, 258,
          "{\"serialized_output_data\":{\"boxes\":[[1, 2.50]],\"label\":{\"__serialization_error__\":\"a \\\"socket\\\"\"}},"
          "\"video_metadata\":{\"frame_id\":258,\"received_at\":\"2025-01-02T03:04:05\",\"pts\":4294967295,\"time_base\":0.5,"
          "\"declared_fps\":30.0,\"measured_fps\":29.5,\"height\":720,\"width\":1280},"
          "\"errors\":[\"too dark\",\"field 'label' could not be serialized: a \\\"socket\\\"\"]," GOES_ON);

    /* The three modes, and names that there are not. */
    framewire_result plain = { .size = sizeof plain, .fields = fields, .field_count = 1 };
    OK(framewire_results_set_fields(results, FRAMEWIRE_FIELDS_NONE, NULL, 0));
    OK(framewire_results_send_result(results, 259, &plain));
    comes(channel, 259, "{\"serialized_output_data\":null," NOTHING_KNOWN("259") ",\"errors\":[]," GOES_ON);
    const char *unknown[] = { "boxes", "mask" }, *known[] = { "depth", "boxes" };
    FAILS(framewire_results_set_fields(results, FRAMEWIRE_FIELDS_NAMED, unknown, 2), FRAMEWIRE_INVALID_ARGUMENT,
          "there is no field 'mask'; there is: boxes, label, depth");
    OK(framewire_results_set_fields(results, FRAMEWIRE_FIELDS_NAMED, known, 2));
    OK(framewire_results_send_result(results, 260, &plain));
    comes(channel, 260, "{\"serialized_output_data\":{\"boxes\":[[1, 2.50]]}," NOTHING_KNOWN("260")
          ",\"errors\":[\"field 'depth' is missing from this result\"]," GOES_ON);
    OK(framewire_results_set_fields(results, FRAMEWIRE_FIELDS_ALL, NULL, 0));
    fields[0].json = "[1,";
    fields[0].name = "\xff";
    FAILS(framewire_results_send_result(results, 261, &plain), FRAMEWIRE_INVALID_ARGUMENT, "field.name is not UTF-8");
    fields[0] = (framewire_field){ .name = "n" };
    OK(framewire_results_send_result(results, 261, &plain));
    comes(channel, 261, "{\"serialized_output_data\":{\"n\":{\"__serialization_error__\":\"it has no value\"}}," NOTHING_KNOWN("261")
          ",\"errors\":[\"field 'n' could not be serialized: it has no value\"]," GOES_ON);
    fields[0].json = "\"\xff\"";
    OK(framewire_results_send_result(results, 261, &plain));
    comes(channel, 261, "{\"serialized_output_data\":{\"n\":{\"__serialization_error__\":\"it is not UTF-8\"}}," NOTHING_KNOWN("261")
          ",\"errors\":[\"field 'n' could not be serialized: it is not UTF-8\"]," GOES_ON);

    /* The last, with the id after the highest, once. */
    uint64_t acknowledged = 7;
    OK(framewire_results_complete(results, FRAMEWIRE_TERMINATION_SOURCE_ENDED, NULL, 1, &acknowledged));
    CHECK(acknowledged == 0);
    comes(channel, 262, "{\"serialized_output_data\":{}," NOTHING_KNOWN("null")
          ",\"errors\":[],\"processing_complete\":true,\"termination_reason\":\"source_ended\"}");
    FAILS(framewire_results_complete(results, 0, NULL, 1, NULL), FRAMEWIRE_INVALID_STATE, "the last message was sent");
    FAILS(framewire_results_send_result(results, 263, &plain), FRAMEWIRE_INVALID_STATE, "the last message was sent");

    framewire_channel_free(channel);
    framewire_peer_free(sends);
    framewire_peer_free(takes);
    framewire_results_free(results);
    return 0;
}
