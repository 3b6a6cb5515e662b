/*
 * Framewire: raw frames and sound into live WebRTC.
 *
 * Generated from src/capi by cbindgen; never edited. This header is the manual. What holds everywhere:
 *
 * Handles. framewire_x_new makes one yours, framewire_x_free ends it; NULL may be freed. Nothing has to be
 * initialised, and objects may be freed in any order. A handle is a token, not an address: one that is NULL,
 * freed, of another kind or made up is INVALID_HANDLE, never a crash, also while another thread frees it.
 * (uint64_t)handle is the id of the object in events.
 *
 * Structs that begin with `size` are set to zero but for what matters, and size to their sizeof:
 *     framewire_source_options options = { .size = sizeof options, .width = 1920, .height = 1080 };
 * 0 is the default of every field. A program and a library of other versions understand each other: what one
 * does not know is zero for it, and a field that is set but not known is INVALID_ARGUMENT.
 *
 * Outcomes. FRAMEWIRE_OK is 0; positive is "not now", negative is failure. framewire_last_error() is the
 * sentence of this thread's last failure. Outputs are written on success only, except where a function says
 * so. Each function names the statuses that it is about; beside them any may return INVALID_ARGUMENT (a NULL
 * or a number out of range), INVALID_HANDLE, FORKED, and INTERNAL for a defect of ours.
 *
 * Text is UTF-8 with a NUL. What comes in is copied.
 *
 * Threads. Any function may be called from any thread, also inside callbacks. None waits for the network or
 * for an encoder, except where it has a timeout. A callback is { call, drop, context }; its comment says on
 * which thread it comes, whether it may block, and how long its arguments live. A callback must return
 * normally: no longjmp, no exception, no exit of its thread.
 *
 * The process is yours. There are no signal handlers and no output. In the child of a fork every call returns
 * FORKED and every free does nothing: the parent's objects live on in the parent. dlclose is fine at any time
 * and unloads nothing.
 *
 * Linking: -lframewire, -I for this file. 64-bit Linux.
 */


#ifndef FRAMEWIRE_H
#define FRAMEWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The ABI that this header describes. A program checks once that
// `framewire_abi_version() == FRAMEWIRE_ABI_VERSION`: the library it found may be another than the
// one it was compiled for.
#define FRAMEWIRE_ABI_VERSION 1

// What became of a call: 0 is success, positive is "not now", negative is failure.
typedef enum framewire_status {
    // Done.
    FRAMEWIRE_OK = 0,
    // Nothing can be taken or given at this moment; try again.
    FRAMEWIRE_AGAIN = 1,
    // The object has ended: no more will come, and nothing more is taken.
    FRAMEWIRE_CLOSED = 2,
    // The time given for the wait is over.
    FRAMEWIRE_TIMEOUT = 3,
    // Somebody ended the wait.
    FRAMEWIRE_CANCELLED = 4,
    // An argument breaks a rule; framewire_last_error names both.
    FRAMEWIRE_INVALID_ARGUMENT = -1,
    // A handle that is NULL, freed, of another kind, or never was one.
    FRAMEWIRE_INVALID_HANDLE = -2,
    // The call does not fit the state the object is in.
    FRAMEWIRE_INVALID_STATE = -3,
    // This build or this version cannot do it.
    FRAMEWIRE_UNSUPPORTED = -4,
    // The other side did not offer what this needs.
    FRAMEWIRE_NOT_OFFERED = -5,
    // A text from outside does not parse (SDP, candidate).
    FRAMEWIRE_MALFORMED = -6,
    // A limit (sessions, sizes, sections, the room of a buffer) is reached.
    FRAMEWIRE_LIMIT = -7,
    // libvpx or libopus failed.
    FRAMEWIRE_CODEC = -8,
    // libdatachannel failed.
    FRAMEWIRE_TRANSPORT = -9,
    // The operating system failed (sockets, descriptors, threads).
    FRAMEWIRE_IO = -10,
    // Called in the child of a fork: only the parent may use its objects.
    FRAMEWIRE_FORKED = -11,
    // A defect of the library.
    FRAMEWIRE_INTERNAL = -12,
} framewire_status;

// How much a line matters.
typedef enum framewire_log_level {
    // Something failed.
    FRAMEWIRE_LOG_ERROR = 1,
    // Something is not as it should be.
    FRAMEWIRE_LOG_WARN = 2,
    // Life and death of the larger objects.
    FRAMEWIRE_LOG_INFO = 3,
    // What a maintainer wants to see.
    FRAMEWIRE_LOG_DEBUG = 4,
    // Everything.
    FRAMEWIRE_LOG_TRACE = 5,
} framewire_log_level;

// What happened.
typedef enum framewire_event_kind {
    // A peer's state changed: `value` is a framewire_peer_state, `text` the reason.
    FRAMEWIRE_EVENT_PEER_STATE = 1,
    // framewire_peer_answer_async is done: `text` is the answer's SDP.
    FRAMEWIRE_EVENT_ANSWER = 2,
    // framewire_peer_offer_async is done: `text` is the offer's SDP.
    FRAMEWIRE_EVENT_OFFER = 3,
    // An asynchronous answer or offer failed: `value` is the status, `text` the sentence.
    FRAMEWIRE_EVENT_NEGOTIATION_FAILED = 4,
    // A local ICE candidate for the other side: `text`; "" says that it was the last.
    FRAMEWIRE_EVENT_CANDIDATE = 5,
    // A viewer of a source asked for a keyframe.
    FRAMEWIRE_EVENT_KEYFRAME_REQUESTED = 6,
    // A source could not encode one frame: `text` says why.
    FRAMEWIRE_EVENT_ENCODER_ERROR = 7,
    // A source has failed for good and takes nothing more: `text` says why.
    FRAMEWIRE_EVENT_SOURCE_FAILED = 8,
    // A viewer came to a server: `text` is the id of its session.
    FRAMEWIRE_EVENT_SESSION_STARTED = 9,
    // A viewer of a server is gone: `text` says why.
    FRAMEWIRE_EVENT_SESSION_ENDED = 10,
    // A server has failed and takes no more connections: `text` says why.
    FRAMEWIRE_EVENT_SERVER_FAILED = 11,
    // Somebody wants to publish `stream`, which is not received: `value` is the request to be
    // answered with framewire_server_accept or framewire_server_refuse, `text` the bearer token that
    // came, "" if none did.
    FRAMEWIRE_EVENT_PUBLISH_REQUEST = 12,
    // A publisher came to a server: `text` is the id of its session.
    FRAMEWIRE_EVENT_PUBLISH_STARTED = 13,
    // A publisher of a server is gone: `text` says why. With `value` 0 it is one that was accepted
    // and whose offer could not be answered.
    FRAMEWIRE_EVENT_PUBLISH_ENDED = 14,
    // The remote of a peer made a data channel: framewire_peer_next_channel hands it out; `text` is its
    // label.
    FRAMEWIRE_EVENT_CHANNEL_ARRIVED = 20,
    // A data channel that you made is open; `text` is its label.
    FRAMEWIRE_EVENT_CHANNEL_OPEN = 21,
    // A message waits on a data channel on which none did.
    FRAMEWIRE_EVENT_CHANNEL_MESSAGE = 22,
    // A data channel is closed; `text` says why.
    FRAMEWIRE_EVENT_CHANNEL_CLOSED = 23,
    // A file begins to come to an upload handle: `value` is its number, `stream` the peer's.
    FRAMEWIRE_EVENT_UPLOAD_STARTED = 24,
    // A file is whole, and waits for framewire_upload_next: `value` is its number.
    FRAMEWIRE_EVENT_UPLOAD_COMPLETE = 25,
    // A file will not be whole, and nothing is left of it: `value` is its number, `text` the reason.
    FRAMEWIRE_EVENT_UPLOAD_FAILED = 26,
    // The picture that feeds a sink entered a state: `value` is a framewire_track_state, `text` the
    // reason.
    FRAMEWIRE_EVENT_VIDEO_TRACK = 15,
    // The sound that feeds a sink entered a state, likewise.
    FRAMEWIRE_EVENT_AUDIO_TRACK = 16,
    // The first picture, or the first sound, of a track was decoded: `value` is the microseconds
    // since offer and answer were exchanged.
    FRAMEWIRE_EVENT_FIRST_FRAME = 17,
    // A client's state changed: `value` is a framewire_client_state, `text` the reason.
    FRAMEWIRE_EVENT_CLIENT_STATE = 18,
    // A processor lives: frames move on, or there is nothing to be done; `value` is how many results it has
    // sent. At most one a second. None comes while nothing moves because its function hangs.
    FRAMEWIRE_EVENT_PROCESSOR_HEARTBEAT = 32,
    // A processor could not process a frame: `value` is the frame's id (0: one of a file that could not be
    // decoded), `text` says why. It goes on.
    FRAMEWIRE_EVENT_PROCESSOR_ERROR = 33,
    // A processor has ended, and its last message has gone out: `value` is a framewire_termination, `text`
    // a sentence. It is the last event about it.
    FRAMEWIRE_EVENT_PROCESSOR_ENDED = 34,
    // A resolve has its track: the object is the resolver, `value` the number of the resolve, `text` the
    // id of the track.
    FRAMEWIRE_EVENT_RESOLVED = 40,
    // A resolve was cancelled; likewise, `text` is a sentence.
    FRAMEWIRE_EVENT_RESOLVE_CANCELLED = 41,
    // A resolve found nothing in time; likewise, `text` says what there was instead.
    FRAMEWIRE_EVENT_RESOLVE_TIMED_OUT = 42,
} framewire_event_kind;

// How the pixels of a picture lie in memory.
typedef enum framewire_format {
    // Three planes: Y, then U and V of half the width and height, rounded up.
    FRAMEWIRE_FORMAT_I420 = 1,
    // Two planes: Y, then U and V interleaved, of half the width and height, rounded up.
    FRAMEWIRE_FORMAT_NV12 = 2,
    // One plane, bytes R, G, B.
    FRAMEWIRE_FORMAT_RGB24 = 3,
    // One plane, bytes B, G, R.
    FRAMEWIRE_FORMAT_BGR24 = 4,
    // One plane, bytes R, G, B, A; alpha is ignored.
    FRAMEWIRE_FORMAT_RGBA = 5,
    // One plane, bytes B, G, R, A; alpha is ignored.
    FRAMEWIRE_FORMAT_BGRA = 6,
} framewire_format;

// How samples of sound lie in memory.
typedef enum framewire_sample_format {
    // int16_t.
    FRAMEWIRE_SAMPLE_S16 = 1,
    // float, -1 to 1.
    FRAMEWIRE_SAMPLE_F32 = 2,
} framewire_sample_format;

// What a source has.
typedef enum framewire_media {
    // Pictures, sent as VP8.
    FRAMEWIRE_MEDIA_VIDEO = 1,
    // Sound, sent as Opus.
    FRAMEWIRE_MEDIA_AUDIO = 2,
} framewire_media;

// Which brightness and colour the YUV values you push stand for.
typedef enum framewire_matrix {
    // ITU-R BT.601, what VP8 carries.
    FRAMEWIRE_MATRIX_BT601 = 1,
    // ITU-R BT.709.
    FRAMEWIRE_MATRIX_BT709 = 2,
} framewire_matrix;

// Which values black and white have in the pixels you push.
typedef enum framewire_range {
    // 16 to 235 (chroma to 240).
    FRAMEWIRE_RANGE_LIMITED = 1,
    // 0 to 255.
    FRAMEWIRE_RANGE_FULL = 2,
} framewire_range;

// Where a peer stands.
typedef enum framewire_peer_state {
    // Nothing negotiated.
    FRAMEWIRE_PEER_NEW = 0,
    // Offer and answer are exchanged, or being so.
    FRAMEWIRE_PEER_CONNECTING = 1,
    // Media flows.
    FRAMEWIRE_PEER_CONNECTED = 2,
    // Connected, but nothing came from the remote for two seconds.
    FRAMEWIRE_PEER_INTERRUPTED = 3,
    // ICE lost the path; it may come back.
    FRAMEWIRE_PEER_DISCONNECTED = 4,
    // It is over: no path, silence, or an error. Its sources are detached.
    FRAMEWIRE_PEER_FAILED = 5,
    // It is over: closed by either side. Its sources are detached.
    FRAMEWIRE_PEER_CLOSED = 6,
} framewire_peer_state;

// Where a track stands: the picture, or the sound, that feeds a sink.
typedef enum framewire_track_state {
    // Nothing has come yet.
    FRAMEWIRE_TRACK_WAITING = 0,
    // Pictures come, but none that can be decoded: a keyframe has been asked for. The statistics say
    // since when.
    FRAMEWIRE_TRACK_WAITING_FOR_KEYFRAME = 1,
    // It is being decoded.
    FRAMEWIRE_TRACK_LIVE = 2,
    // The sender left, or the connection ended. The next peer that feeds the sink begins anew; so does
    // a sender that only paused its track, of which browsers say the same: it is WAITING again then.
    FRAMEWIRE_TRACK_ENDED = 3,
    // Too much in a row could not be decoded.
    FRAMEWIRE_TRACK_FAILED = 4,
} framewire_track_state;

// What matters of results.
typedef enum framewire_results_mode {
    // The newest: one that has not begun gives way to a newer one, and is counted.
    FRAMEWIRE_RESULTS_LIVE = 1,
    // All of them, in order, as fast as each receiver acknowledges.
    FRAMEWIRE_RESULTS_FILE = 2,
} framewire_results_mode;

// Where a channel stands.
typedef enum framewire_channel_state {
    // Nothing can be sent yet.
    FRAMEWIRE_CHANNEL_OPENING = 0,
    // Messages go both ways.
    FRAMEWIRE_CHANNEL_OPEN = 1,
    // It is over.
    FRAMEWIRE_CHANNEL_CLOSED = 2,
} framewire_channel_state;

// Where a client stands.
typedef enum framewire_client_state {
    // It speaks with the server, or media does not flow yet.
    FRAMEWIRE_CLIENT_CONNECTING = 0,
    // Media flows.
    FRAMEWIRE_CLIENT_CONNECTED = 1,
    // It waits before it tries again.
    FRAMEWIRE_CLIENT_RETRYING = 2,
    // It is over: the remote ended it, and it was not to retry.
    FRAMEWIRE_CLIENT_ENDED = 3,
    // It is over: an error, and it was not to retry or would find the same again.
    FRAMEWIRE_CLIENT_FAILED = 4,
} framewire_client_state;

// Where an upload stands.
typedef enum framewire_upload_state {
    // Nothing has come.
    FRAMEWIRE_UPLOAD_IDLE = 0,
    // Chunks come.
    FRAMEWIRE_UPLOAD_RECEIVING = 1,
    // The file is whole and waits.
    FRAMEWIRE_UPLOAD_COMPLETE = 2,
    // framewire_upload_next has handed it out.
    FRAMEWIRE_UPLOAD_TAKEN = 3,
    // There will be no file; framewire_upload_reason says why.
    FRAMEWIRE_UPLOAD_FAILED = 4,
} framewire_upload_state;

// What a participant sends.
typedef enum framewire_track_type {
    // The camera: a picture.
    FRAMEWIRE_TRACK_TYPE_VIDEO = 1,
    // The microphone: sound.
    FRAMEWIRE_TRACK_TYPE_AUDIO = 2,
    // The screen: a picture.
    FRAMEWIRE_TRACK_TYPE_SCREEN_SHARE = 3,
    // The screen's sound.
    FRAMEWIRE_TRACK_TYPE_SCREEN_SHARE_AUDIO = 4,
} framewire_track_type;

// What a typed message holds.
typedef enum framewire_ingest_kind {
    // An encoded image.
    FRAMEWIRE_INGEST_IMAGE = 1,
    // PCM.
    FRAMEWIRE_INGEST_SOUND = 2,
} framewire_ingest_kind;

// Which fields of a result are sent.
typedef enum framewire_fields {
    // All.
    FRAMEWIRE_FIELDS_ALL = 1,
    // None: metadata and errors only.
    FRAMEWIRE_FIELDS_NONE = 2,
    // Those of some names.
    FRAMEWIRE_FIELDS_NAMED = 3,
} framewire_fields;

// Why no more results will come.
typedef enum framewire_termination {
    // The time that was allowed is over: "timeout_reached".
    FRAMEWIRE_TERMINATION_TIMEOUT_REACHED = 1,
    // There are no more pictures: "source_ended".
    FRAMEWIRE_TERMINATION_SOURCE_ENDED = 2,
    // Somebody ended it: "cancelled".
    FRAMEWIRE_TERMINATION_CANCELLED = 3,
    // It could not go on: "failed".
    FRAMEWIRE_TERMINATION_FAILED = 4,
} framewire_termination;

// A data channel of a peer: messages both ways, beside the media or alone, in order and complete unless
// its options say otherwise.
//
// Thread safety: every function may be called from any thread, also from callbacks;
// framewire_channel_next and framewire_channel_send_framed hold up an event callback that waits in them.
typedef struct framewire_channel framewire_channel;

// Publishes a source to a WHIP server (RFC 9725), or takes a stream of a WHEP server
// (draft-ietf-wish-whep-03) into a sink: another program of this library's, a media server, a service.
//
// It follows redirects (301, 302, 307, 308), sends its token to the origin of its URL alone, and is not
// led from https to http.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_client framewire_client;

// A queue of what happened: to the sources, peers and servers whose options name it. It is read
// with framewire_events_next, by a descriptor in a loop of yours, or by a callback.
//
// It holds a bounded number of events; when it is full the oldest is lost, and the next one says
// how many. Nothing about an object is told after that object's free has returned.
//
// Thread safety: every function may be called from any thread, also from callbacks. Several
// threads may read one queue: each event goes to one of them.
typedef struct framewire_events framewire_events;

// One decoded picture, or one piece of decoded sound, that came out of a sink. It is shared by
// counting: framewire_frame_ref for each more who keeps it, framewire_frame_unref when one is done.
// Its memory is used again for later frames when the last is done, so frames that you keep cost what
// they hold, and those that you do not keep cost nothing.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_frame framewire_frame;

// Feeds a sink with typed messages that came over a WebSocket, or anything else, of the program's own. The
// first byte of a message says what the rest is: 'v' (0x76) a JPEG, PNG or WebP, 'a' (0x61) PCM, signed
// 16-bit little-endian, interleaved; nothing is guessed. The server does the same at /ws/NAME.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_ingest framewire_ingest;

// One frame to be processed. It is yours from framewire_processor_next, or for the time of a function, until
// framewire_job_complete or framewire_job_fail.
//
// Thread safety: every function may be called from any thread, in particular from another than it was taken on.
// Only one may write to its pixels.
typedef struct framewire_job framewire_job;

// A tap on what the library says about itself. Without one it says nothing, anywhere.
//
// Thread safety: every function may be called from any thread, also from log callbacks.
typedef struct framewire_log framewire_log;

// One WebRTC connection, negotiated over signalling of your own: an offer's text in, an answer's
// text out, or the other way round.
//
// Thread safety: every function may be called from any thread, also from callbacks; the ones that
// wait (framewire_peer_answer, framewire_peer_offer) hold up an event callback that calls them.
typedef struct framewire_peer framewire_peer;

// Your function between what comes in and what goes out: frames come from a sink, from a file, or from you;
// you process them; pictures go to a source, results to a feed.
//
// A frame that cannot be processed yet waits alone, and a newer one takes its place: what is processed is
// always the newest. What comes of the frames leaves in their order, whatever order they are finished in, and
// with their capture times, so that sound stays in sync. Every frame is counted once.
//
// Thread safety: every function may be called from any thread, also from callbacks and from the function.
typedef struct framewire_processor framewire_processor;

// Puts messages together that come in chunks, as a feed of results and framewire_channel_send_framed send
// them: for programs that are at the other end of one. Chunks may come in any order, and twice; a message
// that breaks a rule ends, and the others go on; nothing is kept without end.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_reassembler framewire_reassembler;

// Tells which track is whose, where media and the program's own signalling speak of a track in either
// order: media registers a track, under all that is known of it, and the program resolves the tracks of a
// participant. A participant is a user and a session: two devices of one user are two sessions.
//
// A resolve looks, in this order, for: a track that bears its hint; the oldest track that is known to be of
// this user and session (after a republish a new one, with a new id); the track that it was told before; the
// same user's track of that type in the one other session there is, at once if that was unpublished, else
// after half the time-out, a second at most, in which its own did not come (never by a mere look); the one track of that kind of
// which only the user or only the session is known; the one of which neither is. Of two that are alike it
// takes none and waits. No track is ever told to two participants, or as two types.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_resolver framewire_resolver;

// A feed of results beside the video: each is compressed and cut once, and goes to every peer that the
// feed was given to, at that peer's own pace.
//
// On the wire a result is cut into binary messages of a data channel: frame id, number of the chunk, number
// of chunks (uint32_t each, little-endian), then at most `chunk_size` bytes. A receiver acknowledges with
// the text {"ack": id}.
//
// Thread safety: every function may be called from any thread, also from callbacks;
// framewire_results_finish holds up an event callback that calls it.
typedef struct framewire_results framewire_results;

// A small HTTP server that puts sources on the air and takes what browsers publish: pages at /,
// /watch/NAME, /publish/NAME and /mirror/NAME (see framewire_server_accept_peer; /mirror leads to a new
// name), WHEP (draft-ietf-wish-whep-03) at /whep/NAME, WHIP (RFC 9725) at /whip/NAME, encoded pictures and
// PCM over a WebSocket at /ws/NAME. Everything works without it, see framewire_peer and framewire_ingest.
//
// Thread safety: every function may be called from any thread, also from callbacks.
typedef struct framewire_server framewire_server;

// Where media comes out that a peer sends: decoded pictures and sound, on one clock.
//
// A sink is fed by one peer at a time, the one it was given to last. It never holds a peer up: the
// newest picture takes the place of one that you did not take (or, with `video_queue`, of the
// oldest of several), and both are counted.
//
// Thread safety: every function may be called from any thread, also from callbacks; those that wait
// hold up an event callback that calls them. Several threads may take from one sink: each frame goes
// to one of them.
typedef struct framewire_sink framewire_sink;

// What you publish: raw pictures and sound, encoded once, sent to every peer that watches.
//
// Thread safety: every function may be called from any thread, also from callbacks. Frames that
// several threads push at once come in some order.
typedef struct framewire_source framewire_source;

// A receiver of files that the other side sends, a browser as a rule, from any number of peers. Each comes
// on a data channel of its own, which the sender makes and labels "video_upload", and is written to a
// folder as it comes. Exactly one call of framewire_upload_next gets it; then it is yours.
//
// On the wire a chunk is a binary message: its index, the number of chunks (uint32_t each, little-endian),
// then a slice of the file, of a size that the sender chooses. In order the chunks may be of any size; out
// of order all but the last must be equally large. A chunk that comes twice is ignored. A message of 0 or 1
// byte is a keep-alive and is sent back as it came, after all that came before it has been written: a fast
// sender paces itself with it. More than 16 MiB that wait for the disk are a failure.
//
// Back come the texts {"upload":"complete","bytes":N} and {"upload":"failed","reason":"..."}, the latter
// before the channel is closed. A failure is: a broken rule of the above, another file on a channel or on a
// connection on which one still comes, a file that is too large, a disk that does not take it, no new chunk
// for the idle time-out, and the end of the channel. Nothing is left of a file that failed; also one that
// is whole fails if another comes on its channel before it was taken.
//
// Thread safety: every function may be called from any thread, also from callbacks; framewire_upload_next
// holds up an event callback that waits in it.
typedef struct framewire_upload framewire_upload;

// One line of the log.
typedef struct framewire_log_line {
    // sizeof(framewire_log_line) of the library.
    size_t size;
    // One of framewire_log_level.
    int32_t level;
    // Lines that were lost before this one because the callback was too slow.
    uint32_t lost;
    // The part of the library that speaks, like "framewire::peer".
    const char *target;
    // What it says, without a line end.
    const char *text;
} framewire_log_line;

// Where log lines go.
//
// Which thread: one of the library's own, one line at a time. It may block: 1,024 lines wait for
// it, then the oldest are lost. It may call every function of the library. `line` and its texts
// live until it returns.
//
// It is the library's from the call of framewire_log_new on, also if that fails: `drop` (NULL:
// nothing to do) is called exactly once, after the last `call`.
typedef struct framewire_log_callback {
    // Called for each line.
    void (*call)(void *context, const struct framewire_log_line *line);
    // Called when `context` is no longer needed.
    void (*drop)(void *context);
    // Passed to both.
    void *context;
} framewire_log_callback;

// What a log tap is made from.
typedef struct framewire_log_options {
    // sizeof(framewire_log_options).
    size_t size;
    // Where the lines go. `call` must be set.
    struct framewire_log_callback callback;
    // The least grave framewire_log_level that is wanted; 0: FRAMEWIRE_LOG_INFO.
    uint32_t level;
    // 0.
    uint32_t reserved;
} framewire_log_options;

// One thing that happened.
typedef struct framewire_event {
    // sizeof(framewire_event).
    size_t size;
    // To which object: (uint64_t)handle.
    uint64_t object;
    // A number that the kind explains, or 0.
    int64_t value;
    // The name of the stream; "" where there is none.
    const char *stream;
    // A sentence, or the text that the kind explains. Never NULL.
    const char *text;
    // Bytes of `text`, without its NUL.
    size_t text_length;
    // One of framewire_event_kind.
    int32_t kind;
    // Events that were lost before this one because the queue was full.
    uint32_t lost;
} framewire_event;

// Where events go instead of waiting to be read.
//
// Which thread: one of the library's own for each queue, one event at a time, in their order. It
// may block: the queue holds what comes meanwhile. It may call every function of the library, also
// free the object that the event is about, and the queue itself. `event` and its texts live until
// it returns.
//
// It is the library's from the call of framewire_events_new on, also if that fails: `drop` (NULL:
// nothing to do) is called exactly once, after the last `call`.
typedef struct framewire_events_callback {
    // Called for each event. NULL: none, the events are read with framewire_events_next.
    void (*call)(void *context, const struct framewire_event *event);
    // Called when `context` is no longer needed.
    void (*drop)(void *context);
    // Passed to both.
    void *context;
} framewire_events_callback;

// What a queue is made from.
typedef struct framewire_events_options {
    // sizeof(framewire_events_options).
    size_t size;
    // Where the events go; all zero: they wait to be read.
    struct framewire_events_callback callback;
    // How many events may wait: 1 to 1,000,000; 0: 1,024.
    size_t capacity;
} framewire_events_options;

// What a source is made from. 0 is the default of every field but `size`.
typedef struct framewire_source_options {
    // sizeof(framewire_source_options).
    size_t size;
    // Where its failures are told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // Expected frames a second, for rate control: above 0, at most 240; 0: 30.
    double fps;
    // What it has: framewire_media, or'ed; 0: both.
    uint32_t media;
    // Expected columns, 1 to 16,383; 0: 1,280. A frame of another size is fine.
    uint32_t width;
    // Expected rows, 1 to 16,383; 0: 720.
    uint32_t height;
    // Target bits a second of the picture, 1,000 to 1,000,000,000; 0: 2,000,000.
    uint32_t video_bitrate;
    // Longest distance between keyframes, in milliseconds; 0: only when a viewer needs one.
    uint32_t keyframe_interval_ms;
    // At most one keyframe that viewers ask for in this many milliseconds; 0: 500.
    uint32_t keyframe_window_ms;
    // A framewire_matrix; 0: FRAMEWIRE_MATRIX_BT601. RGB has none.
    uint32_t matrix;
    // A framewire_range; 0: full for RGB, limited for YUV.
    uint32_t range;
    // Target bits a second of the sound, 6,000 to 510,000; 0: 64,000.
    uint32_t audio_bitrate;
    // Channels that are sent, 1 or 2; 0: 2. What you push may have another number.
    uint32_t audio_channels;
    // Opus complexity, 1 to 10; 0: 9.
    uint32_t audio_complexity;
    // 1: silence is hardly sent at all (Opus DTX); 0: it is.
    uint32_t audio_dtx;
    // 1: sound waits until it is as old as pictures are when they are sent, for a program that works long on
    // pictures (a processor) and not on sound; both must be pushed with their capture times. Receivers play
    // together what was captured together in any case, as far as they can; this leaves them less to do, so
    // that it holds sooner and closer. Capture times and samples stay as they are. Sound waits for 2 s at
    // most, how long follows the median of the last pictures by 1 ms a frame of sound, and the first sound
    // waits for the first picture for half a second. 0: sound is sent at once. INVALID_ARGUMENT where
    // the source has only one of both.
    uint32_t sound_follows_picture;
    // 0.
    uint32_t reserved;
} framewire_source_options;

// One picture.
typedef struct framewire_video_frame {
    // sizeof(framewire_video_frame).
    size_t size;
    // One of framewire_format.
    uint32_t format;
    // Columns: 1 to 16,383, odd ones too.
    uint32_t width;
    // Rows: 1 to 16,383, odd ones too.
    uint32_t height;
    // 0.
    uint32_t reserved;
    // The first row of each plane. Of a plane, (rows - 1) * stride + bytes of a row are read.
    const uint8_t *planes[3];
    // Bytes from one row to the next, a plane; 0: the rows follow one another without a gap.
    size_t strides[3];
    // When it was captured: microseconds of CLOCK_MONOTONIC; 0: now. Sound and picture of one
    // source are played in sync by it.
    uint64_t capture_time_us;
} framewire_video_frame;

// What gives a buffer of yours back to you: `call` is called exactly once.
//
// Which thread: the one that pushes, an encoder thread of the library, or the one that frees the
// source. It should return soon: the next frame waits for it. It may call every function of the
// library.
typedef struct framewire_release {
    // Called when the library will not read the buffer again. Must be set.
    void (*call)(void *context);
    // Passed to it.
    void *context;
} framewire_release;

// Sound.
typedef struct framewire_audio_frame {
    // sizeof(framewire_audio_frame).
    size_t size;
    // frames * channels samples, interleaved where there are two channels. May be NULL when
    // `frames` is 0. Aligned as its type.
    const void *samples;
    // When the first sample was captured: microseconds of CLOCK_MONOTONIC; 0: it follows on what
    // was pushed before.
    uint64_t capture_time_us;
    // One of framewire_sample_format.
    uint32_t format;
    // Samples a second of one channel: 8,000 to 192,000.
    uint32_t sample_rate;
    // 1 or 2.
    uint32_t channels;
    // Samples of one channel: any number, 0 too.
    uint32_t frames;
} framewire_audio_frame;

// How long something took, in microseconds: half of all took at most p50, and so on.
typedef struct framewire_percentiles {
    // How many were counted.
    uint64_t count;
    // Of 50 in 100, the longest.
    uint64_t p50_us;
    // Of 95 in 100.
    uint64_t p95_us;
    // Of 99 in 100.
    uint64_t p99_us;
    // Of all.
    uint64_t max_us;
} framewire_percentiles;

// Figures of one source since it was made.
//
// Each pushed picture is counted once: video_pushed = video_evicted + video_refused + video_taken +
// the one that may be waiting.
typedef struct framewire_source_stats {
    // sizeof(framewire_source_stats).
    size_t size;
    // Peers that are being sent this source.
    uint64_t viewers;
    // Pictures handed over.
    uint64_t video_pushed;
    // Pictures that a newer one replaced before they were taken.
    uint64_t video_evicted;
    // Pictures handed over after the end.
    uint64_t video_refused;
    // Pictures the encoder thread took.
    uint64_t video_taken;
    // Pictures replaced by a newer one while the encoder was backing off after an error.
    uint64_t video_skipped;
    // Pictures that rate control left out.
    uint64_t video_rate_dropped;
    // Encoded frames, those that were encoded again for a keyframe included.
    uint64_t video_encoded;
    // Those that are keyframes.
    uint64_t video_keyframes;
    // Bytes of encoded pictures.
    uint64_t video_bytes;
    // Packets that encoded pictures were cut into.
    uint64_t video_packets;
    // Encoded pictures a sender thread had no room for.
    uint64_t video_undelivered;
    // Capture times that did not rise and were moved one tick forward.
    uint64_t video_times_moved;
    // Times a keyframe came to be wanted; requests while one was are not counted again.
    uint64_t keyframe_requests;
    // Errors of the picture's encoder.
    uint64_t video_errors;
    // Sound handed over, in microseconds.
    uint64_t audio_pushed_us;
    // Sound dropped because 200 ms waited already, in microseconds.
    uint64_t audio_dropped_us;
    // Opus frames of 20 ms.
    uint64_t audio_encoded;
    // Bytes of Opus frames.
    uint64_t audio_bytes;
    // Opus frames a sender thread had no room for.
    uint64_t audio_undelivered;
    // Pushes whose capture time went backwards; their sound follows on what came before.
    uint64_t audio_times_moved;
    // Errors of the sound's encoder.
    uint64_t audio_errors;
    // Picture: handed over to taken.
    struct framewire_percentiles push_to_take;
    // Picture: taken to encoded.
    struct framewire_percentiles take_to_encoded;
    // Picture: encoded to sent, once for each sender thread.
    struct framewire_percentiles encoded_to_sent;
    // Picture: handed over to sent, once for each sender thread.
    struct framewire_percentiles push_to_sent;
    // A framewire_source_state: where it stands.
    int32_t state;
    // Columns of the encoder's picture; 0 before the first.
    uint32_t width;
    // Rows of the encoder's picture; 0 before the first.
    uint32_t height;
    // Target bits a second that the encoder is set to; 0 before the first picture.
    uint32_t bitrate;
    // How long sound is held back for the pictures now, in microseconds (sound_follows_picture).
    uint64_t audio_held_us;
} framewire_source_stats;

// What is known of a frame beside its pixels or samples.
typedef struct framewire_frame_info {
    // sizeof(framewire_frame_info).
    size_t size;
    // Counts the pictures (the pieces of sound) that were decoded for the sink, from 1. A step over a
    // number is frames that were not taken in time.
    uint64_t number;
    // When it was captured: microseconds of this machine's CLOCK_MONOTONIC, one clock for picture and
    // sound. Told by the sender's reports; until the first of them, by when it came.
    uint64_t capture_time_us;
    // When its last packet came, likewise; 0 for sound.
    uint64_t arrival_time_us;
    // When it was decoded, likewise; 0 for sound.
    uint64_t decode_time_us;
    // Picture: the RTP timestamp, 90,000 a second, modulo 2^32. Sound: samples of a channel before its
    // first; without a gap the next frame's is this one's and its samples.
    uint64_t timestamp;
    // A framewire_media: what it is.
    uint32_t media;
    // Picture: 1 if it was decodable by itself.
    uint32_t keyframe;
    // Sound: 1 if it stands for what was lost, rebuilt from what came before or after.
    uint32_t concealed;
    // Picture: degrees, clockwise, by which it is to be turned to stand upright: 0, 90, 180 or 270.
    // Browsers turn what they send, so it is 0 from them.
    uint32_t rotation;
} framewire_frame_info;

// What a sink is made from. 0 is the default of every field but `size`.
typedef struct framewire_sink_options {
    // sizeof(framewire_sink_options).
    size_t size;
    // Where the states of its tracks are told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // What it takes: framewire_media, or'ed; 0: both.
    uint32_t media;
    // How pixels are wanted, a framewire_format; 0: FRAMEWIRE_FORMAT_RGB24. RGB is full range; I420
    // and NV12 are BT.601, limited range, as VP8 carries them: I420 costs the least.
    uint32_t format;
    // How many pictures may wait for you, 1 to 1,000; 0: 1, the newest. More keep them in order for
    // as long as you keep up; then the oldest goes.
    uint32_t video_queue;
    // How samples are wanted, a framewire_sample_format; 0: FRAMEWIRE_SAMPLE_S16.
    uint32_t sample_format;
    // Channels of the sound that comes out, 1 or 2, whatever comes in; 0: 2.
    uint32_t audio_channels;
    // How much sound may wait for you, 20 to 60,000 milliseconds; 0: 1,000. Then the oldest goes.
    uint32_t audio_queue_ms;
    // How many decode errors in a row, with nothing handed over between them, end a track; 0: 10.
    uint32_t max_consecutive_errors;
    // 0.
    uint32_t reserved;
} framewire_sink_options;

// Figures of one track that feeds a sink, of its decoder, and of what was taken.
//
// Each decoded frame is counted once: decoded = taken + overwritten + waiting.
typedef struct framewire_sink_stats {
    // sizeof(framewire_sink_stats).
    size_t size;
    // RTP packets received, duplicates included, retransmissions by RTX not.
    uint64_t packets;
    // Their bytes, RTP header to the last byte.
    uint64_t bytes;
    // Bits a second, over the last second.
    uint64_t bitrate;
    // Packets given up.
    uint64_t lost;
    // Missing packets that came because they were asked for.
    uint64_t recovered;
    // Packets that came after one with a higher number, without having been asked for.
    uint64_t reordered;
    // Packets that came twice on the stream's own SSRC.
    uint64_t duplicates;
    // Packets that came after they had been given up, or from before the start.
    uint64_t too_late;
    // Packets that break their format: RTP (counted at a peer's first track), RTX or VP8.
    uint64_t malformed;
    // Packets of an SSRC or payload type nobody announced; at a peer's first track, if of none.
    uint64_t unknown;
    // Retransmissions received by RTX, empty ones (padding) included.
    uint64_t rtx_packets;
    // NACK messages sent.
    uint64_t nacks_sent;
    // Packets they asked for, repeats included.
    uint64_t packets_nacked;
    // PLI messages sent.
    uint64_t plis_sent;
    // FIR messages sent.
    uint64_t firs_sent;
    // Whole pictures (packets of sound) handed to the decoder.
    uint64_t frames;
    // Keyframes among them; always 0 for sound.
    uint64_t keyframes;
    // Pictures dropped because a part of them is missing or broken.
    uint64_t dropped_incomplete;
    // Whole pictures dropped because they follow one that is missing.
    uint64_t dropped_before_keyframe;
    // Whole pictures (packets of sound) dropped because the decoder's queue was full.
    uint64_t dropped_queue_full;
    // Times packets were given up.
    uint64_t gaps;
    // Times a picture that was live had to wait for a keyframe.
    uint64_t freezes;
    // 1 while nothing is decoded for want of a keyframe.
    uint64_t waiting_for_keyframe;
    // Since when, in microseconds of `CLOCK_MONOTONIC`; 0 while it does not wait.
    uint64_t waiting_since_us;
    // Interarrival jitter (RFC 3550 section 6.4.1), in microseconds.
    uint64_t jitter_us;
    // How long a packet that is missing is waited for at present, in microseconds.
    uint64_t window_us;
    // From the start to the first decoded keyframe (first packet of sound), in microseconds; 0 before it.
    uint64_t first_frame_us;
    // Packets of this peer, of any kind, that were dropped unread because too many waited.
    uint64_t unread;
    // Pictures, or pieces of sound, decoded and handed over, since the sink was made.
    uint64_t decoded;
    // Keyframes among the pictures.
    uint64_t decoded_keyframes;
    // What could not be decoded or handed over.
    uint64_t decode_errors;
    // Pictures that were not decoded, because a keyframe had to come first.
    uint64_t decode_skipped;
    // Samples of a channel that were lost and came again in the next packet (Opus FEC).
    uint64_t recovered_samples;
    // Samples of a channel that were lost, or not sent, and concealed.
    uint64_t concealed_samples;
    // Frames taken out.
    uint64_t taken;
    // Frames dropped untaken, because newer ones came.
    uint64_t overwritten;
    // Frames that wait to be taken.
    uint64_t waiting;
    // From the last packet to the start of the decoder.
    struct framewire_percentiles queued;
    // The decoder, and the conversion to the format that was asked for.
    struct framewire_percentiles decode;
    // Picture: from decoded to taken.
    struct framewire_percentiles waited;
    // A framewire_track_state: where the track stands.
    int32_t state;
    // 0.
    uint32_t reserved;
} framewire_sink_stats;

// A STUN or TURN server.
typedef struct framewire_ice_server {
    // "stun:host:port", "turn:host:port?transport=udp" (RFC 7064, RFC 7065).
    const char *url;
    // For TURN; else NULL.
    const char *username;
    // For TURN; else NULL.
    const char *credential;
} framewire_ice_server;

// What a peer is made from. 0 is the default of every field but `size`.
typedef struct framewire_peer_options {
    // sizeof(framewire_peer_options).
    size_t size;
    // Where its life is told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // The name of the stream in its events; NULL: "". Copied.
    const char *stream;
    // The local IP address for media, "192.0.2.1"; NULL: every interface's. Copied.
    const char *media_address;
    // IP addresses to tell the remote in place of private ones, what a NAT in front of this machine
    // shows: up to 8, separated by commas; NULL: none. Copied.
    const char *public_addresses;
    // The local UDP port for media, shared by all peers that name it; 0: one that is free.
    uint32_t media_port;
    // 1: candidates of the remote are probed. 0: they are not, the remote's own probes tell where it
    // is; that is enough where it can reach this machine, and no stranger gets a packet from here.
    // With a TURN server they always are: it lets through only whom it was told of.
    uint32_t probe_candidates;
    // How long it may be disconnected before it has failed, in milliseconds; 0: 5,000.
    uint32_t disconnect_grace_ms;
    // How long it may take to connect before it has failed, in milliseconds; 0: 30,000.
    uint32_t connect_timeout_ms;
    // STUN and TURN servers, to learn at what other addresses this machine can be reached; of those
    // given, one of STUN and two of TURN are asked. UNSUPPORTED: one is reached by TLS or TCP, or is
    // TURN while `media_port` is given: what is relayed has a port of its own. NULL: none. Copied.
    //
    // Peers with a TURN server share a lock in the transport, which a hostile remote can hold for
    // ever: then none of them is served or freed any more. Those without are not touched by it.
    const struct framewire_ice_server *ice_servers;
    // How many.
    size_t ice_server_count;
    // How long an answer or an offer waits for them, in milliseconds; 0: 2,000. What is learned later
    // comes as FRAMEWIRE_EVENT_CANDIDATE; an answer or offer without a=end-of-candidates says so.
    uint32_t gather_timeout_ms;
    // 1: the remote may make data channels, which framewire_peer_next_channel hands out. Those that you
    // make need no leave.
    uint32_t accept_channels;
} framewire_peer_options;

// Figures of one viewer: one source's picture or sound to one peer.
typedef struct framewire_viewer_stats {
    // sizeof(framewire_viewer_stats).
    size_t size;
    // Frames sent.
    uint64_t frames_sent;
    // Frames not sent, because the viewer waits for a keyframe.
    uint64_t frames_skipped;
    // Keyframes among the frames sent; always 0 for sound.
    uint64_t keyframes_sent;
    // Times the source's frames were not contiguous.
    uint64_t gaps;
    // RTP packets sent, resends not included.
    uint64_t packets_sent;
    // Their bytes, RTP header to the last byte.
    uint64_t bytes_sent;
    // RTP packets sent again.
    uint64_t packets_resent;
    // Their bytes.
    uint64_t bytes_resent;
    // Packets the transport refused: the connection was ending.
    uint64_t packets_refused;
    // NACK messages received.
    uint64_t nacks;
    // Packets they asked for.
    uint64_t packets_nacked;
    // Of these, packets that were not sent again because a copy had left within the round trip.
    uint64_t resends_too_soon;
    // Of these, packets that were no longer there, or had been sent as often as is allowed.
    uint64_t resends_too_late;
    // PLI messages received.
    uint64_t plis;
    // FIR requests received, repeats included.
    uint64_t firs;
    // Of these, repeats.
    uint64_t firs_repeated;
    // REMB messages received.
    uint64_t rembs;
    // What the last REMB says the path can carry, in bits a second; 0 before the first.
    uint64_t remb_bitrate;
    // Report blocks received about this stream.
    uint64_t reports;
    // RTCP messages that did not parse.
    uint64_t malformed;
    // RTCP packets of this peer that were dropped unread, because too many waited.
    uint64_t feedback_dropped;
    // Packets lost since the start, as last reported; 0 if more came (twice) than were sent.
    uint64_t packets_lost;
    // Share of packets lost between the last two reports, of 256.
    uint64_t fraction_lost;
    // Interarrival jitter as last reported, in microseconds.
    uint64_t jitter_us;
    // Round trip as last measured, in microseconds; 0 before the first.
    uint64_t round_trip_us;
    // From connected to the first keyframe (first sound) sent, in microseconds; 0 before it.
    uint64_t first_keyframe_us;
    // 1 while nothing is sent for want of a keyframe.
    uint64_t waiting_for_keyframe;
    // Of the packets sent again, those in a stream of their own (RTX).
    uint64_t packets_rtx;
} framewire_viewer_stats;

// What a channel is made from. 0 is the default of every field but `size`.
typedef struct framewire_channel_options {
    // sizeof(framewire_channel_options).
    size_t size;
    // Its name, as the remote sees it; NULL: "". Copied.
    const char *label;
    // Its subprotocol, as the remote sees it; NULL: "". Copied.
    const char *protocol;
    // 1: messages may arrive in another order.
    uint32_t unordered;
    // 1: a message may be lost: it is given up after `max_retransmits` further tries, or after
    // `max_lifetime_ms` milliseconds if that is not 0. 0: every message arrives, as long as the
    // connection lives.
    uint32_t unreliable;
    // See `unreliable`.
    uint32_t max_retransmits;
    // See `unreliable`.
    uint32_t max_lifetime_ms;
    // 1: the remote makes the channel too, and both say the same `stream`. 0: the remote is told of it.
    uint32_t negotiated;
    // With `negotiated` 1: the number that both sides agreed on, 0 to 1,023.
    uint32_t stream;
} framewire_channel_options;

// Figures of one channel.
typedef struct framewire_channel_stats {
    // sizeof(framewire_channel_stats).
    size_t size;
    // Messages given to the transport.
    uint64_t messages_sent;
    // Their bytes.
    uint64_t bytes_sent;
    // Messages received.
    uint64_t messages_received;
    // Their bytes.
    uint64_t bytes_received;
    // Messages that wait to be taken.
    uint64_t waiting;
    // Bytes that wait to be sent. 0 is not delivery: the transport holds up to 262,144 more.
    uint64_t buffered;
} framewire_channel_stats;

// What a server is made from. 0 is the default of every field but `size`. Every text is copied.
typedef struct framewire_server_options {
    // sizeof(framewire_server_options).
    size_t size;
    // Where its sessions and its failure are told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // Where it listens, "host:port"; port 0 takes a free one; NULL: "127.0.0.1:8080".
    const char *bind;
    // The local IP address for media, "192.0.2.1"; NULL: every interface's.
    const char *media_address;
    // IP addresses to tell viewers in place of private ones, what a NAT in front of this machine
    // shows: up to 8, separated by commas; NULL: none.
    const char *public_addresses;
    // The bearer token that a viewer must bring; NULL: everybody may watch.
    const char *token;
    // The bearer token that a publisher must bring where its stream has none of its own; NULL:
    // everybody may publish what framewire_server_receive was called for.
    const char *publish_token;
    // STUN and TURN servers that viewers are told of, and that the peers of the server ask too, as
    // framewire_peer_options says; what those cannot use is only told: TLS, TCP, and TURN where
    // `media_port` is given. A session's answer waits for them, 2 seconds at most. NULL: none.
    const struct framewire_ice_server *ice_servers;
    // How many.
    size_t ice_server_count;
    // Sessions at a time; 0: 1,000.
    uint32_t max_sessions;
    // HTTP connections at a time; 0: 128.
    uint32_t max_connections;
    // Bytes of a request's line and headers, 256 or more; 0: 16,384.
    uint32_t max_header;
    // Bytes of a request's body, 1,024 or more; 0: 65,536.
    uint32_t max_body;
    // How long a request may take to come, and its response to go, in milliseconds; 0: 10,000.
    uint32_t request_timeout_ms;
    // How long a connection may wait for its next request, in milliseconds; 0: 15,000.
    uint32_t idle_timeout_ms;
    // How long a session may take to connect before it is freed, in milliseconds; 0: 30,000.
    uint32_t connect_timeout_ms;
    // POSTs, and WebSockets, a minute from one address; 0: 600.
    uint32_t posts_per_minute;
    // The local UDP port for media; 0: one that is free.
    uint32_t media_port;
    // 1: a publisher takes the place of the one before it, which is ended. 0: it is refused as long
    // as that one is connected; one that died without a word is noticed after five seconds.
    uint32_t take_over;
    // 1: who wants to publish what framewire_server_receive was not called for is told as
    // FRAMEWIRE_EVENT_PUBLISH_REQUEST, to be answered with framewire_server_accept or
    // framewire_server_refuse. `events` must be set. 0: such publishers are refused.
    uint32_t publish_requests;
    // How long the answer may take before the publisher is refused, in milliseconds; 0: 5,000.
    uint32_t publish_timeout_ms;
    // Bytes of a message of a WebSocket at /ws/NAME, at most 67,108,864; 0: 8,388,608.
    uint32_t max_ingest_message;
    // How often a WebSocket is asked whether it lives, in milliseconds; 0: 15,000. One of which no byte
    // came until the next time is closed.
    uint32_t ingest_ping_ms;
    // How long a WebSocket may bring neither picture nor sound before it is closed, in milliseconds; 0:
    // 60,000.
    uint32_t ingest_idle_timeout_ms;
    // 0.
    uint32_t reserved;
} framewire_server_options;

// Figures of one server since it was made.
typedef struct framewire_server_stats {
    // sizeof(framewire_server_stats).
    size_t size;
    // Sessions, now.
    uint64_t sessions;
    // Those of them that publish.
    uint64_t publishers;
    // Sessions begun.
    uint64_t sessions_started;
    // HTTP connections, now.
    uint64_t connections;
    // HTTP connections that found no room.
    uint64_t connections_refused;
    // Requests answered.
    uint64_t requests;
    // Requests that were not HTTP, or longer than the limits.
    uint64_t requests_refused;
    // Requests that took too long.
    uint64_t requests_timed_out;
    // Publishers by WebSocket, now; they count as publishers too.
    uint64_t ingesters;
    // Messages taken from them.
    uint64_t ingest_messages;
    // Those of them that were closed because they broke a rule: 1002, 1003, 1007, 1009.
    uint64_t ingesters_refused;
    // Those of them that were closed because they were quiet for too long, or answered no ping.
    uint64_t ingesters_timed_out;
} framewire_server_stats;

// What an ingest is made from. 0 is the default of every field but `size` and `sink`.
typedef struct framewire_ingest_options {
    // sizeof(framewire_ingest_options).
    size_t size;
    // What it feeds, in the place of what fed it before. Must be set. It stays yours, and may be freed
    // first.
    struct framewire_sink *sink;
    // Samples a second of a channel of the PCM, 8,000 to 192,000; 0: 48,000.
    uint32_t sample_rate;
    // Its channels, 1 or 2; 0: 2.
    uint32_t channels;
    // Bytes of a message, at most 67,108,864; 0: 8,388,608.
    uint32_t max_message;
    // 0.
    uint32_t reserved;
} framewire_ingest_options;

// What a client is made from. 0 is the default of every field but `size`, `url`, and one of `source` and
// `sink`. Every text is copied.
typedef struct framewire_client_options {
    // sizeof(framewire_client_options).
    size_t size;
    // Where its states are told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // The endpoint, "https://host/whip/name" or "http://host:8080/whep/name".
    const char *url;
    // The bearer token; NULL: none.
    const char *token;
    // The name of the stream in its events; NULL: "".
    const char *stream;
    // What to publish by WHIP; NULL: nothing, it takes.
    struct framewire_source *source;
    // Where to take a stream to by WHEP; NULL: nowhere, it publishes.
    struct framewire_sink *sink;
    // The local IP address for media, "192.0.2.1"; NULL: every interface's.
    const char *media_address;
    // IP addresses to tell the remote in place of private ones: up to 8, separated by commas; NULL: none.
    const char *public_addresses;
    // STUN and TURN servers, as framewire_peer_options says; NULL: none. Those that the server tells are
    // asked too: at once where it tells them in answer to OPTIONS, which it is asked first (for two
    // seconds at most), and from the second attempt on where they come with its answer to the offer.
    const struct framewire_ice_server *ice_servers;
    // How many.
    size_t ice_server_count;
    // The local UDP port for media; 0: one that is free.
    uint32_t media_port;
    // 1: it tries again where that may help, after 1, 2, 4 … 30 seconds (give or take a quarter), or as
    // long as the server asks for: when the server is not reached, or answers 404, 409, 429 or 5xx, and
    // when a connection is lost or the remote ends it. 0: one attempt is all.
    uint32_t retry;
    // How long an HTTP request may take, in milliseconds; 0: 10,000.
    uint32_t request_timeout_ms;
    // How long media may take to connect, in milliseconds; 0: 30,000.
    uint32_t connect_timeout_ms;
    // How long it may be disconnected before it is lost, in milliseconds; 0: 5,000.
    uint32_t disconnect_grace_ms;
    // How long an offer waits for STUN and TURN servers, in milliseconds; 0: 2,000.
    uint32_t gather_timeout_ms;
} framewire_client_options;

// What a feed is made from. 0 is the default of every field but `size`.
typedef struct framewire_results_options {
    // sizeof(framewire_results_options).
    size_t size;
    // The label of its data channels; NULL: "results". Copied.
    const char *label;
    // A framewire_results_mode; 0: FRAMEWIRE_RESULTS_LIVE.
    uint32_t mode;
    // In file mode: how many results may go past the acknowledged one; 0: 4. It paces from the first
    // acknowledgement on.
    uint32_t window;
    // 1: results are compressed (gzip); receivers tell by the first two bytes, 1f 8b.
    uint32_t gzip;
    // Bytes of a result in one message; 0: 49,152.
    uint32_t chunk_size;
    // Bytes of the largest result; 0: 67,108,864.
    uint32_t max_message;
    // How long a receiver may take nothing before a result for it is given up, in milliseconds; 0:
    // 30,000.
    uint32_t timeout_ms;
    // The names of the fields that its results can have, `field_count` of them, for
    // framewire_results_set_fields. Copied. NULL if that is 0.
    const char *const *fields;
    // How many.
    size_t field_count;
} framewire_results_options;

// Figures of a feed, and how its last message went.
typedef struct framewire_results_stats {
    // sizeof(framewire_results_stats).
    size_t size;
    // Peers it goes to now.
    uint64_t viewers;
    // Results given to it.
    uint64_t results;
    // Results that a newer one replaced before anybody got any of them.
    uint64_t replaced;
    // Results sent whole, a peer each.
    uint64_t sent;
    // Results not sent whole, a peer each: a newer one came, the channel closed, or it took too long.
    uint64_t dropped;
    // Acknowledgements that could not be true.
    uint64_t acks_ignored;
} framewire_results_stats;

// What an upload handle is made from. 0 is the default of every field but `size`.
typedef struct framewire_upload_options {
    // sizeof(framewire_upload_options).
    size_t size;
    // Where it tells of files that begin, are whole, or fail; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // The folder that files are put into, which must be there; NULL: the system's for temporary files
    // (TMPDIR, or /tmp). Copied. Files are readable by this user alone.
    const char *folder;
    // The label of the data channels; NULL: "video_upload". Copied.
    const char *label;
    // Bytes of the largest file; 0: 536,870,912.
    uint64_t max_size;
    // How long a file may go without a new chunk, in milliseconds; 0: 60,000.
    uint32_t idle_timeout_ms;
    // Files that may be there at once: those that come, one a peer, and those that wait for
    // framewire_upload_next; 0: 16. With `max_size` it bounds what the disk must hold.
    uint32_t max_files;
} framewire_upload_options;

// How far one upload is.
typedef struct framewire_upload_progress {
    // sizeof(framewire_upload_progress).
    size_t size;
    // Which upload, counted from 1 in the order in which they began; 0: none has.
    uint64_t number;
    // The peer that it comes from: (uint64_t)handle, or a number without a handle for a server's.
    uint64_t peer;
    // Bytes of the file that have come.
    uint64_t bytes;
    // Chunks that have come,
    uint32_t chunks;
    // and of how many.
    uint32_t total;
    // A framewire_upload_state.
    int32_t state;
    // 0.
    uint32_t reserved;
} framewire_upload_progress;

// Figures of an upload handle since it was made.
typedef struct framewire_upload_stats {
    // sizeof(framewire_upload_stats).
    size_t size;
    // Files that come, now.
    uint64_t receiving;
    // Whole files that wait to be taken, now.
    uint64_t waiting;
    // Files that became whole.
    uint64_t completed;
    // Files that were taken.
    uint64_t taken;
    // Uploads that failed.
    uint64_t failed;
    // Bytes of files that came, of those that failed too.
    uint64_t bytes;
    // Keep-alives not sent back, because 16 MiB wait to be sent or the channel was closed.
    uint64_t echoes_dropped;
} framewire_upload_stats;

// One field of a result. It has no `size`, and will stay as it is.
typedef struct framewire_field {
    // Its name.
    const char *name;
    // Its value as JSON, which is sent as it is. What is no JSON, and NULL, is sent as
    // {"__serialization_error__": text} and told in `errors`; the other fields go out.
    const char *json;
    // Where `json` is NULL: why there is none; NULL: "it has no value".
    const char *error;
} framewire_field;

// A result and what it is about. 0 is the default of every field but `size`: JSON's null.
//
// What is sent is an object that always has the keys serialized_output_data (an object of the fields),
// video_metadata (frame_id, received_at, pts, time_base, declared_fps, measured_fps, height, width), errors
// (an array of texts), processing_complete and termination_reason.
typedef struct framewire_result {
    // sizeof(framewire_result).
    size_t size;
    // What it has: `field_count` of them. NULL if that is 0.
    const struct framewire_field *fields;
    // How many.
    size_t field_count;
    // What went wrong: `error_count` texts. NULL if that is 0.
    const char *const *errors;
    // How many.
    size_t error_count;
    // When the picture came: a text of your choice, ISO 8601 by custom.
    const char *received_at;
    // Its presentation time in units of `time_base`. Where this is the RTP timestamp that
    // framewire_source_rtp_timestamp tells, and `time_base` is 1.0 / 90000, browsers find the picture.
    int64_t pts;
    // Seconds of a unit of `pts`; 0: both are null.
    double time_base;
    // Pictures a second that were promised,
    double declared_fps;
    // and that came.
    double measured_fps;
    // Columns of the picture.
    uint32_t width;
    // Rows of the picture.
    uint32_t height;
} framewire_result;

// What a reassembler is made from. 0 is the default of every field but `size`.
typedef struct framewire_reassembler_options {
    // sizeof(framewire_reassembler_options).
    size_t size;
    // Bytes of the largest message, packed and unpacked; 0: 67,108,864. All that are unfinished have as many
    // together, or 67,108,864.
    uint32_t max_message;
    // Unfinished messages: for one more, the oldest goes; 0: 256.
    uint32_t max_unfinished;
    // How long a message may go without a new chunk, in milliseconds; 0: 30,000. Looked at in each call.
    uint32_t idle_timeout_ms;
    // 1: messages that are packed (gzip, told by 1f 8b) are unpacked.
    uint32_t unpack;
} framewire_reassembler_options;

// Figures of a reassembler.
typedef struct framewire_reassembler_stats {
    // sizeof(framewire_reassembler_stats).
    size_t size;
    // Messages that became whole.
    uint64_t messages;
    // Chunks, of whatever sort.
    uint64_t chunks;
    // Chunks that had come before.
    uint64_t duplicates;
    // Chunks of messages that had ended unfinished.
    uint64_t late;
    // Messages that ended because they broke a rule.
    uint64_t violations;
    // Messages that ended because of their age, or for want of room.
    uint64_t evicted;
    // Bytes of unfinished messages now.
    uint64_t kept;
    // Whole messages that wait to be taken now.
    uint64_t waiting;
} framewire_reassembler_stats;

// What a resolver is made from. 0 is the default of every field but `size`.
typedef struct framewire_resolver_options {
    // sizeof(framewire_resolver_options).
    size_t size;
    // Where the outcomes of framewire_resolver_resolve_async are told; NULL: nowhere. It stays yours.
    struct framewire_events *events;
    // How long a registered track waits for its owner, in milliseconds; 0: 60,000.
    uint32_t ttl_ms;
    // 0.
    uint32_t reserved;
} framewire_resolver_options;

// A media track that arrived. Every text is copied.
typedef struct framewire_arrival {
    // sizeof(framewire_arrival).
    size_t size;
    // Its id: what a resolve answers.
    const char *track;
    // Whose it is; NULL: not known.
    const char *user;
    // From which session; NULL: not known.
    const char *session;
    // What else may be named as a hint: mid, msid, SSRC, a label; NULL: nothing.
    const char *const *labels;
    // How many: at most 16.
    size_t label_count;
    // FRAMEWIRE_MEDIA_VIDEO or FRAMEWIRE_MEDIA_AUDIO.
    uint32_t media;
    // 0.
    uint32_t reserved;
} framewire_arrival;

// Figures of a resolver.
typedef struct framewire_resolver_stats {
    // sizeof(framewire_resolver_stats).
    size_t size;
    // Tracks that wait for an owner now.
    uint64_t pending;
    // Tracks whose owner is known now.
    uint64_t known;
    // Resolves that wait now.
    uint64_t waiting;
    // Registers.
    uint64_t registered;
    // Tracks that got an owner.
    uint64_t bound;
    // Of them: taken over from another session of the same user.
    uint64_t moved;
    // Resolves that got a track.
    uint64_t resolved;
    // Resolves that timed out.
    uint64_t timed_out;
    // Resolves that were cancelled.
    uint64_t cancelled;
    // Tracks that waited in vain: too long, among too many (65,536), or for a participant that left.
    uint64_t dropped;
} framewire_resolver_stats;

// The pixels of a job, and what is known of it.
typedef struct framewire_job_view {
    // sizeof(framewire_job_view).
    size_t size;
    // The first row of each plane, to be read and written until the job is over.
    uint8_t *planes[3];
    // Bytes from one row to the next, a plane.
    size_t strides[3];
    // When it was captured: microseconds of CLOCK_MONOTONIC. The picture that goes out has the same.
    uint64_t capture_time_us;
    // When it came, likewise.
    uint64_t arrival_time_us;
    // The number that its sink, its file, or the order of its pushes gave it, from 1.
    uint64_t number;
    // Its presentation time, in units of time_base_num / time_base_den seconds. Of a picture of a sink: its RTP
    // timestamp.
    int64_t pts;
    // See `pts`.
    uint32_t time_base_num;
    // See `pts`.
    uint32_t time_base_den;
    // Counts the jobs of the processor, from 1: the frame id of its result.
    uint32_t frame_id;
    // A framewire_format.
    uint32_t format;
    // Columns.
    uint32_t width;
    // Rows.
    uint32_t height;
    // Degrees, clockwise, by which it was turned: 0, 90, 180 or 270.
    uint32_t rotation;
    // 0.
    uint32_t reserved;
} framewire_job_view;

// What is called for each frame.
//
// Which thread: any of the processor's workers, on several at once if there are several; nothing depends on which.
// It may block, and call every function of the library, also free the processor. It looks at the job and changes
// its pixels in place, or gives it another picture, adds fields to its result, and returns
//
// FRAMEWIRE_OK: the job is completed;
// FRAMEWIRE_AGAIN: the job is kept, and completed or failed later, from anywhere;
// anything else: the job has failed; framewire_job_fail before that says why.
//
// A job that it completed or failed itself is over, whatever it returns.
//
// It is the library's from the call of framewire_processor_new on, also if that fails: `drop` (NULL: nothing to
// do) is called exactly once, after the last `call` returned.
typedef struct framewire_function {
    // Called for each frame.
    int32_t (*call)(void *context, struct framewire_job *job);
    // Called when `context` is no longer needed.
    void (*drop)(void *context);
    // Passed to both.
    void *context;
} framewire_function;

// What is called for each piece of sound. `samples` are those of `sound`, and may be changed. Not FRAMEWIRE_OK: the
// sound goes as it came.
//
// Which thread: one of the library's own, one piece at a time. It may block, but sound waits for it. It may call
// every function of the library. `sound` and `samples` live until it returns. For `drop` see framewire_function.
typedef struct framewire_sound_function {
    // Called for each piece.
    int32_t (*call)(void *context, const struct framewire_audio_frame *sound, void *samples);
    // Called when `context` is no longer needed.
    void (*drop)(void *context);
    // Passed to both.
    void *context;
} framewire_sound_function;

// What a processor is made from. 0 is the default of every field but `size`. The handles stay yours, and may
// be freed before it.
typedef struct framewire_processor_options {
    // sizeof(framewire_processor_options).
    size_t size;
    // Where its errors, heartbeats and end are told; NULL: nowhere.
    struct framewire_events *events;
    // Where frames come from; NULL: from `file`, or from framewire_processor_push_video. Nobody else should
    // take from it.
    struct framewire_sink *sink;
    // A file in the IVF container with VP8 in it, which is decoded here; NULL: none. For files of other kinds
    // decode them yourself, and push. Copied.
    const char *file;
    // Where pictures go, and sound; NULL: nowhere.
    struct framewire_source *source;
    // Where results go, each in a JSON envelope with the fields that you add to the job; NULL: nowhere. The
    // last message is sent there too, and nothing can be sent to it afterwards.
    struct framewire_results *results;
    // Called for each frame; all zero: jobs are taken with framewire_processor_next.
    struct framewire_function function;
    // Called for each piece of sound; all zero: it is not changed.
    struct framewire_sound_function sound_function;
    // Frames a second that were promised, for the results; 0: none were.
    double declared_fps;
    // How many threads call `function`, 1 to 256; 0: 1. With more than one it is called on several at once.
    uint32_t workers;
    // How many frames may be taken whose result has not left, 1 to 1,000; 0: 4, or as many as `workers`.
    uint32_t max_in_flight;
    // 1: no frame is left out. Who brings frames waits, and a file is read, at the pace at which they are taken
    // and at which the receivers of `results` (in file mode) acknowledge. 0: the newest matters.
    uint32_t every_frame;
    // 1: results leave as they are finished, and what is older than what has left is dropped. 0: in order.
    uint32_t as_finished;
    // How long one frame may take, in milliseconds. Then it is skipped, and its result thrown away when it
    // comes. 0: without end; one that never returns then holds up all after it.
    uint32_t deadline_ms;
    // 1: a picture that failed, or took too long, goes out as it came. 0: it does not.
    uint32_t pass_through;
    // Degrees, clockwise, by which pictures are turned before they are processed: 0, 90, 180 or 270.
    uint32_t rotation;
    // 1: pictures do not go out until framewire_processor_set_video.
    uint32_t video_off;
    // 1: the sound of `sink` goes to `source`, held back for as long as pictures take lately (2 seconds at
    // most). 0: it does so with a `sound_function` only.
    uint32_t sound;
    // 1: when the sink's track is over, the next is waited for. 0: that is the end.
    uint32_t outlives_track;
    // How the pixels of a file are wanted, a framewire_format; 0: FRAMEWIRE_FORMAT_RGB24.
    uint32_t format;
    // It ends by itself after so many milliseconds; 0: never.
    uint32_t ends_after_ms;
    // At the end: how long frames that are being processed may take, in milliseconds; 0: 5,000.
    uint32_t grace_ms;
    // At the end: how long the last message may take to be acknowledged, once it went out, in milliseconds; 0:
    // 2,000.
    uint32_t linger_ms;
    // 1: `pts` in a result is the RTP timestamp that the picture has in `source`, which is how a page finds the
    // result of a picture; `time_base` is 1.0 / 90000. 0: it is the `pts` of framewire_job_view.
    uint32_t source_pts;
    // 0.
    uint32_t reserved;
} framewire_processor_options;

// Figures of a processor. At every moment, received = processed + failed + skipped_newer + skipped_late +
// skipped_overtaken + skipped_ended + in_flight + waiting.
typedef struct framewire_processor_stats {
    // sizeof(framewire_processor_stats).
    size_t size;
    // Frames that came.
    uint64_t received;
    // Frames whose result left.
    uint64_t processed;
    // Frames on which the function failed.
    uint64_t failed;
    // Frames that a newer one replaced before they were taken.
    uint64_t skipped_newer;
    // Frames that took longer than `deadline_ms`.
    uint64_t skipped_late;
    // Frames that were finished after a later one had left (`as_finished`).
    uint64_t skipped_overtaken;
    // Frames that were not finished at the end.
    uint64_t skipped_ended;
    // Frames that were taken, and whose result has not left.
    uint64_t in_flight;
    // Frames that wait to be taken: 0 or 1.
    uint64_t waiting;
    // Results that came after their frame was skipped.
    uint64_t thrown_away;
    // Frames of the file that could not be decoded. They are not among those that came.
    uint64_t damaged;
    // Pictures that went to the source.
    uint64_t pictures;
    // Those of them that went as they came.
    uint64_t passed_through;
    // Results that went to the feed.
    uint64_t results;
    // Results that the feed did not take.
    uint64_t results_refused;
    // Pieces of sound that went to the source.
    uint64_t sounds;
    // Pieces of sound on which the function failed. They went as they came.
    uint64_t sounds_failed;
    // Pieces of sound that were left out: reports told that they were captured before others that had left.
    uint64_t sounds_dropped;
    // Frames a second that came lately.
    double measured_fps;
    // From when a frame came to when it was taken.
    struct framewire_percentiles queued;
    // From when it was taken to when it was given back.
    struct framewire_percentiles function;
    // From when it came to when it left.
    struct framewire_percentiles through;
} framewire_processor_stats;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The sentence of the last call of this thread that did not return FRAMEWIRE_OK: it names the
// argument and the rule, "frame.stride[0] is 600 but width 640 needs 640". Never NULL; "" when no
// call has failed. A call that succeeds leaves it alone.
//
// Lives until the next call of this thread that does not return FRAMEWIRE_OK. Needs no handle, and
// works in the child of a fork.
const char *framewire_last_error(void);

// The ABI that the library has: the number in its soname.
uint32_t framewire_abi_version(void);

// The library's release, like "1.2.3". Lives for ever.
const char *framewire_version(void);

// Starts to listen. Any number of taps may be open, each with a level and a thread of its own.
//
// On success `*log` is yours until framewire_log_free. INVALID_ARGUMENT: a NULL, a wrong size or an
// unknown level. INVALID_STATE: a Rust program around the library has a logger of its own.
enum framewire_status framewire_log_new(const struct framewire_log_options *options,
                                        struct framewire_log **log);

// Ends a tap. NULL is fine. When it returns, `call` is not running and will not be called again,
// and `drop` has been called; inside the tap's own callback, `drop` follows after that returns. A
// callback that does not return is waited for one second at most.
void framewire_log_free(struct framewire_log *log);

// Makes a queue. `options` may be NULL: all defaults.
//
// On success `*events` is yours until framewire_events_free. INVALID_ARGUMENT: a NULL, a wrong
// size, a capacity out of range, or a callback with `drop` or `context` but no `call`.
enum framewire_status framewire_events_new(const struct framewire_events_options *options,
                                           struct framewire_events **events);

// Ends a queue. NULL is fine. What waits in it is dropped; the objects that name it live on and
// tell nobody. Threads that wait in framewire_events_next return with CLOSED; its descriptor is
// closed: take it out of your loop first.
//
// When it returns, the callback is not running and will not be called again, and its `drop` has
// been called; inside the callback itself, `drop` follows after that returns. A callback that does
// not return is waited for one second at most.
void framewire_events_free(struct framewire_events *events);

// Takes the oldest event, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
// without end. TIMEOUT: none came, also when it did not wait. CLOSED: the queue was freed while we
// waited. INVALID_STATE: the queue has a callback.
//
// `event->size` must be set, the rest is written on success. `stream` and `text` live until this
// thread calls framewire_events_next again, on whatever queue, or ends: copy what you keep. They
// are no other thread's business, so several threads may read one queue.
enum framewire_status framewire_events_next(struct framewire_events *events,
                                            int32_t timeout_ms,
                                            struct framewire_event *event);

// A descriptor for poll, select or epoll: readable exactly while an event waits. Only wait for it;
// do not read or close it. It is the same one each time, and lives until framewire_events_free.
//
// A negative number is a framewire_status, and poll passes over it. INVALID_STATE: the queue has a
// callback. IO: the process has no descriptors left.
int32_t framewire_events_fd(struct framewire_events *events);

// Makes a source and starts its encoder threads; they sleep until something is pushed and watched.
//
// On success `*source` is yours until framewire_source_free. INVALID_ARGUMENT: a NULL, a wrong
// size, a number out of range. INVALID_HANDLE: `options->events` is no events handle. CODEC, IO: an
// encoder or a thread could not be made.
enum framewire_status framewire_source_new(const struct framewire_source_options *options,
                                           struct framewire_source **source);

// Ends a source: its viewers see no more of it, and its encoder threads end. NULL is fine. Returns
// within 100 ms, also in the middle of an encode. Peers and servers that send it need not be freed
// before it.
//
// No event about it comes afterwards, and an event callback about it is not running (one that does
// not return is waited for one second at most; inside it, free returns at once). A buffer that was
// pushed with framewire_source_push_video_owned and is being encoded at this moment is released as
// soon as that is over.
void framewire_source_free(struct framewire_source *source);

// Queues one picture. Its planes are copied: they are yours again when the call returns. Never
// blocks, whatever the encoder does: one picture waits for it, and a newer one takes its place.
//
// `evicted` (may be NULL) tells whether it took the place of one that was still waiting.
//
// INVALID_ARGUMENT: what is wrong with the frame; it is not taken. INVALID_STATE: the source has
// no pictures. CLOSED: the source has failed. LIMIT: no memory for the copy.
enum framewire_status framewire_source_push_video(struct framewire_source *source,
                                                  const struct framewire_video_frame *frame,
                                                  bool *evicted);

// Queues one picture without copying it: the planes are the library's, and must not change, until
// `release` is called. That happens exactly once, whatever this call returns: on failure before it
// returns, else when the picture has been encoded or another took its place, or with
// framewire_source_free.
//
// `release.call` must be set; one that has nothing to do may return at once. For the rest see
// framewire_source_push_video.
enum framewire_status framewire_source_push_video_owned(struct framewire_source *source,
                                                        const struct framewire_video_frame *frame,
                                                        struct framewire_release release,
                                                        bool *evicted);

// Queues sound. It is copied. Never blocks: at most 200 ms wait for the encoder, then the oldest
// are dropped and counted. Digital silence is sound; an empty frame is fine. The rate and the
// number of channels may change from call to call.
//
// INVALID_ARGUMENT: what is wrong with the frame; nothing of it is taken. INVALID_STATE: the source
// has no sound. CLOSED: the source has failed.
enum framewire_status framewire_source_push_audio(struct framewire_source *source,
                                                  const struct framewire_audio_frame *frame);

// The RTP timestamp that the picture with that capture time has, for every viewer: what is sent beside the
// video can name its picture so, as `pts` in units of 1/90,000 s (framewire_result). Before or after the
// picture is pushed. It holds while capture times rise; one that does not rise is moved, and a picture that
// is sent once more, because a viewer needs a keyframe and none follows, has a later one.
//
// `capture_time_us` is as in the frame, but 0 names no picture: INVALID_ARGUMENT. INVALID_STATE: the source
// has no pictures.
enum framewire_status framewire_source_rtp_timestamp(struct framewire_source *source,
                                                     uint64_t capture_time_us,
                                                     uint32_t *timestamp);

// Asks for a keyframe, which viewers do by themselves when they need one. Requests are coalesced:
// at most one keyframe in `keyframe_window_ms`, and none is forgotten. Returns at once.
enum framewire_status framewire_source_request_keyframe(struct framewire_source *source);

// A new target for the picture, in bits a second, from the next frame on. Returns at once, also
// while nothing is pushed. INVALID_ARGUMENT: not 1,000 to 1,000,000,000. INVALID_STATE: the source
// has no pictures.
enum framewire_status framewire_source_set_video_bitrate(struct framewire_source *source,
                                                         uint32_t bits_per_second);

// Another number of expected frames a second, for rate control; as framewire_source_set_video_bitrate.
// INVALID_ARGUMENT: not above 0 and at most 240.
enum framewire_status framewire_source_set_frame_rate(struct framewire_source *source, double fps);

// Prepares the encoder for pictures of another size, so that the first of them does not wait for
// it; as framewire_source_set_video_bitrate. Not needed: a frame of another size does the same.
// INVALID_ARGUMENT: a side is not 1 to 16,383.
enum framewire_status framewire_source_set_video_size(struct framewire_source *source,
                                                      uint32_t width,
                                                      uint32_t height);

// The figures of a source as they stand, without stopping anyone. `stats->size` must be set.
enum framewire_status framewire_source_get_stats(struct framewire_source *source,
                                                 struct framewire_source_stats *stats);

// The pixels of a picture, in the format that its sink was asked for, without padding. `view->size`
// must be set. They can be read until the last framewire_frame_unref, and not be written: others may
// read them too. The view can be handed to framewire_source_push_video as it is.
//
// INVALID_STATE: it is sound.
enum framewire_status framewire_frame_view(struct framewire_frame *frame, struct framewire_video_frame *view);

// The samples of sound, 48,000 a second, in the format and with the channels that its sink was asked
// for. `view->size` must be set. For the rest see framewire_frame_view.
//
// INVALID_STATE: it is a picture.
enum framewire_status framewire_frame_audio_view(struct framewire_frame *frame,
                                                 struct framewire_audio_frame *view);

// What is known of a frame beside its pixels or samples. `info->size` must be set.
enum framewire_status framewire_frame_get_info(struct framewire_frame *frame,
                                               struct framewire_frame_info *info);

// One more keeps the frame.
enum framewire_status framewire_frame_ref(struct framewire_frame *frame);

// One is done with the frame; with the last its memory is used again. NULL is fine.
void framewire_frame_unref(struct framewire_frame *frame);

// Makes a sink that nothing feeds yet. `options` may be NULL: all defaults.
//
// On success `*sink` is yours until framewire_sink_free. INVALID_ARGUMENT: a NULL, a wrong size, a
// number out of range. INVALID_HANDLE: `options->events` is no events handle.
enum framewire_status framewire_sink_new(const struct framewire_sink_options *options,
                                         struct framewire_sink **sink);

// Ends a sink. NULL is fine. Who waits for a frame of it returns with CLOSED; its descriptors are
// closed: take them out of your loop first. Peers that feed it go on without it, and frames that were
// taken out live until they are let go of. Nothing about events is different from
// framewire_source_free.
void framewire_sink_free(struct framewire_sink *sink);

// Takes the next picture, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
// without end. On success `*frame` is yours until framewire_frame_unref.
//
// TIMEOUT: none came, also when it did not wait. CLOSED: the track is over and all of it was taken,
// or the sink was freed meanwhile; framewire_last_error() says why. A peer that feeds the sink anew,
// or a sender that had paused, opens it again. INVALID_STATE: the sink takes no pictures.
enum framewire_status framewire_sink_next_video(struct framewire_sink *sink,
                                                int32_t timeout_ms,
                                                struct framewire_frame **frame);

// Takes the next piece of sound (20 milliseconds as a rule, 120 at most), like
// framewire_sink_next_video. INVALID_STATE: the sink takes no sound.
enum framewire_status framewire_sink_next_audio(struct framewire_sink *sink,
                                                int32_t timeout_ms,
                                                struct framewire_frame **frame);

// A descriptor for poll, select or epoll: readable exactly while a frame of `media` (one
// framewire_media) waits, or its track is over. Only wait for it; do not read or close it. It is the
// same one each time, and lives until framewire_sink_free.
//
// A negative number is a framewire_status, and poll passes over it. INVALID_STATE: the sink takes no
// such media. IO: the process has no descriptors left.
int32_t framewire_sink_fd(struct framewire_sink *sink, uint32_t media);

// Asks the sender for a keyframe now: at most one request in 500 milliseconds goes out, and it is
// repeated until the keyframe is decoded. Nothing happens while no peer feeds the sink.
// INVALID_STATE: the sink takes no pictures.
enum framewire_status framewire_sink_request_keyframe(struct framewire_sink *sink);

// Where the track of `media` (one framewire_media) stands: `*state` is a framewire_track_state.
// INVALID_STATE: the sink takes no such media.
enum framewire_status framewire_sink_get_track(struct framewire_sink *sink, uint32_t media, int32_t *state);

// The figures of `media` (one framewire_media) as they stand, without stopping anyone. `stats->size`
// must be set. INVALID_STATE: the sink takes no such media.
enum framewire_status framewire_sink_get_stats(struct framewire_sink *sink,
                                               uint32_t media,
                                               struct framewire_sink_stats *stats);

// Makes a peer that is connected to nothing. `options` may be NULL: all defaults.
//
// On success `*peer` is yours until framewire_peer_free. INVALID_ARGUMENT: a NULL, a wrong size, an
// address that is none. INVALID_HANDLE: `options->events` is no events handle.
enum framewire_status framewire_peer_new(const struct framewire_peer_options *options,
                                         struct framewire_peer **peer);

// Ends a peer in whatever state it is: says goodbye to the remote, detaches its sources. NULL is
// fine. Its sources live on. A call that waits for its answer or offer returns with CLOSED.
//
// No event about it comes afterwards, and an event callback about it is not running (one that does
// not return is waited for one second at most; inside it, free returns at once).
void framewire_peer_free(struct framewire_peer *peer);

// Sends `source` in the section of the coming offer whose mid is `mid`; NULL: its picture in the
// next section of video, its sound in the next of audio, in the order of the calls. To be called
// before the offer comes or is made, once a source: a robot with fourteen cameras calls it fourteen
// times.
//
// The peer keeps what it needs of the source: either may be freed first. INVALID_STATE: there has
// been an offer. INVALID_HANDLE: `peer` or `source` is none.
enum framewire_status framewire_peer_send(struct framewire_peer *peer,
                                          const char *mid,
                                          struct framewire_source *source);

// Takes what the remote sends in the section of the coming offer whose mid is `mid` into `sink`;
// NULL: the picture of the next section of video that it sends in, the sound of the next of audio, as
// far as the sink takes them. To be called before the offer comes or is made, once a sink.
//
// The peer keeps what it needs of the sink: either may be freed first. A section may carry media both
// ways: call framewire_peer_send too. INVALID_STATE: there has been an offer. INVALID_HANDLE: `peer`
// or `sink` is none.
enum framewire_status framewire_peer_receive(struct framewire_peer *peer,
                                             const char *mid,
                                             struct framewire_sink *sink);

// Where the peer stands: `*state` is a framewire_peer_state.
enum framewire_status framewire_peer_get_state(struct framewire_peer *peer, int32_t *state);

// The figures of the peer's viewer `n`, counted from 0 in the order of the offer's sections: one
// picture or one sound that is sent to it. They outlive the connection. `stats->size` must be set.
// CLOSED: there are not so many; ask for 0, 1, 2 … until then.
enum framewire_status framewire_peer_get_stats(struct framewire_peer *peer,
                                               size_t n,
                                               struct framewire_viewer_stats *stats);

// The mid of the section that viewer `n` is sent in. Text out as in framewire_peer_description;
// CLOSED as in framewire_peer_get_stats.
enum framewire_status framewire_peer_mid(struct framewire_peer *peer,
                                         size_t n,
                                         char *mid,
                                         size_t capacity,
                                         size_t *length);

// Answers `offer` (SDP; lines may end with LF or CRLF), waiting for at most `timeout_ms`
// milliseconds (0 to 600,000; some ten are usual). The answer holds every local candidate (but
// see `gather_timeout_ms` of framewire_peer_options): nothing has to follow it. Send it to the remote; media flows when it has connected.
//
// Text out: `answer` (with `capacity` bytes) receives the SDP and a NUL, `*length` (may be NULL)
// its length without the NUL. 64 KiB always suffice. Where `answer` is NULL, or too small (LIMIT, and
// it is not written to, but `*length` is), framewire_peer_description has the text.
//
// MALFORMED: the offer does not parse, the sentence says where. NOT_OFFERED: it has no section for
// what is to be sent. TIMEOUT, INVALID_STATE (answered before), CLOSED, TRANSPORT.
enum framewire_status framewire_peer_answer(struct framewire_peer *peer,
                                            const char *offer,
                                            uint32_t timeout_ms,
                                            char *answer,
                                            size_t capacity,
                                            size_t *length);

// Answers `offer` on a thread of the library: never blocks. FRAMEWIRE_EVENT_ANSWER brings the
// answer, FRAMEWIRE_EVENT_NEGOTIATION_FAILED the reason why there is none.
//
// INVALID_STATE: the peer has no events, or was answered before.
enum framewire_status framewire_peer_answer_async(struct framewire_peer *peer, const char *offer);

// Makes an offer of what framewire_peer_send was called with, waiting for at most `timeout_ms`
// milliseconds (0 to 600,000). Text out and errors as in framewire_peer_answer. Its answer goes to
// framewire_peer_accept.
enum framewire_status framewire_peer_offer(struct framewire_peer *peer,
                                           uint32_t timeout_ms,
                                           char *offer,
                                           size_t capacity,
                                           size_t *length);

// Makes an offer on a thread of the library: never blocks. FRAMEWIRE_EVENT_OFFER brings it,
// FRAMEWIRE_EVENT_NEGOTIATION_FAILED the reason why there is none.
//
// INVALID_STATE: the peer has no events, or has negotiated before.
enum framewire_status framewire_peer_offer_async(struct framewire_peer *peer);

// Takes the remote's answer to the offer of framewire_peer_offer, waiting for at most `timeout_ms`
// milliseconds (0 to 600,000).
//
// MALFORMED: it does not parse. NOT_OFFERED: it accepts nothing. INVALID_STATE: there is no offer.
enum framewire_status framewire_peer_accept(struct framewire_peer *peer,
                                            const char *answer,
                                            uint32_t timeout_ms);

// The answer or offer that framewire_peer_answer or framewire_peer_offer made last. Text out as
// there, but without a buffer it does nothing else than tell the length. INVALID_STATE: there is
// none.
enum framewire_status framewire_peer_description(struct framewire_peer *peer,
                                                 char *description,
                                                 size_t capacity,
                                                 size_t *length);

// Takes a remote ICE candidate, "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", in the
// section `mid` (NULL: the first). One with a name instead of an address, and one that is not UDP,
// is passed over; so are all of them unless the peer's options say `probe_candidates` or have
// a TURN server. MALFORMED: it
// does not parse. INVALID_STATE: offer and answer are not exchanged yet.
enum framewire_status framewire_peer_add_candidate(struct framewire_peer *peer,
                                                   const char *candidate,
                                                   const char *mid);

// Makes a channel of `peer`; it opens when the peer has connected, which FRAMEWIRE_EVENT_CHANNEL_OPEN of
// the peer's events tells. To be called before the offer comes or is made, or at any time after data
// channels were negotiated. `options` may be NULL: all defaults.
//
// On success `*channel` is yours until framewire_channel_free; it may be freed before its peer or after
// it. INVALID_STATE: the connection was negotiated without data channels. CLOSED: the peer is over.
// LIMIT: it has 1,024 channels.
enum framewire_status framewire_peer_channel(struct framewire_peer *peer,
                                             const struct framewire_channel_options *options,
                                             struct framewire_channel **channel);

// Takes a channel that the remote made, waiting for at most `timeout_ms` milliseconds: 0 does not wait,
// -1 waits without end. The peer's options must say `accept_channels`. On success `*channel` is yours
// until framewire_channel_free; events about it name it from now on. TIMEOUT: none came. CLOSED: the peer
// is over.
enum framewire_status framewire_peer_next_channel(struct framewire_peer *peer,
                                                  int32_t timeout_ms,
                                                  struct framewire_channel **channel);

// Closes a channel, after what was given to send, and ends it. NULL is fine. Who waits for a message of
// it returns with CLOSED; its descriptor is closed: take it out of your loop first. Nothing about events
// is different from framewire_peer_free.
void framewire_channel_free(struct framewire_channel *channel);

// Queues one message of `length` bytes: `is_text` 1 for UTF-8, which needs no NUL and must have none
// inside, 0 for bytes. It is copied; never blocks. An empty message is fine.
//
// AGAIN: 16 MiB wait to be sent; nothing was queued. INVALID_STATE: it is not open yet. CLOSED: it is
// over. LIMIT: the message is longer than the remote takes (browsers: 262,144 bytes).
enum framewire_status framewire_channel_send(struct framewire_channel *channel,
                                             const void *message,
                                             size_t length,
                                             uint32_t is_text);

// Sends one message of `length` bytes, up to 67,108,864, as binary messages of the channel: each has
// `frame_id`, the number of the chunk and the number of chunks (uint32_t each, little-endian), then at most
// 49,152 bytes. Chunks of a large message and messages of the peer's other channels take turns. Any other
// thread may send on the channel meanwhile. It is copied; `frame_id` is yours to choose, but not 4,294,967,295.
//
// Blocks until the transport has the last chunk, which is not delivery, or until nothing went out for
// `timeout_ms` milliseconds: 0 does not wait, -1 waits without end. `*chunks` (may be NULL) tells how many
// went out, whatever is returned: TIMEOUT. CLOSED: the channel ended. CANCELLED: framewire_channel_cancel was
// called. INVALID_STATE: it is not open yet. LIMIT: it is too long.
enum framewire_status framewire_channel_send_framed(struct framewire_channel *channel,
                                                    uint32_t frame_id,
                                                    const void *message,
                                                    size_t length,
                                                    int32_t timeout_ms,
                                                    uint32_t *chunks);

// Calls off what framewire_channel_send_framed sends on a channel, in every thread that does: it returns
// CANCELLED, and a part of the message may have gone out. The channel lives on.
enum framewire_status framewire_channel_cancel(struct framewire_channel *channel);

// Takes the next message, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
// without end. `message` (with `capacity` bytes; 262,144 always suffice) receives it, `*length` its
// length, `*is_text` (may be NULL) 1 if it is UTF-8 text, without a NUL behind it.
//
// LIMIT: `capacity` is too small; the message stays, and `*length` is written. TIMEOUT: none came.
// CLOSED: the channel is closed, and all that came was taken.
//
// What comes waits for you, up to 16 MiB; a channel with more is closed.
enum framewire_status framewire_channel_next(struct framewire_channel *channel,
                                             int32_t timeout_ms,
                                             void *message,
                                             size_t capacity,
                                             size_t *length,
                                             uint32_t *is_text);

// A descriptor for poll, select or epoll: readable exactly while a message waits, or the channel is
// closed. Only wait for it; do not read or close it. It is the same one each time, and lives until
// framewire_channel_free. A negative number is a framewire_status, and poll passes over it.
int32_t framewire_channel_fd(struct framewire_channel *channel);

// The name of a channel. Text out: `label` (with `capacity` bytes) receives it and a NUL, `*length` (may
// be NULL) its length without the NUL; `label` may be NULL. LIMIT: it is too small and not written to,
// but `*length` is.
enum framewire_status framewire_channel_label(struct framewire_channel *channel,
                                              char *label,
                                              size_t capacity,
                                              size_t *length);

// Where a channel stands: `*state` is a framewire_channel_state.
enum framewire_status framewire_channel_get_state(struct framewire_channel *channel, int32_t *state);

// The figures of a channel as they stand. `stats->size` must be set.
enum framewire_status framewire_channel_get_stats(struct framewire_channel *channel,
                                                  struct framewire_channel_stats *stats);

// Makes a server and starts to listen. `options` may be NULL: all defaults.
//
// On success `*server` is yours until framewire_server_free. INVALID_ARGUMENT: a NULL, a wrong
// size, a text or number that breaks its rule. INVALID_HANDLE: `options->events` is no events
// handle. IO: it cannot listen there; the sentence says why.
enum framewire_status framewire_server_new(const struct framewire_server_options *options,
                                           struct framewire_server **server);

// Ends a server: it listens no more, and its sessions end. NULL is fine. The sources that it
// published live on.
//
// No event about it comes afterwards, and an event callback about it is not running (one that does
// not return is waited for one second at most; inside it, free returns at once).
void framewire_server_free(struct framewire_server *server);

// Puts `source` on the air as `name` (1 to 64 bytes, no slash, no control characters):
// /watch/NAME, POST /whep/NAME. A name that is taken is given to the new source; who watches the
// old one goes on. The server keeps what it needs of the source: either may be freed first.
enum framewire_status framewire_server_publish(struct framewire_server *server,
                                               const char *name,
                                               struct framewire_source *source);

// Takes `name` off the air and ends its sessions. INVALID_ARGUMENT: nothing is published there.
enum framewire_status framewire_server_unpublish(struct framewire_server *server, const char *name);

// Where the server listens, "127.0.0.1:8080", with the port that was really taken.
//
// Text out: `address` (with `capacity` bytes; 64 suffice) receives it and a NUL, `*length` (may be
// NULL) its length without the NUL. `address` may be NULL: only the length is told. LIMIT: it is too
// small and not written to, but `*length` is.
enum framewire_status framewire_server_address(struct framewire_server *server,
                                               char *address,
                                               size_t capacity,
                                               size_t *length);

// The figures of a server as they stand, without stopping anyone. `stats->size` must be set.
enum framewire_status framewire_server_get_stats(struct framewire_server *server,
                                                 struct framewire_server_stats *stats);

// Lets `name` (as in framewire_server_publish) be published into `sink`: a camera page at
// /publish/NAME, WHIP (RFC 9725) at POST /whip/NAME. `token` is the bearer token that a publisher
// must bring; NULL: the one of the server's options, if there is one. Who publishes, and when it
// ends, is told as events of the server; what comes, by the sink.
//
// Who does not publish by WebRTC brings the messages that framewire_ingest takes over a WebSocket (RFC 6455)
// at /ws/NAME, by the same rules, from a page of any origin: one binary message a picture, or a piece of
// sound. PCM has 48,000 samples a second of two channels, unless the address says otherwise:
// /ws/NAME?rate=16000&channels=1. The token comes as with WHIP, or from a page, which cannot set headers, as
// a subprotocol: new WebSocket(url, ["framewire", "bearer." + encodeURIComponent(token)]). Who may not gets
// the HTTP status that WHIP has for it, before the connection is a WebSocket. It is closed with a reason and
// 1003 for text, for a message of another kind, and for one that the sink does not take; 1007 for PCM that
// is no whole number of samples, and after too many images in a row that cannot be decoded; 1008 when
// nothing came for too long, when another publisher takes over, and when the stream is not received any
// more; 1009 for a message that is too long; 1001 when the server is freed.
//
// One publisher at a time, by either way; see `take_over` of the server's options. A name can be published and
// watched at once: give what comes out of the sink to a source. The server keeps what it needs of
// the sink: either may be freed first. INVALID_STATE: the name is received already.
enum framewire_status framewire_server_receive(struct framewire_server *server,
                                               const char *name,
                                               const char *token,
                                               struct framewire_sink *sink);

// Lets `name` be published no more and ends its publisher, also one that was let in with
// framewire_server_accept. INVALID_STATE: there is neither.
enum framewire_status framewire_server_unreceive(struct framewire_server *server, const char *name);

// Lets the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST in: what it sends goes into `sink`.
// `request` is the event's value. INVALID_STATE: the request does not wait any more; it was decided,
// or `publish_timeout_ms` is over.
enum framewire_status framewire_server_accept(struct framewire_server *server,
                                              int64_t request,
                                              struct framewire_sink *sink);

// Lets the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST connect to `peer`, which you made for it: call
// framewire_peer_receive, framewire_peer_send, framewire_peer_results and framewire_peer_channel before. One
// connection carries all of it, both ways: that is what the page /mirror/NAME offers, by POST /mirror/NAME. Who
// offers to send only is sent nothing: the answer is recvonly then, as every answer of WHIP (RFC 9725 section
// 4.2).
//
// The server answers the offer, and FRAMEWIRE_EVENT_PUBLISH_STARTED comes, or FRAMEWIRE_EVENT_PUBLISH_ENDED
// when that fails. The session ends with the peer, also by framewire_peer_free, and the peer with the session;
// its handle stays yours. INVALID_STATE: the request does not wait any more, or the peer has negotiated.
// CLOSED: the peer is over.
enum framewire_status framewire_server_accept_peer(struct framewire_server *server,
                                                   int64_t request,
                                                   struct framewire_peer *peer);

// Turns the publisher of a FRAMEWIRE_EVENT_PUBLISH_REQUEST away; it is told `reason` (NULL: "").
// For the rest see framewire_server_accept.
enum framewire_status framewire_server_refuse(struct framewire_server *server,
                                              int64_t request,
                                              const char *reason);

// Says what a message of at most 8 MiB holds, and no more: `*kind` is a framewire_ingest_kind, `*payload`
// points into `message`, to `*length` bytes behind its first. `channels` (1 or 2) is what its sound has.
//
// MALFORMED: it is empty, its first byte is neither 'v' nor 'a', an image of nothing, or PCM that ends
// within a sample of its channels. LIMIT: it is longer than 8 MiB.
enum framewire_status framewire_ingest_read(const void *message,
                                            size_t message_length,
                                            uint32_t channels,
                                            int32_t *kind,
                                            const void **payload,
                                            size_t *length);

// Makes an ingest that feeds `options->sink`.
//
// On success `*ingest` is yours until framewire_ingest_free. INVALID_ARGUMENT: a NULL, a wrong size, a
// number out of range. INVALID_HANDLE: `options->sink` is no sink handle. IO: there are no threads left.
enum framewire_status framewire_ingest_new(const struct framewire_ingest_options *options,
                                           struct framewire_ingest **ingest);

// Takes a message, which is copied. Its sound is in the sink when this returns. Its image is decoded on a
// thread of ours, unless a newer one comes before: then it is dropped, which the sink counts as
// `dropped_queue_full`. An image that cannot be decoded is counted there too (`errors`), and logged; after
// as many in a row as the sink's `max_consecutive_errors` the track has failed. A picture's capture time is
// when it came; so is that of the end of a message's sound, which then runs on sample by sample as long as
// no more than 200 milliseconds are missing. Images have at most 16,777,216 pixels, and sides of 8,192.
//
// MALFORMED, LIMIT: as framewire_ingest_read, and `max_message`. UNSUPPORTED: the sink does not take that
// kind. CODEC: too many images could not be decoded. CLOSED: the sink was freed, or something else feeds
// it.
enum framewire_status framewire_ingest_push(struct framewire_ingest *ingest,
                                            const void *message,
                                            size_t length);

// Ends an ingest: the sink's tracks end after what waits. NULL is fine.
void framewire_ingest_free(struct framewire_ingest *ingest);

// Makes a client, which begins to connect at once, on a thread of the library: it never blocks.
// FRAMEWIRE_EVENT_CLIENT_STATE tells how it goes.
//
// On success `*client` is yours until framewire_client_free. It keeps what it needs of the source or
// sink: either may be freed first. INVALID_ARGUMENT: a NULL, a wrong size, a URL that is not http or
// https, a token that a header cannot carry, both of `source` and `sink` or none. INVALID_HANDLE:
// `options->events`, `source` or `sink` is none. UNSUPPORTED: an ICE server as in
// framewire_peer_options.
enum framewire_status framewire_client_new(const struct framewire_client_options *options,
                                           struct framewire_client **client);

// Ends a client in whatever state it is: ends its session at the server by DELETE, for which it waits
// one second at most, and its connection. NULL is fine. Its source or sink lives on.
//
// No event about it comes afterwards, and an event callback about it is not running (one that does
// not return is waited for one second at most; inside it, free does not wait for it).
void framewire_client_free(struct framewire_client *client);

// Where the client stands: `*state` is a framewire_client_state.
enum framewire_status framewire_client_get_state(struct framewire_client *client, int32_t *state);

// Makes a feed that goes to nobody yet. `options` may be NULL: all defaults.
//
// On success `*results` is yours until framewire_results_free. INVALID_ARGUMENT: a NULL, a wrong size, a
// number out of range. IO: a thread could not be made.
enum framewire_status framewire_results_new(const struct framewire_results_options *options,
                                            struct framewire_results **results);

// Ends a feed at once: its channels close, and what waits is not sent. NULL is fine. Call
// framewire_results_finish first where the last word matters.
void framewire_results_free(struct framewire_results *results);

// Sends the feed to `peer` on a data channel of its own. To be called before the offer comes or is made, or
// at any time after data channels were negotiated. Either may be freed first. Errors as in
// framewire_peer_channel.
enum framewire_status framewire_peer_results(struct framewire_peer *peer, struct framewire_results *results);

// framewire_server_publish with a feed beside: who watches and offers data channels gets it.
enum framewire_status framewire_server_publish_with_results(struct framewire_server *server,
                                                            const char *name,
                                                            struct framewire_source *source,
                                                            struct framewire_results *results);

// Sends one result of `length` bytes: JSON as a rule, but any bytes will do. `frame_id` is its frame's, and
// never falls. It is copied; never blocks.
//
// AGAIN (file mode): 16 results wait. LIMIT: it is longer than `max_message`. INVALID_STATE:
// framewire_results_finish was called.
enum framewire_status framewire_results_send(struct framewire_results *results,
                                             uint32_t frame_id,
                                             const void *result,
                                             size_t length);

// Sends the last message, with the frame id after the highest and never compressed, after all that waits.
// Waits until every receiver has acknowledged it, or for `linger_ms` milliseconds (1 to 600,000) after it
// went out: that nothing is buffered any more does not mean that it arrived. Nothing can be sent afterwards.
//
// `*acknowledged` (may be NULL) tells how many receivers did. TIMEOUT: some still take what was sent before.
enum framewire_status framewire_results_finish(struct framewire_results *results,
                                               const void *last,
                                               size_t length,
                                               uint32_t linger_ms,
                                               uint64_t *acknowledged);

// The figures of a feed as they stand. `stats->size` must be set.
enum framewire_status framewire_results_get_stats(struct framewire_results *results,
                                                  struct framewire_results_stats *stats);

// Makes a receiver that no peer sends to yet. `options` may be NULL: all defaults.
//
// On success `*upload` is yours until framewire_upload_free. INVALID_ARGUMENT: a NULL, a wrong size, a
// `folder` that is none. INVALID_HANDLE: `options->events` is no events handle. IO: the folder is not
// there, or a thread could not be made.
enum framewire_status framewire_upload_new(const struct framewire_upload_options *options,
                                           struct framewire_upload **upload);

// Ends a receiver. NULL is fine. Who sends is told, files that were not taken are removed, and those that
// were are yours. Who waits in framewire_upload_next returns with CLOSED; the descriptor is closed: take
// it out of your loop first. Peers and servers that it was given to go on without it.
//
// When it returns the folder is clean, unless the disk does not answer within a second; then the files go
// when it does. A process that ends without this call leaves unfinished files behind, as
// framewire-*.upload. Nothing about events is different from framewire_peer_free.
void framewire_upload_free(struct framewire_upload *upload);

// Has files that the remote of `peer` sends go to `upload`: it gets the channels of its label, also where
// `accept_channels` is 0. To be called before the offer comes or is made, or at any time after data
// channels were negotiated. Either may be freed first.
//
// INVALID_STATE: the connection was negotiated without data channels, or another receiver has the label.
// CLOSED: the peer is over.
enum framewire_status framewire_peer_upload(struct framewire_peer *peer, struct framewire_upload *upload);

// Has files go to `upload` that viewers and publishers of `name` (NULL: of every stream) send: those that
// come from now on and offer data channels. Who may send is who may watch or publish: a server with tokens
// takes files from nobody else. Either may be freed first. INVALID_STATE: another receiver has its label
// there.
enum framewire_status framewire_server_upload(struct framewire_server *server,
                                              const char *name,
                                              struct framewire_upload *upload);

// Takes the whole file that has waited longest, waiting for at most `timeout_ms` milliseconds: 0 does not
// wait, -1 waits without end. `path` (with `capacity` bytes) receives where it is and a NUL, `*length` (may
// be NULL) the length without the NUL, `*number` (may be NULL) which upload it was. The file is yours: move
// or remove it; nobody else gets it.
//
// LIMIT: `capacity` is too small; the file stays, and `*length` is written. TIMEOUT: none is whole. CLOSED:
// the receiver was freed meanwhile.
enum framewire_status framewire_upload_next(struct framewire_upload *upload,
                                            int32_t timeout_ms,
                                            char *path,
                                            size_t capacity,
                                            size_t *length,
                                            uint64_t *number);

// A descriptor for poll, select or epoll: readable exactly while a whole file waits. Only wait for it; do
// not read or close it. It is the same one each time, and lives until framewire_upload_free. A negative
// number is a framewire_status, and poll passes over it.
int32_t framewire_upload_fd(struct framewire_upload *upload);

// How far upload `number` is; 0: the one that began last. `progress->size` must be set. INVALID_ARGUMENT:
// there was none of that number, or 64 have ended since it did.
enum framewire_status framewire_upload_get_progress(struct framewire_upload *upload,
                                                    uint64_t number,
                                                    struct framewire_upload_progress *progress);

// Why upload `number` (0: the one that began last) failed; "" if it has not. Text out: `reason` (with
// `capacity` bytes) receives it and a NUL, `*length` (may be NULL) its length without the NUL; `reason` may
// be NULL. LIMIT: it is too small and not written to, but `*length` is. INVALID_ARGUMENT as in
// framewire_upload_get_progress.
enum framewire_status framewire_upload_reason(struct framewire_upload *upload,
                                              uint64_t number,
                                              char *reason,
                                              size_t capacity,
                                              size_t *length);

// The figures of a receiver as they stand. `stats->size` must be set.
enum framewire_status framewire_upload_get_stats(struct framewire_upload *upload,
                                                 struct framewire_upload_stats *stats);

// Which fields are sent of the results that come from now on: `mode` is a framewire_fields, `names` has
// `count` names for FRAMEWIRE_FIELDS_NAMED and is NULL otherwise. At first all are.
//
// INVALID_ARGUMENT: a name that is none of `options->fields`; the sentence lists those. A result that lacks
// a field of these names goes out without it, and says so in its `errors`.
enum framewire_status framewire_results_set_fields(struct framewire_results *results,
                                                   uint32_t mode,
                                                   const char *const *names,
                                                   size_t count);

// Sends one result in its envelope: framewire_results_send with the JSON made here. Nothing of `result` is
// kept.
enum framewire_status framewire_results_send_result(struct framewire_results *results,
                                                    uint32_t frame_id,
                                                    const struct framewire_result *result);

// Sends the last envelope, with processing_complete true: framewire_results_finish with the JSON made here.
// `reason` is a framewire_termination, or 0 for null; `last` may be NULL: then it has no fields.
enum framewire_status framewire_results_complete(struct framewire_results *results,
                                                 uint32_t reason,
                                                 const struct framewire_result *last,
                                                 uint32_t linger_ms,
                                                 uint64_t *acknowledged);

// Makes a reassembler. `options` may be NULL: all defaults.
//
// On success `*reassembler` is yours until framewire_reassembler_free.
enum framewire_status framewire_reassembler_new(const struct framewire_reassembler_options *options,
                                                struct framewire_reassembler **reassembler);

// Ends a reassembler, with what it keeps. NULL is fine.
void framewire_reassembler_free(struct framewire_reassembler *reassembler);

// Takes one chunk of `length` bytes, which is copied: a binary message of the channel as it came. If it
// makes a message whole, framewire_reassembler_next hands that out.
//
// MALFORMED, LIMIT: it broke a rule, which the sentence names, and its message has ended; the rest of that
// is passed over. AGAIN: 16 whole messages wait; nothing was taken.
enum framewire_status framewire_reassembler_push(struct framewire_reassembler *reassembler,
                                                 const void *chunk,
                                                 size_t length);

// Takes the whole message that has waited longest, without waiting for one. `message` (with `capacity`
// bytes) receives it, `*length` its length, `*frame_id` (may be NULL) its frame id.
//
// AGAIN: none is whole. LIMIT: `capacity` is too small; the message stays, and `*length` is written.
enum framewire_status framewire_reassembler_next(struct framewire_reassembler *reassembler,
                                                 void *message,
                                                 size_t capacity,
                                                 size_t *length,
                                                 uint32_t *frame_id);

// The figures of a reassembler as they stand. `stats->size` must be set.
enum framewire_status framewire_reassembler_get_stats(struct framewire_reassembler *reassembler,
                                                      struct framewire_reassembler_stats *stats);

// Makes a resolver that knows of nothing. `options` may be NULL: all defaults.
//
// On success `*resolver` is yours until framewire_resolver_free.
enum framewire_status framewire_resolver_new(const struct framewire_resolver_options *options,
                                             struct framewire_resolver **resolver);

// Ends a resolver: what waits in it returns CLOSED. NULL is fine.
//
// No event about it comes afterwards, and an event callback about it is not running (one that does
// not return is waited for one second at most; inside it, free does not wait for it).
void framewire_resolver_free(struct framewire_resolver *resolver);

// A media track arrived, or more became known of it: what is NULL leaves what was known before. Wakes the
// resolve that it is for.
enum framewire_status framewire_resolver_register(struct framewire_resolver *resolver,
                                                  const struct framewire_arrival *arrival);

// A media track is gone, for good.
enum framewire_status framewire_resolver_withdraw(struct framewire_resolver *resolver, const char *track);

// Registers the tracks that come into the sinks of `peer`, when they are negotiated, and withdraws them
// when the peer is over. `user` and `session` (each may be NULL) say whose they are. Before the offer.
//
// The id of a track is the peer's id in hexadecimal, a slash and its mid, "200000001000000/0"; its labels
// are its mid, what its msid names, and its SSRCs in decimal. INVALID_STATE: the peer has negotiated.
enum framewire_status framewire_peer_announce(struct framewire_peer *peer,
                                              struct framewire_resolver *resolver,
                                              const char *user,
                                              const char *session);

// Waits for the track of a participant for at most `timeout_ms` milliseconds: 0 looks once, -1 waits
// without end. `type` is a framewire_track_type. `hint` (may be NULL) is a label that the track is said to
// bear, or its id: what bears others is not taken. Text out: `track` (with `capacity` bytes) receives the
// id and a NUL, `*length` (may be NULL) its length without the NUL.
//
// TIMEOUT: none came, and framewire_last_error names what there was. CANCELLED: by
// framewire_resolver_cancel. CLOSED: the resolver was freed. LIMIT: `capacity` is too small (the track is
// known now: resolve it again), or 65,536 resolves wait.
enum framewire_status framewire_resolver_resolve(struct framewire_resolver *resolver,
                                                 const char *user,
                                                 const char *session,
                                                 uint32_t type,
                                                 const char *hint,
                                                 int32_t timeout_ms,
                                                 char *track,
                                                 size_t capacity,
                                                 size_t *length);

// framewire_resolver_resolve that does not wait: the outcome is an event about the resolver, one of
// FRAMEWIRE_EVENT_RESOLVED, FRAMEWIRE_EVENT_RESOLVE_CANCELLED and FRAMEWIRE_EVENT_RESOLVE_TIMED_OUT, with
// `*request` as its value; it may come before this returns. INVALID_STATE: the resolver has no events.
enum framewire_status framewire_resolver_resolve_async(struct framewire_resolver *resolver,
                                                       const char *user,
                                                       const char *session,
                                                       uint32_t type,
                                                       const char *hint,
                                                       int32_t timeout_ms,
                                                       uint64_t *request);

// The participant sends that track no more; it can be resolved again. Text out: `track`, `capacity` and
// `length` as in framewire_resolver_resolve receive its id, or "" if it was not known.
enum framewire_status framewire_resolver_unpublish(struct framewire_resolver *resolver,
                                                   const char *user,
                                                   const char *session,
                                                   uint32_t type,
                                                   char *track,
                                                   size_t capacity,
                                                   size_t *length);

// Ends every resolve of a participant, waiting ones included, with CANCELLED, and drops its tracks that
// wait for an owner. It is not remembered: what is resolved afterwards waits.
enum framewire_status framewire_resolver_cancel(struct framewire_resolver *resolver,
                                                const char *user,
                                                const char *session);

// Drops what is known of a participant that left. Its resolves go on waiting.
enum framewire_status framewire_resolver_forget(struct framewire_resolver *resolver,
                                                const char *user,
                                                const char *session);

// The figures of a resolver as they stand. `stats->size` must be set.
enum framewire_status framewire_resolver_get_stats(struct framewire_resolver *resolver,
                                                   struct framewire_resolver_stats *stats);

// The pixels of a job, and what is known of it. `view->size` must be set. They are without padding, and stay where
// they are until the job is over, also if its time is over, or its processor was freed.
//
// What is written to them goes out. It costs a copy only with `pass_through`. LIMIT: no memory for that.
enum framewire_status framewire_job_get_view(struct framewire_job *job,
                                             struct framewire_job_view *view);

// Adds a field to the result of a job: `json` is its value as JSON text. One that is no JSON is told in the result
// in its place, and the others go out. Copied. LIMIT: it has 1,000 fields.
enum framewire_status framewire_job_add(struct framewire_job *job,
                                        const char *name,
                                        const char *json);

// Adds a field that has no value to the result of a job, and why. Otherwise as framewire_job_add.
enum framewire_status framewire_job_add_error(struct framewire_job *job, const char *name, const char *why);

// Has another picture go out in the place of the job's, of whatever format and size; NULL: none. It is copied: it
// is yours again when the call returns. Its capture time is not looked at: the job's goes out.
//
// INVALID_ARGUMENT: what is wrong with it, also a plane that is no memory of this process, as far as the system
// tells; the job is as before. LIMIT: no memory for the copy.
enum framewire_status framewire_job_set_picture(struct framewire_job *job,
                                                const struct framewire_video_frame *picture);

// Gives a job back: its picture goes out, the one that was set or else the one that came as it is now, and its
// result. The job is over whatever this returns.
//
// TIMEOUT: it was skipped meanwhile, because it took too long. CLOSED: the processor has ended.
enum framewire_status framewire_job_complete(struct framewire_job *job);

// Gives a job back that could not be processed: `why` (may be NULL) stands in its result, and is told as an event.
// Otherwise as framewire_job_complete.
enum framewire_status framewire_job_fail(struct framewire_job *job,
                                         const char *why);

// Makes a processor and starts it.
//
// On success `*processor` is yours until framewire_processor_free. `function` and `sound_function` are the
// library's from this call on, also if it fails. INVALID_ARGUMENT: a NULL, a wrong size, a number out of range,
// both a sink and a file, `sound` without a sink and a source that have it. INVALID_HANDLE: one of the handles.
// IO, MALFORMED, UNSUPPORTED: the file cannot be read, is no IVF file, or has something else in it than VP8.
enum framewire_status framewire_processor_new(const struct framewire_processor_options *options,
                                              struct framewire_processor **processor);

// Ends a processor at once: no last message is sent, and no event about it comes afterwards; to have both, call
// framewire_processor_end and wait first. NULL is fine. Who waits for a job, or for the end, returns with
// CLOSED; its descriptor is closed: take it out of your loop first.
//
// A function that runs is waited for one second at most; inside it, free returns at once. One that returns
// later has its context, and the memory of its job, until then: `drop` is called after it returned, and if it
// never does, never. Jobs that were taken stay yours: their pixels live until they are completed or failed.
void framewire_processor_free(struct framewire_processor *processor);

// Takes the next frame to be processed, waiting for at most `timeout_ms` milliseconds: 0 does not wait, -1 waits
// without end. On success `*job` is yours until framewire_job_complete or framewire_job_fail, from any thread
// and in any order.
//
// TIMEOUT: none came, or `max_in_flight` are out, also when it did not wait. CLOSED: none will come any more.
enum framewire_status framewire_processor_next(struct framewire_processor *processor,
                                               int32_t timeout_ms,
                                               struct framewire_job **job);

// A descriptor for poll, select or epoll: readable exactly while framewire_processor_next has something, or
// none will come any more. Only wait for it; do not read or close it. It is the same one each time, and lives
// until framewire_processor_free.
//
// A negative number is a framewire_status, and poll passes over it. IO: the process has no descriptors left.
int32_t framewire_processor_fd(struct framewire_processor *processor);

// Brings a frame. It is copied: it is yours again when the call returns. With `every_frame` it waits for at most
// `timeout_ms` milliseconds (-1: without end) until none waits; otherwise it never waits, and takes the place of
// one that was not taken. The pts in its result is its capture time in microseconds.
//
// INVALID_ARGUMENT: what is wrong with the frame. INVALID_STATE: frames come from a sink or a file. TIMEOUT:
// none was taken in time. CLOSED: it has ended. LIMIT: no memory for the copy.
enum framewire_status framewire_processor_push_video(struct framewire_processor *processor,
                                                     const struct framewire_video_frame *frame,
                                                     int32_t timeout_ms);

// Whether pictures go out from now on; 1: they do. `peer` (may be NULL) is whom they are to reach.
//
// INVALID_STATE: there is no source, or it has no pictures. NOT_OFFERED: no video was offered in which they could
// go to `peer`.
enum framewire_status framewire_processor_set_video(struct framewire_processor *processor,
                                                    uint32_t on,
                                                    struct framewire_peer *peer);

// Turns the pictures that come from now on, before they are processed: by 0, 90, 180 or 270 degrees, clockwise.
enum framewire_status framewire_processor_set_rotation(struct framewire_processor *processor,
                                                       uint32_t degrees);

// Begins the end, for a framewire_termination; `text` (may be NULL) says it in words. Returns at once.
//
// No more frames come in, and those that are being processed have `grace_ms`; with
// FRAMEWIRE_TERMINATION_SOURCE_ENDED the one that waits is processed too. Then the last message goes to the
// results, with `processing_complete` and the frame id after the last, then FRAMEWIRE_EVENT_PROCESSOR_ENDED
// comes: free peers and feeds after that, and nobody misses the last message. The first reason holds.
enum framewire_status framewire_processor_end(struct framewire_processor *processor,
                                              uint32_t termination,
                                              const char *text);

// Waits for the end, for at most `timeout_ms` milliseconds (-1: without end): that its event has come, and
// before it the last message has gone out. `*termination` (may be NULL) is a framewire_termination.
//
// TIMEOUT: it has not ended. CLOSED: it was freed meanwhile.
enum framewire_status framewire_processor_wait(struct framewire_processor *processor,
                                               int32_t timeout_ms,
                                               int32_t *termination);

// The figures of a processor as they stand, without stopping anyone. `stats->size` must be set.
enum framewire_status framewire_processor_get_stats(struct framewire_processor *processor,
                                                    struct framewire_processor_stats *stats);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FRAMEWIRE_H */
