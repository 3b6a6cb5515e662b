// framewire.hpp with failures as exceptions. What is returned as values is in returning.cpp, of the same program.
#include <framewire.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

using namespace std::chrono_literals;

void returning();

namespace {

#define CHECK(what)                                                                                                \
    do                                                                                                             \
        if (!(what)) {                                                                                             \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                        \
            std::exit(1);                                                                                          \
        }                                                                                                          \
    while (false)

// A wait that must not end by itself: a guard, no measure.
constexpr framewire::milliseconds patience = 60s;

template <class Call> framewire_status fails(Call call) {
    try {
        static_cast<void>(call());
    } catch (const framewire::error &error) {
        CHECK(*error.what());
        return error.code();
    }
    return FRAMEWIRE_OK;
}

template <class Call> framewire_status fails_without_value(Call call) {
    return fails([&] { return call(), 0; });
}

void a_handle_is_moved_and_never_copied() {
    static_assert(!std::is_copy_constructible_v<framewire::source> && !std::is_copy_assignable_v<framewire::peer>);
    static_assert(std::is_nothrow_move_constructible_v<framewire::frame>);
    auto source = framewire::source::make();
    const auto id = source.id();
    auto moved = std::move(source);
    CHECK(moved && moved.id() == id);
    CHECK(fails([&] { return source.stats(); }) == FRAMEWIRE_INVALID_HANDLE);
    moved = framewire::source::make();
    CHECK(moved.id() != id && moved.stats().video_pushed == 0);
    framewire_source *raw = moved.release();
    CHECK(!moved);
    const framewire::source again(raw); // and is freed here
}

void a_failure_has_a_sentence() {
    framewire::source_options options;
    options.fps = -1;
    try {
        framewire::source::make(options);
        CHECK(false);
    } catch (const framewire::error &error) {
        CHECK(error.code() == FRAMEWIRE_INVALID_ARGUMENT);
        CHECK(std::string(error.what()).find("fps") != std::string::npos);
    }
}

void pictures_and_sound_are_checked_and_pushed() {
    const auto source = [] {
        framewire::source_options options;
        options.width = 7;
        options.height = 5;
        return framewire::source::make(options);
    };
    auto on_air = source();
    const std::array<std::uint8_t, 7 * 5 * 4> pixels{};
    using framewire::picture;
    const framewire::bytes all(pixels);
    CHECK(on_air.push(picture(FRAMEWIRE_FORMAT_RGBA, 7, 5, pixels)).status == FRAMEWIRE_OK);
    CHECK(on_air.push(picture(FRAMEWIRE_FORMAT_I420, 7, 5, {all.data(), 7 * 5 + 2 * 4 * 3})).status == FRAMEWIRE_OK);
    CHECK(fails([&] { return picture(FRAMEWIRE_FORMAT_I420, 7, 5, {all.data(), 7 * 5 + 2 * 4 * 3 - 1}); }) ==
          FRAMEWIRE_INVALID_ARGUMENT);
    CHECK(fails([&] { return picture(FRAMEWIRE_FORMAT_NV12, 7, 5, {all.data(), 7 * 5 + 8 * 3 - 1}); }) ==
          FRAMEWIRE_INVALID_ARGUMENT);
    CHECK(plane(picture(FRAMEWIRE_FORMAT_NV12, 7, 5, all), 1).data() == all.data() + 35);
    CHECK(plane(picture(FRAMEWIRE_FORMAT_NV12, 7, 5, all), 1).size() == 24);
    CHECK(plane(picture(FRAMEWIRE_FORMAT_NV12, 7, 5, all), 2).empty());

    std::vector<float> samples(960);
    CHECK(on_air.push(framewire::sound<float>(samples, 48'000, 2, std::chrono::steady_clock::now())) == FRAMEWIRE_OK);
    const auto stats = on_air.stats();
    CHECK(stats.video_pushed == 2 && stats.audio_pushed_us == 10'000);
    const auto now = std::chrono::steady_clock::now();
    CHECK(on_air.rtp_timestamp(now + 1s) - on_air.rtp_timestamp(now) == 90'000);
    on_air.request_keyframe();
    on_air.set_video_bitrate(1'000'000);
    on_air.set_frame_rate(25);
    on_air.set_video_size(640, 480);
}

void a_buffer_comes_back_once_whatever_becomes_of_it() {
    std::atomic<int> released{0}, thrown{0};
    std::promise<void> all;
    const std::array<std::uint8_t, 16 * 16 * 4> pixels{};
    const auto push = [&](framewire::source &to) {
        return to.push_owned(
            framewire::picture(FRAMEWIRE_FORMAT_RGBA, 16, 16, pixels),
            [&, keep = std::make_unique<int>(1)] {
                released += *keep;
                throw std::runtime_error("into nowhere");
            },
            [&](std::exception_ptr) {
                if (++thrown == 3)
                    all.set_value();
            });
    };
    auto source = framewire::source::make();
    framewire::source none;
    push(source);
    push(source); // evicted, encoded or freed with the source: whatever comes first
    const int before = released;
    CHECK(fails([&] { return push(none); }) == FRAMEWIRE_INVALID_HANDLE && released > before);
    source.reset();
    CHECK(all.get_future().wait_for(patience) == std::future_status::ready);
    CHECK(released == 3);
}

framewire::event until(framewire::events &queue, framewire_event_kind kind, std::uint64_t object) {
    for (;;) {
        auto event = queue.next(patience);
        CHECK(event);
        if (event->kind == kind && event->object == object)
            return *std::move(event);
    }
}

void events_are_read_waited_for_and_called() {
    auto queue = framewire::events::make();
    CHECK(queue.next(0ms).status() == FRAMEWIRE_TIMEOUT && queue.fd() >= 0);
    framewire::peer_options options;
    options.events = queue.get();
    options.stream = "one";
    auto peer = framewire::peer::make(options);
    CHECK(fails_without_value([&] { peer.answer_async("no SDP"); }) == FRAMEWIRE_OK);
    const auto event = until(queue, FRAMEWIRE_EVENT_NEGOTIATION_FAILED, peer.id());
    CHECK(event.stream == "one" && !event.text.empty() && event.value == FRAMEWIRE_MALFORMED);

    // What a callback throws stays here, and the thread that called it goes on.
    std::array<std::promise<void>, 2> comes;
    std::atomic<unsigned> calls{0}, caught{0};
    auto called = framewire::events::make(
        [&](const framewire_event &one) {
            if (one.kind != FRAMEWIRE_EVENT_NEGOTIATION_FAILED)
                return;
            comes.at(calls++).set_value();
            throw std::runtime_error(one.text);
        },
        16, [&](std::exception_ptr) { caught++; });
    CHECK(fails([&] { return called.next(0ms); }) == FRAMEWIRE_INVALID_STATE);
    options.events = called.get();
    for (auto &one : comes) {
        auto other = framewire::peer::make(options);
        other.answer_async("no SDP");
        CHECK(one.get_future().wait_for(patience) == std::future_status::ready);
    }
    called.reset();
    CHECK(calls == 2 && caught == 2);
    // And with nobody to catch it.
    auto quiet = framewire::log::make([](const framewire_log_line &) { throw 1; }, FRAMEWIRE_LOG_TRACE);
    CHECK(quiet);
}

void two_peers_exchange_messages_results_and_files() {
    framewire::peer_options options;
    options.media_address = "127.0.0.1";
    options.accept_channels = 1;
    auto other = framewire::peer::make(options);
    auto queue = framewire::events::make();
    options.events = queue.get();
    auto one = framewire::peer::make(options);
    auto results = framewire::results::make();
    auto upload = framewire::upload::make();
    one.results(results);
    other.upload(upload);
    framewire::channel_options named;
    named.label = "of a name";
    auto channel = one.channel(named);
    CHECK(channel.label() == "of a name" && channel.state() == FRAMEWIRE_CHANNEL_OPENING);
    auto source = framewire::source::make();
    one.send(source);
    auto sink = framewire::sink::make();
    other.receive(sink);

    const std::string offer = one.offer(patience);
    CHECK(offer == one.description());
    one.accept(other.answer(offer, patience), patience);
    CHECK(one.stats(0) && one.stats(99).closed());
    CHECK(offer.find("a=mid:" + *one.mid(0)) != std::string::npos && one.mid(99).closed());

    framewire::channel theirs, feed;
    for (int n = 0; n < 2; n++) {
        auto next = other.next_channel(patience);
        CHECK(next);
        (next->label() == "results" ? feed : theirs) = std::move(*next);
    }
    CHECK(theirs && feed);
    const std::vector<std::uint8_t> large(100'000, 7);
    until(queue, FRAMEWIRE_EVENT_CHANNEL_OPEN, channel.id());
    CHECK(channel.send("text") == FRAMEWIRE_OK && channel.send(large) == FRAMEWIRE_OK);
    CHECK(channel.send_framed(1, large, patience).chunks == 3);
    auto first = theirs.next(patience);
    CHECK(first && first->is_text && first->text() == "text");
    auto second = theirs.next(patience); // longer than the room it is first given
    CHECK(second && !second->is_text && second->data == large);
    CHECK(theirs.stats().messages_received >= 2);

    framewire::result seen;
    seen.field("boxes", "[]").no_field("faces", "no model").wrong("it is dark");
    seen.about.width = 640;
    CHECK(results.send(1, seen) == FRAMEWIRE_OK);
    auto got = feed.next(patience);
    const std::string json(got->text().substr(12));
    CHECK(json.find("\"boxes\":[]") != std::string::npos && json.find("no model") != std::string::npos);
    CHECK(json.find("it is dark") != std::string::npos && json.find("640") != std::string::npos);
    feed.send("{\"ack\": 1}");
    const auto end = results.complete(FRAMEWIRE_TERMINATION_CANCELLED, {}, 1ms);
    CHECK(end.status == FRAMEWIRE_OK || end.status == FRAMEWIRE_TIMEOUT);
    CHECK(results.stats().results >= 1);

    // A file of two chunks.
    named.label = "video_upload";
    auto sender = one.channel(named);
    until(queue, FRAMEWIRE_EVENT_CHANNEL_OPEN, sender.id());
    sender.send(framewire::bytes(std::array<std::uint8_t, 9>{0, 0, 0, 0, 2, 0, 0, 0, 'a'}));
    sender.send(framewire::bytes(std::array<std::uint8_t, 9>{1, 0, 0, 0, 2, 0, 0, 0, 'b'}));
    auto file = upload.next(patience);
    CHECK(file && file->number == 1 && upload.progress().bytes == 2 && upload.reason().empty());
    std::FILE *opened = std::fopen(file->path.c_str(), "r");
    std::array<char, 3> content{};
    CHECK(opened && std::fread(content.data(), 1, 3, opened) == 2 && content[0] == 'a' && content[1] == 'b');
    std::fclose(opened);
    std::remove(file->path.c_str());

    theirs.reset();
    until(queue, FRAMEWIRE_EVENT_CHANNEL_CLOSED, channel.id());
    CHECK(channel.state() == FRAMEWIRE_CHANNEL_CLOSED);
    CHECK(channel.send("late") == FRAMEWIRE_CLOSED);
}

void what_is_not_there_yet_is_no_exception() {
    auto sink = framewire::sink::make();
    auto none = sink.next_video(0ms);
    CHECK(!none && !none.closed() && none.status() == FRAMEWIRE_TIMEOUT);
    CHECK(sink.track(FRAMEWIRE_MEDIA_AUDIO) == FRAMEWIRE_TRACK_WAITING && sink.fd(FRAMEWIRE_MEDIA_VIDEO) >= 0);

    framewire::ingest_options options;
    options.sink = sink.get();
    auto ingest = framewire::ingest::make(options);
    std::vector<std::uint8_t> pcm(1 + 4 * 960, 1);
    pcm[0] = 'a';
    CHECK(framewire::ingest::read(pcm).kind == FRAMEWIRE_INGEST_SOUND);
    CHECK(framewire::ingest::read(pcm).payload.size() == 4 * 960);
    CHECK(ingest.push(pcm) == FRAMEWIRE_OK);
    auto sound = sink.next_audio(patience);
    CHECK(sound);
    const auto shared = sound->share();
    CHECK(framewire::samples<float>(shared.audio_view()).empty());
    CHECK(framewire::samples<std::int16_t>(shared.audio_view())[0] == 0x0101);
    CHECK(shared.info().media == FRAMEWIRE_MEDIA_AUDIO);
    CHECK(framewire::time(shared.info().capture_time_us) <= std::chrono::steady_clock::now());
    CHECK(fails([&] { return shared.view(); }) == FRAMEWIRE_INVALID_STATE);

    auto reassembler = framewire::reassembler::make();
    const std::uint8_t chunk[] = {7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'h', 'i'};
    CHECK(!reassembler.next() && reassembler.push(chunk) == FRAMEWIRE_OK);
    const auto framed = *reassembler.next();
    CHECK(framed.frame_id == 7 && framed.data == std::vector<std::uint8_t>({'h', 'i'}));
    CHECK(fails([&] { return reassembler.push({}); }) == FRAMEWIRE_MALFORMED && reassembler.stats().messages == 1);

    auto resolver = framewire::resolver::make();
    CHECK(!resolver.resolve("user", "session", FRAMEWIRE_TRACK_TYPE_VIDEO, nullptr, 0ms));
    const std::string id(1'000, 'x'); // longer than the room it is first given
    framewire::arrival arrival;
    arrival.track = id.c_str();
    arrival.user = "user";
    arrival.session = "session";
    arrival.media = FRAMEWIRE_MEDIA_VIDEO;
    resolver.add(arrival);
    CHECK(*resolver.resolve("user", "session", FRAMEWIRE_TRACK_TYPE_VIDEO, nullptr, patience) == id);
    CHECK(resolver.unpublish("user", "session", FRAMEWIRE_TRACK_TYPE_VIDEO) == id);

    framewire::client_options lonely;
    CHECK(fails([&] { return framewire::client::make(lonely); }) == FRAMEWIRE_INVALID_ARGUMENT);
}

void frames_go_through_a_function() {
    std::atomic<int> thrown{0};
    framewire::processor_options options;
    options.every_frame = 1;
    const auto see = [](framewire::job &job) {
        if (job.view().frame_id == 2)
            throw std::runtime_error("two is odd");
        if (job.view().frame_id == 3)
            framewire::job(std::move(job)).fail("three is odd");
        else
            job.add("seen", "true");
    };
    auto processor = framewire::processor::make(options, see, [&](std::exception_ptr) { thrown++; });
    std::vector<std::uint8_t> pixels(16 * 16 * 3);
    framewire::video_frame frame;
    frame.format = FRAMEWIRE_FORMAT_RGB24;
    frame.width = frame.height = 16;
    frame.planes[0] = pixels.data();
    for (int n = 0; n < 4; n++)
        CHECK(processor.push_video(frame, patience) == FRAMEWIRE_OK);
    processor.end(FRAMEWIRE_TERMINATION_SOURCE_ENDED);
    CHECK(*processor.wait(patience) == FRAMEWIRE_TERMINATION_SOURCE_ENDED);
    CHECK(processor.stats().processed == 2 && processor.stats().failed == 2 && thrown == 1);

    auto parts = framewire::processor::make(options);
    CHECK(!parts.next(0ms) && parts.fd() >= 0);
    parts.push_video(frame, patience);
    CHECK(parts.next(patience)->view().width == 16); // nobody completes it
    parts.end(FRAMEWIRE_TERMINATION_SOURCE_ENDED);
    CHECK(parts.wait(patience) && parts.stats().failed == 1);
}

} // namespace

int main() {
    CHECK(framewire::matches() && !framewire::version().empty());
    a_handle_is_moved_and_never_copied();
    a_failure_has_a_sentence();
    pictures_and_sound_are_checked_and_pushed();
    a_buffer_comes_back_once_whatever_becomes_of_it();
    events_are_read_waited_for_and_called();
    two_peers_exchange_messages_results_and_files();
    what_is_not_there_yet_is_no_exception();
    frames_go_through_a_function();
    returning();
    std::puts("everything held");
    return 0;
}
