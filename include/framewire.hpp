/*
 * Framewire for C++17: a header over framewire.h, which stays the manual of what each call does.
 *
 * What is different here:
 *
 * Handles are move-only objects that free what they hold: `auto source = framewire::source::make(options)`.
 * One that was moved from, or made by default, is empty; calls on it fail with INVALID_HANDLE.
 *
 * Structs are those of C, zero but for `size`: `framewire::source_options options; options.width = 1920;`
 *
 * Failures are exceptions, framewire::error. With FRAMEWIRE_EXPECTED defined before this header (or without
 * exceptions in the compiler) they are values: each call returns framewire::expected<T>. `outcome<T>` below is
 * T or expected<T>. Both kinds may meet in one program, not in one file.
 *
 * "Not now" (AGAIN, CLOSED, TIMEOUT, CANCELLED) is no failure where a loop meets it: then it is in the
 * returned `status`, or in a `maybe<T>` that is empty and tells why.
 *
 * Time is std::chrono: waits in milliseconds, -1 (framewire::forever) without end; capture times are
 * std::chrono::steady_clock, which is CLOCK_MONOTONIC; a time of zero is what 0 is in C.
 *
 * Callbacks are anything that can be called; what they throw goes to a second callable, which must not throw,
 * or nowhere, and never to the library. They come on the library's threads, as framewire.h says.
 */
#ifndef FRAMEWIRE_HPP
#define FRAMEWIRE_HPP

#include "framewire.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if !defined(FRAMEWIRE_EXPECTED) && !defined(__cpp_exceptions) && !defined(__EXCEPTIONS)
#define FRAMEWIRE_EXPECTED
#endif

namespace framewire {

using std::chrono::milliseconds;
using time_point = std::chrono::steady_clock::time_point;

inline constexpr milliseconds forever{-1};

/// A status and its sentence.
class failure {
public:
    failure(framewire_status code, std::string sentence) : code_(code), sentence_(std::move(sentence)) {}
    /// The failure of this thread's last call.
    static failure last(framewire_status code) { return {code, framewire_last_error()}; }
    framewire_status code() const noexcept { return code_; }
    const std::string &what() const noexcept { return sentence_; }

private:
    framewire_status code_;
    std::string sentence_;
};

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
/// What is thrown: what() is the sentence.
class error : public std::runtime_error {
public:
    explicit error(const failure &from) : std::runtime_error(from.what()), code_(from.code()) {}
    framewire_status code() const noexcept { return code_; }

private:
    framewire_status code_;
};
#endif

namespace detail {

[[noreturn]] inline void raise(const failure &failure) {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
    throw error(failure);
#else
    static_cast<void>(failure);
    std::abort();
#endif
}

} // namespace detail

/// A value, or why there is none.
template <class T> class [[nodiscard]] expected {
public:
    expected(T value) : either_(std::in_place_index<0>, std::move(value)) {}
    expected(failure failure) : either_(std::in_place_index<1>, std::move(failure)) {}

    explicit operator bool() const noexcept { return either_.index() == 0; }
    /// The value; without one it is thrown what went wrong.
    T &value() & { return *this ? *std::get_if<0>(&either_) : (detail::raise(error()), *std::get_if<0>(&either_)); }
    T &&value() && { return std::move(value()); }
    T &operator*() & { return value(); }
    T &&operator*() && { return std::move(value()); }
    T *operator->() { return &value(); }
    /// What went wrong, where it did.
    const failure &error() const { return *std::get_if<1>(&either_); }

private:
    std::variant<T, failure> either_;
};

template <> class [[nodiscard]] expected<void> {
public:
    expected() = default;
    expected(failure failure) : failure_(std::move(failure)) {}

    explicit operator bool() const noexcept { return !failure_; }
    void value() const {
        if (failure_)
            detail::raise(*failure_);
    }
    const failure &error() const { return *failure_; }

private:
    std::optional<failure> failure_;
};

/// A value, or the status that says why there is none at the moment: TIMEOUT, AGAIN, CLOSED, CANCELLED.
template <class T> class [[nodiscard]] maybe {
public:
    maybe(T value) : value_(std::move(value)), status_(FRAMEWIRE_OK) {}
    maybe(framewire_status status) : status_(status) {}

    explicit operator bool() const noexcept { return value_.has_value(); }
    T &operator*() & { return *value_; }
    T &&operator*() && { return std::move(*value_); }
    T *operator->() { return &*value_; }
    framewire_status status() const noexcept { return status_; }
    /// No more will come.
    bool closed() const noexcept { return status_ == FRAMEWIRE_CLOSED; }

private:
    std::optional<T> value_;
    framewire_status status_;
};

/// Consecutive values of somebody else's: std::span, for C++17.
template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N> constexpr span(T (&array)[N]) noexcept : data_(array), size_(N) {}
    template <class C, class = std::enable_if_t<std::is_convertible_v<
                           std::remove_pointer_t<decltype(std::declval<C &>().data())> (*)[], T (*)[]>>>
    constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t n) const { return data_[n]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

using bytes = span<const std::uint8_t>;

/// A text with a NUL, or none: a parameter that takes "literal", std::string and nullptr.
class text {
public:
    text(std::nullptr_t) noexcept {}
    text(const char *from) noexcept : text_(from) {}
    text(const std::string &from) noexcept : text_(from.c_str()) {}
    const char *get() const noexcept { return text_; }

private:
    const char *text_ = nullptr;
};

/// A struct of C that begins with its size.
template <class T> struct sized : T {
    sized() noexcept : T() { this->size = sizeof(T); }
};

using source_options = sized<framewire_source_options>;
using sink_options = sized<framewire_sink_options>;
using peer_options = sized<framewire_peer_options>;
using channel_options = sized<framewire_channel_options>;
using server_options = sized<framewire_server_options>;
using ingest_options = sized<framewire_ingest_options>;
using client_options = sized<framewire_client_options>;
using results_options = sized<framewire_results_options>;
using upload_options = sized<framewire_upload_options>;
using resolver_options = sized<framewire_resolver_options>;
using reassembler_options = sized<framewire_reassembler_options>;
using processor_options = sized<framewire_processor_options>;
using video_frame = sized<framewire_video_frame>;
using audio_frame = sized<framewire_audio_frame>;
using frame_info = sized<framewire_frame_info>;
using arrival = sized<framewire_arrival>;
using source_stats = sized<framewire_source_stats>;
using sink_stats = sized<framewire_sink_stats>;
using viewer_stats = sized<framewire_viewer_stats>;
using channel_stats = sized<framewire_channel_stats>;
using server_stats = sized<framewire_server_stats>;
using results_stats = sized<framewire_results_stats>;
using upload_stats = sized<framewire_upload_stats>;
using upload_progress = sized<framewire_upload_progress>;
using resolver_stats = sized<framewire_resolver_stats>;
using reassembler_stats = sized<framewire_reassembler_stats>;
using processor_stats = sized<framewire_processor_stats>;
using job_view = sized<framewire_job_view>;

/// A time as fields of C structs want it.
inline std::uint64_t micros(time_point time) {
    using std::chrono::microseconds;
    return static_cast<std::uint64_t>(std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count());
}

/// A time out of a field of a C struct.
inline time_point time(std::uint64_t micros) {
    return time_point(std::chrono::microseconds(static_cast<std::chrono::microseconds::rep>(micros)));
}

/// A duration as fields of C structs want it, 0 to 2^32 - 1.
inline std::uint32_t millis(milliseconds duration) {
    constexpr auto most = static_cast<milliseconds::rep>(std::numeric_limits<std::uint32_t>::max());
    return static_cast<std::uint32_t>(std::clamp(duration.count(), milliseconds::rep{0}, most));
}

/// One event, and the texts of it.
struct event {
    std::uint64_t object;
    std::int64_t value;
    std::string stream;
    std::string text;
    framewire_event_kind kind;
    std::uint32_t lost;
};

/// One message of a channel.
struct message {
    std::vector<std::uint8_t> data;
    bool is_text = false;
    std::string_view text() const {
        return {static_cast<const char *>(static_cast<const void *>(data.data())), data.size()};
    }
};

/// A file that came.
struct uploaded {
    std::string path;
    std::uint64_t number;
};

/// A picture handed over: OK, or CLOSED where the source has failed; and whether it took another's place.
struct pushed {
    framewire_status status;
    bool evicted;
};

/// How a framed message went, and how much of it.
struct sent {
    framewire_status status;
    std::uint32_t chunks;
};

/// How the last word of a feed went, and how many receivers acknowledged it.
struct finished {
    framewire_status status;
    std::uint64_t acknowledged;
};

/// What a typed message holds; the payload lies in the message.
struct typed {
    framewire_ingest_kind kind;
    bytes payload;
};

/// A result with its texts. `about` has the rest: pts, time_base, frame rates, size.
class result {
public:
    sized<framewire_result> about;
    std::string received_at;

    /// A field; `json` is its value, written as JSON.
    result &field(std::string name, std::string json) {
        fields_.push_back({std::move(name), std::move(json), true});
        return *this;
    }
    /// A field that has no value, and why.
    result &no_field(std::string name, std::string why) {
        fields_.push_back({std::move(name), std::move(why), false});
        return *this;
    }
    /// Something that went wrong.
    result &wrong(std::string what) {
        errors_.push_back(std::move(what));
        return *this;
    }
    /// Calls `use` with the result as C has it.
    template <class Use> framewire_status as_c(Use use) const {
        std::vector<framewire_field> fields;
        for (const auto &one : fields_)
            fields.push_back({one.name.c_str(), one.has_value ? one.text.c_str() : nullptr,
                              one.has_value ? nullptr : one.text.c_str()});
        std::vector<const char *> errors;
        for (const auto &one : errors_)
            errors.push_back(one.c_str());
        framewire_result raw = about;
        raw.fields = fields.empty() ? nullptr : fields.data();
        raw.field_count = fields.size();
        raw.errors = errors.empty() ? nullptr : errors.data();
        raw.error_count = errors.size();
        raw.received_at = received_at.empty() ? nullptr : received_at.c_str();
        return use(raw);
    }

private:
    struct named {
        std::string name, text;
        bool has_value;
    };
    std::vector<named> fields_;
    std::vector<std::string> errors_;
};

namespace detail {

inline std::int32_t wait(milliseconds timeout) {
    constexpr auto most = static_cast<milliseconds::rep>(std::numeric_limits<std::int32_t>::max());
    return static_cast<std::int32_t>(std::clamp(timeout.count(), milliseconds::rep{-1}, most));
}

inline std::size_t rows(const framewire_video_frame &frame, std::size_t plane) {
    return plane == 0 ? frame.height : (std::size_t{frame.height} + 1) / 2;
}

/// Bytes of a row; 0: there is no such plane.
inline std::size_t row(const framewire_video_frame &frame, std::size_t plane) {
    const std::size_t width = frame.width, half = (width + 1) / 2;
    switch (frame.format) {
    case FRAMEWIRE_FORMAT_I420: return plane == 0 ? width : plane < 3 ? half : 0;
    case FRAMEWIRE_FORMAT_NV12: return plane == 0 ? width : plane < 2 ? 2 * half : 0;
    case FRAMEWIRE_FORMAT_RGB24:
    case FRAMEWIRE_FORMAT_BGR24: return plane == 0 ? 3 * width : 0;
    case FRAMEWIRE_FORMAT_RGBA:
    case FRAMEWIRE_FORMAT_BGRA: return plane == 0 ? 4 * width : 0;
    default: return 0;
    }
}

/// Runs what the caller gave us where nothing may be thrown.
template <class Call> void contain(const std::function<void(std::exception_ptr)> &failed, Call call) noexcept {
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
    try {
        call();
    } catch (...) {
        if (failed)
            failed(std::current_exception());
    }
#else
    static_cast<void>(failed);
    call();
#endif
}

/// A callable of the caller's as `context` of a C callback.
template <class F> struct boxed {
    F call;
    std::function<void(std::exception_ptr)> failed;

    template <class Argument> static void called(void *context, const Argument *argument) {
        auto *box = static_cast<boxed *>(context);
        contain(box->failed, [&] { box->call(*argument); });
    }
    static void drop(void *context) {
        auto *box = static_cast<boxed *>(context);
        contain({}, [&] { delete box; });
    }
    static void once(void *context) {
        const std::unique_ptr<boxed> box(static_cast<boxed *>(context));
        contain(box->failed, [&] { box->call(); });
    }
};

inline void abandon(framewire_job *job) { framewire_job_fail(job, "nobody completed it"); }

/// Text out of C, whatever its length. `call` gets a buffer, its capacity, and where the length goes.
template <class Call> framewire_status read(std::string &out, Call call, std::size_t room = 255) {
    for (;;) {
        std::size_t length = 0;
        out.resize(room);
        const framewire_status status = call(out.data(), room + 1, &length);
        if (status == FRAMEWIRE_LIMIT && length > room) {
            room = length;
            continue;
        }
        out.resize(status == FRAMEWIRE_OK ? length : 0);
        return status;
    }
}

/// What owns a handle of C.
template <class C, void (*Free)(C *)> class handle {
public:
    handle() noexcept = default;
    /// Takes what C made.
    explicit handle(C *raw) noexcept : raw_(raw) {}
    handle(handle &&other) noexcept : raw_(other.release()) {}
    handle &operator=(handle &&other) noexcept {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { reset(); }

    C *get() const noexcept { return raw_; }
    /// Its number in events.
    std::uint64_t id() const noexcept { return reinterpret_cast<std::uintptr_t>(raw_); }
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    /// Gives it up, for C to free.
    C *release() noexcept { return std::exchange(raw_, nullptr); }
    /// Frees it now.
    void reset(C *raw = nullptr) noexcept {
        if (C *old = std::exchange(raw_, raw))
            Free(old);
    }

private:
    C *raw_ = nullptr;
};

} // namespace detail

// The calls differ in what they return, so that the two kinds have names of their own for the linker.
#ifdef FRAMEWIRE_EXPECTED
inline namespace returning {
template <class T> using outcome = expected<T>;
#else
inline namespace throwing {
template <class T> using outcome = T;
#endif

namespace outcomes {

inline outcome<void> done(framewire_status status) {
    if (status == FRAMEWIRE_OK)
        return outcome<void>();
#ifdef FRAMEWIRE_EXPECTED
    return failure::last(status);
#else
    detail::raise(failure::last(status));
#endif
}

template <class T> outcome<T> give(framewire_status status, T value) {
#ifdef FRAMEWIRE_EXPECTED
    if (status != FRAMEWIRE_OK)
        return failure::last(status);
#else
    done(status);
#endif
    return value;
}

/// What is not failed, though it may be for another time.
template <class T> outcome<T> told(framewire_status status, T value) {
    return give<T>(status > FRAMEWIRE_OK ? FRAMEWIRE_OK : status, std::move(value));
}

template <class T> outcome<maybe<T>> got(framewire_status status, T value) {
    return status > FRAMEWIRE_OK ? told<maybe<T>>(status, maybe<T>(status))
                                 : give<maybe<T>>(status, maybe<T>(std::move(value)));
}

/// An object that `call` makes, which gets where C puts it.
template <class T, class Call> outcome<T> make(Call call) {
    decltype(std::declval<T &>().get()) raw = nullptr;
    const framewire_status status = call(&raw);
    return give<T>(status, T(raw));
}

inline outcome<int> descriptor(std::int32_t fd) {
    return give<int>(fd < 0 ? static_cast<framewire_status>(fd) : FRAMEWIRE_OK, fd);
}

} // namespace outcomes

/// The library's ABI is the one that this header was made for.
inline bool matches() { return framewire_abi_version() == FRAMEWIRE_ABI_VERSION; }

inline std::string version() { return framewire_version(); }

/// framewire_log: `call(const framewire_log_line &)` for each line.
class log : public detail::handle<framewire_log, framewire_log_free> {
public:
    using handle::handle;
    template <class F>
    static outcome<log> make(F call, framewire_log_level level = FRAMEWIRE_LOG_INFO,
                             std::function<void(std::exception_ptr)> failed = {}) {
        using box = detail::boxed<F>;
        sized<framewire_log_options> options;
        options.level = static_cast<std::uint32_t>(level);
        options.callback = {box::called, box::drop, new box{std::move(call), std::move(failed)}};
        return outcomes::make<log>([&](framewire_log **out) { return framewire_log_new(&options, out); });
    }
};

/// framewire_events.
class events : public detail::handle<framewire_events, framewire_events_free> {
public:
    using handle::handle;
    /// A queue that is read; room for `capacity`, 0: 1,024.
    static outcome<events> make(std::size_t capacity = 0) {
        sized<framewire_events_options> options;
        options.capacity = capacity;
        return made(options);
    }
    /// A queue that calls `call(const framewire_event &)` for each.
    template <class F, class = std::enable_if_t<std::is_invocable_v<F &, const framewire_event &>>>
    static outcome<events> make(F call, std::size_t capacity = 0,
                                std::function<void(std::exception_ptr)> failed = {}) {
        using box = detail::boxed<F>;
        sized<framewire_events_options> options;
        options.capacity = capacity;
        options.callback = {box::called, box::drop, new box{std::move(call), std::move(failed)}};
        return made(options);
    }
    outcome<maybe<event>> next(milliseconds timeout) {
        sized<framewire_event> raw;
        const framewire_status status = framewire_events_next(get(), detail::wait(timeout), &raw);
        if (status != FRAMEWIRE_OK)
            return outcomes::got<event>(status, {});
        return outcomes::got<event>(status, {raw.object, raw.value, raw.stream, std::string(raw.text, raw.text_length),
                                           static_cast<framewire_event_kind>(raw.kind), raw.lost});
    }
    outcome<int> fd() { return outcomes::descriptor(framewire_events_fd(get())); }

private:
    static outcome<events> made(const framewire_events_options &options) {
        return outcomes::make<events>([&](framewire_events **out) { return framewire_events_new(&options, out); });
    }
};

/// A picture in memory of yours without padding, its planes one behind the other. INVALID_ARGUMENT: the memory
/// is too short for it.
inline outcome<video_frame> picture(framewire_format format, std::uint32_t width, std::uint32_t height, bytes pixels,
                                    time_point captured = {}) {
    video_frame frame;
    frame.format = static_cast<std::uint32_t>(format);
    frame.width = width;
    frame.height = height;
    frame.capture_time_us = micros(captured);
    std::size_t at = 0;
    for (std::size_t plane = 0; plane < 3 && detail::row(frame, plane) > 0; plane++) {
        frame.planes[plane] = pixels.data() + std::min(at, pixels.size());
        at += detail::row(frame, plane) * detail::rows(frame, plane);
    }
    if (at <= pixels.size() && at > 0)
        return frame;
    const failure failure(FRAMEWIRE_INVALID_ARGUMENT, "pixels has " + std::to_string(pixels.size()) +
                                                          " bytes but the picture needs " + std::to_string(at));
#ifdef FRAMEWIRE_EXPECTED
    return failure;
#else
    detail::raise(failure);
#endif
}

/// The bytes of a plane, with the padding between its rows; empty: it has no such plane.
inline bytes plane(const framewire_video_frame &frame, std::size_t n) {
    const std::size_t row = n < 3 ? detail::row(frame, n) : 0, rows = detail::rows(frame, n);
    if (row == 0 || rows == 0)
        return {};
    const std::size_t stride = frame.strides[n] == 0 ? row : frame.strides[n];
    return {frame.planes[n], (rows - 1) * stride + row};
}

/// Sound in memory of yours, interleaved: std::int16_t or float.
template <class Sample>
audio_frame sound(span<const Sample> samples, std::uint32_t sample_rate, std::uint32_t channels,
                  time_point captured = {}) {
    static_assert(std::is_same_v<Sample, std::int16_t> || std::is_same_v<Sample, float>);
    audio_frame frame;
    frame.samples = samples.data();
    frame.capture_time_us = micros(captured);
    frame.format = std::is_same_v<Sample, float> ? FRAMEWIRE_SAMPLE_F32 : FRAMEWIRE_SAMPLE_S16;
    frame.sample_rate = sample_rate;
    frame.channels = channels;
    frame.frames = static_cast<std::uint32_t>(samples.size() / std::max(channels, std::uint32_t{1}));
    return frame;
}

/// framewire_source.
class source : public detail::handle<framewire_source, framewire_source_free> {
public:
    using handle::handle;
    static outcome<source> make(const source_options &options = {}) {
        return outcomes::make<source>([&](framewire_source **out) { return framewire_source_new(&options, out); });
    }
    outcome<pushed> push(const framewire_video_frame &frame) {
        bool evicted = false;
        const framewire_status status = framewire_source_push_video(get(), &frame, &evicted);
        return outcomes::told<pushed>(status, {status, evicted});
    }
    /// Without a copy: `release()` is called once, when the planes are yours again.
    template <class F>
    outcome<pushed> push_owned(const framewire_video_frame &frame, F release,
                               std::function<void(std::exception_ptr)> failed = {}) {
        using box = detail::boxed<F>;
        bool evicted = false;
        const framewire_release done{box::once, new box{std::move(release), std::move(failed)}};
        const framewire_status status = framewire_source_push_video_owned(get(), &frame, done, &evicted);
        return outcomes::told<pushed>(status, {status, evicted});
    }
    outcome<framewire_status> push(const framewire_audio_frame &frame) {
        const framewire_status status = framewire_source_push_audio(get(), &frame);
        return outcomes::told(status, status);
    }
    outcome<std::uint32_t> rtp_timestamp(time_point captured) const {
        std::uint32_t timestamp = 0;
        const framewire_status status = framewire_source_rtp_timestamp(get(), micros(captured), &timestamp);
        return outcomes::give(status, timestamp);
    }
    outcome<void> request_keyframe() { return outcomes::done(framewire_source_request_keyframe(get())); }
    outcome<void> set_video_bitrate(std::uint32_t bits_per_second) {
        return outcomes::done(framewire_source_set_video_bitrate(get(), bits_per_second));
    }
    outcome<void> set_frame_rate(double fps) { return outcomes::done(framewire_source_set_frame_rate(get(), fps)); }
    outcome<void> set_video_size(std::uint32_t width, std::uint32_t height) {
        return outcomes::done(framewire_source_set_video_size(get(), width, height));
    }
    outcome<source_stats> stats() const {
        source_stats stats;
        const framewire_status status = framewire_source_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_frame: one of those who keep it; share() makes one more.
class frame : public detail::handle<framewire_frame, framewire_frame_unref> {
public:
    using handle::handle;
    outcome<frame> share() const {
        const framewire_status status = framewire_frame_ref(get());
        return outcomes::give<frame>(status, frame(status == FRAMEWIRE_OK ? get() : nullptr));
    }
    outcome<video_frame> view() const {
        video_frame view;
        const framewire_status status = framewire_frame_view(get(), &view);
        return outcomes::give(status, view);
    }
    outcome<audio_frame> audio_view() const {
        audio_frame view;
        const framewire_status status = framewire_frame_audio_view(get(), &view);
        return outcomes::give(status, view);
    }
    outcome<frame_info> info() const {
        frame_info info;
        const framewire_status status = framewire_frame_get_info(get(), &info);
        return outcomes::give(status, info);
    }
};

/// The samples of a view; empty: they are of another type.
template <class Sample> span<const Sample> samples(const framewire_audio_frame &frame) {
    const auto format = std::is_same_v<Sample, float> ? FRAMEWIRE_SAMPLE_F32 : FRAMEWIRE_SAMPLE_S16;
    static_assert(std::is_same_v<Sample, std::int16_t> || std::is_same_v<Sample, float>);
    if (frame.format != static_cast<std::uint32_t>(format))
        return {};
    return {static_cast<const Sample *>(frame.samples), std::size_t{frame.frames} * frame.channels};
}

/// framewire_sink.
class sink : public detail::handle<framewire_sink, framewire_sink_free> {
public:
    using handle::handle;
    static outcome<sink> make(const sink_options &options = {}) {
        return outcomes::make<sink>([&](framewire_sink **out) { return framewire_sink_new(&options, out); });
    }
    outcome<maybe<frame>> next_video(milliseconds timeout) {
        framewire_frame *raw = nullptr;
        const framewire_status status = framewire_sink_next_video(get(), detail::wait(timeout), &raw);
        return outcomes::got(status, frame(raw));
    }
    outcome<maybe<frame>> next_audio(milliseconds timeout) {
        framewire_frame *raw = nullptr;
        const framewire_status status = framewire_sink_next_audio(get(), detail::wait(timeout), &raw);
        return outcomes::got(status, frame(raw));
    }
    outcome<int> fd(framewire_media media) {
        return outcomes::descriptor(framewire_sink_fd(get(), static_cast<std::uint32_t>(media)));
    }
    outcome<void> request_keyframe() { return outcomes::done(framewire_sink_request_keyframe(get())); }
    outcome<framewire_track_state> track(framewire_media media) const {
        std::int32_t state = 0;
        const framewire_status status = framewire_sink_get_track(get(), static_cast<std::uint32_t>(media), &state);
        return outcomes::give(status, static_cast<framewire_track_state>(state));
    }
    outcome<sink_stats> stats(framewire_media media) const {
        sink_stats stats;
        const framewire_status status = framewire_sink_get_stats(get(), static_cast<std::uint32_t>(media), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_results.
class results : public detail::handle<framewire_results, framewire_results_free> {
public:
    using handle::handle;
    static outcome<results> make(const results_options &options = {}) {
        return outcomes::make<results>([&](framewire_results **out) { return framewire_results_new(&options, out); });
    }
    /// OK, or AGAIN in file mode.
    outcome<framewire_status> send(std::uint32_t frame_id, bytes any) {
        const framewire_status status = framewire_results_send(get(), frame_id, any.data(), any.size());
        return outcomes::told(status, status);
    }
    outcome<framewire_status> send(std::uint32_t frame_id, std::string_view json) {
        const framewire_status status = framewire_results_send(get(), frame_id, json.data(), json.size());
        return outcomes::told(status, status);
    }
    outcome<framewire_status> send(std::uint32_t frame_id, const result &result) {
        const framewire_status status = result.as_c(
            [&](const framewire_result &raw) { return framewire_results_send_result(get(), frame_id, &raw); });
        return outcomes::told(status, status);
    }
    outcome<void> set_fields(framewire_fields mode, const std::vector<std::string> &names = {}) {
        std::vector<const char *> raw;
        for (const auto &name : names)
            raw.push_back(name.c_str());
        return outcomes::done(framewire_results_set_fields(get(), static_cast<std::uint32_t>(mode),
                                                         raw.empty() ? nullptr : raw.data(), raw.size()));
    }
    outcome<finished> finish(bytes last, milliseconds linger) {
        std::uint64_t acknowledged = 0;
        const framewire_status status =
            framewire_results_finish(get(), last.data(), last.size(), millis(linger), &acknowledged);
        return outcomes::told<finished>(status, {status, acknowledged});
    }
    /// Without a reason it is null.
    outcome<finished> complete(std::optional<framewire_termination> reason, const result &last, milliseconds linger) {
        std::uint64_t acknowledged = 0;
        const auto why = reason ? static_cast<std::uint32_t>(*reason) : 0;
        const framewire_status status = last.as_c([&](const framewire_result &raw) {
            return framewire_results_complete(get(), why, &raw, millis(linger), &acknowledged);
        });
        return outcomes::told<finished>(status, {status, acknowledged});
    }
    outcome<results_stats> stats() const {
        results_stats stats;
        const framewire_status status = framewire_results_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_upload.
class upload : public detail::handle<framewire_upload, framewire_upload_free> {
public:
    using handle::handle;
    static outcome<upload> make(const upload_options &options = {}) {
        return outcomes::make<upload>([&](framewire_upload **out) { return framewire_upload_new(&options, out); });
    }
    outcome<maybe<uploaded>> next(milliseconds timeout) {
        uploaded file{};
        const framewire_status status = detail::read(file.path, [&](char *path, std::size_t capacity, std::size_t *length) {
            return framewire_upload_next(get(), detail::wait(timeout), path, capacity, length, &file.number);
        });
        return outcomes::got(status, std::move(file));
    }
    outcome<int> fd() { return outcomes::descriptor(framewire_upload_fd(get())); }
    outcome<upload_progress> progress(std::uint64_t number = 0) const {
        upload_progress progress;
        const framewire_status status = framewire_upload_get_progress(get(), number, &progress);
        return outcomes::give(status, progress);
    }
    outcome<std::string> reason(std::uint64_t number = 0) const {
        std::string reason;
        const framewire_status status = detail::read(reason, [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_upload_reason(get(), number, out, capacity, length);
        });
        return outcomes::give(status, std::move(reason));
    }
    outcome<upload_stats> stats() const {
        upload_stats stats;
        const framewire_status status = framewire_upload_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_resolver.
class resolver : public detail::handle<framewire_resolver, framewire_resolver_free> {
public:
    using handle::handle;
    static outcome<resolver> make(const resolver_options &options = {}) {
        return outcomes::make<resolver>([&](framewire_resolver **out) { return framewire_resolver_new(&options, out); });
    }
    outcome<void> add(const framewire_arrival &arrival) {
        return outcomes::done(framewire_resolver_register(get(), &arrival));
    }
    outcome<void> withdraw(text track) { return outcomes::done(framewire_resolver_withdraw(get(), track.get())); }
    outcome<maybe<std::string>> resolve(text user, text session, framewire_track_type type, text hint,
                                        milliseconds timeout) {
        std::string track;
        const framewire_status status = detail::read(track, [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_resolver_resolve(get(), user.get(), session.get(), static_cast<std::uint32_t>(type),
                                              hint.get(), detail::wait(timeout), out, capacity, length);
        });
        return outcomes::got(status, std::move(track));
    }
    /// The number of the resolve, which its event names.
    outcome<std::uint64_t> resolve_async(text user, text session, framewire_track_type type, text hint,
                                         milliseconds timeout) {
        std::uint64_t request = 0;
        const framewire_status status =
            framewire_resolver_resolve_async(get(), user.get(), session.get(), static_cast<std::uint32_t>(type),
                                             hint.get(), detail::wait(timeout), &request);
        return outcomes::give(status, request);
    }
    /// The id of the track, "" if it was not known.
    outcome<std::string> unpublish(text user, text session, framewire_track_type type) {
        std::string track;
        const auto call = [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_resolver_unpublish(get(), user.get(), session.get(), static_cast<std::uint32_t>(type),
                                                out, capacity, length);
        };
        // What is done cannot be asked for again with more room.
        const framewire_status status = detail::read(track, call, 65'535);
        return outcomes::give(status, std::move(track));
    }
    outcome<void> cancel(text user, text session) {
        return outcomes::done(framewire_resolver_cancel(get(), user.get(), session.get()));
    }
    outcome<void> forget(text user, text session) {
        return outcomes::done(framewire_resolver_forget(get(), user.get(), session.get()));
    }
    outcome<resolver_stats> stats() const {
        resolver_stats stats;
        const framewire_status status = framewire_resolver_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_channel.
class channel : public detail::handle<framewire_channel, framewire_channel_free> {
public:
    using handle::handle;
    /// OK, AGAIN or CLOSED.
    outcome<framewire_status> send(bytes message) { return send(message.data(), message.size(), 0); }
    outcome<framewire_status> send(std::string_view text) { return send(text.data(), text.size(), 1); }
    outcome<sent> send_framed(std::uint32_t frame_id, bytes message, milliseconds timeout) {
        std::uint32_t chunks = 0;
        const framewire_status status = framewire_channel_send_framed(get(), frame_id, message.data(), message.size(),
                                                            detail::wait(timeout), &chunks);
        return outcomes::told<sent>(status, {status, chunks});
    }
    outcome<void> cancel() { return outcomes::done(framewire_channel_cancel(get())); }
    outcome<maybe<message>> next(milliseconds timeout) {
        message message;
        for (std::size_t room = 4'096;;) {
            std::size_t length = 0;
            std::uint32_t is_text = 0;
            message.data.resize(room);
            const framewire_status status =
                framewire_channel_next(get(), detail::wait(timeout), message.data.data(), room, &length, &is_text);
            if (status == FRAMEWIRE_LIMIT && length > room) {
                room = length;
                continue;
            }
            message.data.resize(length);
            message.is_text = is_text != 0;
            return outcomes::got(status, std::move(message));
        }
    }
    outcome<int> fd() { return outcomes::descriptor(framewire_channel_fd(get())); }
    outcome<std::string> label() const {
        std::string label;
        const framewire_status status = detail::read(label, [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_channel_label(get(), out, capacity, length);
        });
        return outcomes::give(status, std::move(label));
    }
    outcome<framewire_channel_state> state() const {
        std::int32_t state = 0;
        const framewire_status status = framewire_channel_get_state(get(), &state);
        return outcomes::give(status, static_cast<framewire_channel_state>(state));
    }
    outcome<channel_stats> stats() const {
        channel_stats stats;
        const framewire_status status = framewire_channel_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }

private:
    outcome<framewire_status> send(const void *message, std::size_t length, std::uint32_t is_text) {
        const framewire_status status = framewire_channel_send(get(), message, length, is_text);
        return outcomes::told(status, status);
    }
};

/// framewire_peer.
class peer : public detail::handle<framewire_peer, framewire_peer_free> {
public:
    using handle::handle;
    static outcome<peer> make(const peer_options &options = {}) {
        return outcomes::make<peer>([&](framewire_peer **out) { return framewire_peer_new(&options, out); });
    }
    outcome<void> send(const source &source, text mid = nullptr) {
        return outcomes::done(framewire_peer_send(get(), mid.get(), source.get()));
    }
    outcome<void> receive(const sink &sink, text mid = nullptr) {
        return outcomes::done(framewire_peer_receive(get(), mid.get(), sink.get()));
    }
    outcome<void> results(const framewire::results &results) {
        return outcomes::done(framewire_peer_results(get(), results.get()));
    }
    outcome<void> upload(const framewire::upload &upload) {
        return outcomes::done(framewire_peer_upload(get(), upload.get()));
    }
    outcome<void> announce(const resolver &resolver, text user = nullptr, text session = nullptr) {
        return outcomes::done(framewire_peer_announce(get(), resolver.get(), user.get(), session.get()));
    }
    /// The answer's SDP.
    outcome<std::string> answer(text offer, milliseconds timeout) {
        return described([&](std::size_t *length) {
            return framewire_peer_answer(get(), offer.get(), millis(timeout), nullptr, 0, length);
        });
    }
    outcome<void> answer_async(text offer) { return outcomes::done(framewire_peer_answer_async(get(), offer.get())); }
    /// The offer's SDP.
    outcome<std::string> offer(milliseconds timeout) {
        return described([&](std::size_t *length) {
            return framewire_peer_offer(get(), millis(timeout), nullptr, 0, length);
        });
    }
    outcome<void> offer_async() { return outcomes::done(framewire_peer_offer_async(get())); }
    outcome<void> accept(text answer, milliseconds timeout) {
        return outcomes::done(framewire_peer_accept(get(), answer.get(), millis(timeout)));
    }
    outcome<std::string> description() const {
        return described([](std::size_t *) { return FRAMEWIRE_OK; });
    }
    outcome<void> add_candidate(text candidate, text mid = nullptr) {
        return outcomes::done(framewire_peer_add_candidate(get(), candidate.get(), mid.get()));
    }
    outcome<framewire::channel> channel(const channel_options &options = {}) {
        return outcomes::make<framewire::channel>(
            [&](framewire_channel **out) { return framewire_peer_channel(get(), &options, out); });
    }
    outcome<maybe<framewire::channel>> next_channel(milliseconds timeout) {
        framewire_channel *raw = nullptr;
        const framewire_status status = framewire_peer_next_channel(get(), detail::wait(timeout), &raw);
        return outcomes::got(status, framewire::channel(raw));
    }
    outcome<framewire_peer_state> state() const {
        std::int32_t state = 0;
        const framewire_status status = framewire_peer_get_state(get(), &state);
        return outcomes::give(status, static_cast<framewire_peer_state>(state));
    }
    /// The figures of viewer `n`; empty: there are not so many.
    outcome<maybe<viewer_stats>> stats(std::size_t n) const {
        viewer_stats stats;
        const framewire_status status = framewire_peer_get_stats(get(), n, &stats);
        return outcomes::got(status, stats);
    }
    /// The mid of viewer `n`; likewise.
    outcome<maybe<std::string>> mid(std::size_t n) const {
        std::string mid;
        const framewire_status status = detail::read(mid, [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_peer_mid(get(), n, out, capacity, length);
        });
        return outcomes::got(status, std::move(mid));
    }

private:
    template <class Call> outcome<std::string> described(Call call) const {
        std::size_t length = 0;
        std::string sdp;
        framewire_status status = call(&length);
        if (status == FRAMEWIRE_OK)
            status = detail::read(sdp, [&](char *out, std::size_t capacity, std::size_t *wanted) {
                return framewire_peer_description(get(), out, capacity, wanted);
            });
        return outcomes::give(status, std::move(sdp));
    }
};

/// A message that came in chunks.
struct framed {
    std::uint32_t frame_id;
    std::vector<std::uint8_t> data;
};

/// framewire_reassembler.
class reassembler : public detail::handle<framewire_reassembler, framewire_reassembler_free> {
public:
    using handle::handle;
    static outcome<reassembler> make(const reassembler_options &options = {}) {
        return outcomes::make<reassembler>(
            [&](framewire_reassembler **out) { return framewire_reassembler_new(&options, out); });
    }
    /// OK, or AGAIN: what is whole is to be taken first.
    outcome<framewire_status> push(bytes chunk) {
        const framewire_status status = framewire_reassembler_push(get(), chunk.data(), chunk.size());
        return outcomes::told(status, status);
    }
    outcome<maybe<framed>> next() {
        framed message{};
        for (;;) {
            std::size_t length = 0;
            const framewire_status status = framewire_reassembler_next(get(), message.data.data(), message.data.size(),
                                                                       &length, &message.frame_id);
            const bool more = status == FRAMEWIRE_LIMIT && length > message.data.size();
            message.data.resize(length);
            if (!more)
                return outcomes::got(status, std::move(message));
        }
    }
    outcome<reassembler_stats> stats() const {
        reassembler_stats stats;
        const framewire_status status = framewire_reassembler_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_job. One that is destroyed before it was completed or failed has failed.
class job : public detail::handle<framewire_job, detail::abandon> {
public:
    using handle::handle;
    outcome<job_view> view() const {
        job_view view;
        const framewire_status status = framewire_job_get_view(get(), &view);
        return outcomes::give(status, view);
    }
    /// A field of its result; `json` is its value, written as JSON.
    outcome<void> add(text name, text json) {
        return outcomes::done(framewire_job_add(get(), name.get(), json.get()));
    }
    outcome<void> add_error(text name, text why) {
        return outcomes::done(framewire_job_add_error(get(), name.get(), why.get()));
    }
    /// Another picture in its place; nullptr: none.
    outcome<void> picture(const framewire_video_frame *picture) {
        return outcomes::done(framewire_job_set_picture(get(), picture));
    }
    /// OK, TIMEOUT: it was skipped meanwhile, or CLOSED: the processor has ended. It is over.
    outcome<framewire_status> complete() {
        const framewire_status status = framewire_job_complete(release());
        return outcomes::told(status, status);
    }
    outcome<framewire_status> fail(text why = nullptr) {
        const framewire_status status = framewire_job_fail(release(), why.get());
        return outcomes::told(status, status);
    }
};

/// framewire_processor.
class processor : public detail::handle<framewire_processor, framewire_processor_free> {
public:
    using handle::handle;
    /// One whose jobs are taken with next().
    static outcome<processor> make(const processor_options &options) {
        return outcomes::make<processor>([&](framewire_processor **out) { return framewire_processor_new(&options, out); });
    }
    /// One that calls `call(job &)` for each frame, on its workers. A job that is moved out of it is kept, to be
    /// completed later; what `call` throws is that frame's failure, and goes to `failed`.
    template <class F>
    static outcome<processor> make(processor_options options, F call,
                                   std::function<void(std::exception_ptr)> failed = {}) {
        using box = detail::boxed<F>;
        options.function = {called<F>, box::drop, new box{std::move(call), std::move(failed)}};
        return make(options);
    }
    /// For `options.sound_function`: `call(const framewire_audio_frame &, void *samples)`. Give it to one make.
    template <class F>
    static framewire_sound_function sound(F call, std::function<void(std::exception_ptr)> failed = {}) {
        using box = detail::boxed<F>;
        return {heard<F>, box::drop, new box{std::move(call), std::move(failed)}};
    }
    outcome<maybe<job>> next(milliseconds timeout) {
        framewire_job *raw = nullptr;
        const framewire_status status = framewire_processor_next(get(), detail::wait(timeout), &raw);
        return outcomes::got(status, job(raw));
    }
    outcome<int> fd() { return outcomes::descriptor(framewire_processor_fd(get())); }
    outcome<framewire_status> push_video(const framewire_video_frame &frame, milliseconds timeout = milliseconds{0}) {
        const framewire_status status = framewire_processor_push_video(get(), &frame, detail::wait(timeout));
        return outcomes::told(status, status);
    }
    outcome<void> set_video(bool on) { return outcomes::done(framewire_processor_set_video(get(), on, nullptr)); }
    outcome<void> set_video(bool on, const peer &peer) {
        return outcomes::done(framewire_processor_set_video(get(), on, peer.get()));
    }
    outcome<void> set_rotation(std::uint32_t degrees) {
        return outcomes::done(framewire_processor_set_rotation(get(), degrees));
    }
    outcome<void> end(framewire_termination why, text words = nullptr) {
        return outcomes::done(framewire_processor_end(get(), static_cast<std::uint32_t>(why), words.get()));
    }
    outcome<maybe<framewire_termination>> wait(milliseconds timeout) {
        std::int32_t why = 0;
        const framewire_status status = framewire_processor_wait(get(), detail::wait(timeout), &why);
        return outcomes::got(status, static_cast<framewire_termination>(why));
    }
    outcome<processor_stats> stats() const {
        processor_stats stats;
        const framewire_status status = framewire_processor_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }

private:
    template <class F> static std::int32_t called(void *context, framewire_job *raw) {
        auto *box = static_cast<detail::boxed<F> *>(context);
        job one(raw);
        bool threw = true;
        detail::contain(box->failed, [&] {
            box->call(one);
            threw = false;
        });
        if (threw && one)
            framewire_job_fail(one.release(), "the function threw an exception");
        return one.release() ? FRAMEWIRE_OK : FRAMEWIRE_AGAIN;
    }
    template <class F> static std::int32_t heard(void *context, const framewire_audio_frame *sound, void *samples) {
        auto *box = static_cast<detail::boxed<F> *>(context);
        bool threw = true;
        detail::contain(box->failed, [&] {
            box->call(*sound, samples);
            threw = false;
        });
        return threw ? FRAMEWIRE_INTERNAL : FRAMEWIRE_OK;
    }
};

/// framewire_server.
class server : public detail::handle<framewire_server, framewire_server_free> {
public:
    using handle::handle;
    static outcome<server> make(const server_options &options = {}) {
        return outcomes::make<server>([&](framewire_server **out) { return framewire_server_new(&options, out); });
    }
    outcome<void> publish(text name, const source &source) {
        return outcomes::done(framewire_server_publish(get(), name.get(), source.get()));
    }
    outcome<void> publish(text name, const source &source, const results &results) {
        return outcomes::done(
            framewire_server_publish_with_results(get(), name.get(), source.get(), results.get()));
    }
    outcome<void> unpublish(text name) { return outcomes::done(framewire_server_unpublish(get(), name.get())); }
    outcome<void> receive(text name, const sink &sink, text token = nullptr) {
        return outcomes::done(framewire_server_receive(get(), name.get(), token.get(), sink.get()));
    }
    outcome<void> unreceive(text name) { return outcomes::done(framewire_server_unreceive(get(), name.get())); }
    outcome<void> accept(std::int64_t request, const sink &sink) {
        return outcomes::done(framewire_server_accept(get(), request, sink.get()));
    }
    /// What the request offers is answered by `peer`, in both directions.
    outcome<void> accept(std::int64_t request, const peer &peer) {
        return outcomes::done(framewire_server_accept_peer(get(), request, peer.get()));
    }
    outcome<void> refuse(std::int64_t request, text reason = nullptr) {
        return outcomes::done(framewire_server_refuse(get(), request, reason.get()));
    }
    /// `name` nullptr: of every stream.
    outcome<void> upload(text name, const framewire::upload &upload) {
        return outcomes::done(framewire_server_upload(get(), name.get(), upload.get()));
    }
    outcome<std::string> address() const {
        std::string address;
        const framewire_status status = detail::read(address, [&](char *out, std::size_t capacity, std::size_t *length) {
            return framewire_server_address(get(), out, capacity, length);
        });
        return outcomes::give(status, std::move(address));
    }
    outcome<server_stats> stats() const {
        server_stats stats;
        const framewire_status status = framewire_server_get_stats(get(), &stats);
        return outcomes::give(status, stats);
    }
};

/// framewire_ingest.
class ingest : public detail::handle<framewire_ingest, framewire_ingest_free> {
public:
    using handle::handle;
    static outcome<ingest> make(const ingest_options &options) {
        return outcomes::make<ingest>([&](framewire_ingest **out) { return framewire_ingest_new(&options, out); });
    }
    /// OK, or CLOSED.
    outcome<framewire_status> push(bytes message) {
        const framewire_status status = framewire_ingest_push(get(), message.data(), message.size());
        return outcomes::told(status, status);
    }
    /// What a message holds, for sound of so many channels.
    static outcome<typed> read(bytes message, std::uint32_t channels = 2) {
        std::int32_t kind = 0;
        const void *payload = nullptr;
        std::size_t length = 0;
        const framewire_status status =
            framewire_ingest_read(message.data(), message.size(), channels, &kind, &payload, &length);
        return outcomes::give<typed>(status, {static_cast<framewire_ingest_kind>(kind),
                                            {static_cast<const std::uint8_t *>(payload), length}});
    }
};

/// framewire_client.
class client : public detail::handle<framewire_client, framewire_client_free> {
public:
    using handle::handle;
    static outcome<client> make(const client_options &options) {
        return outcomes::make<client>([&](framewire_client **out) { return framewire_client_new(&options, out); });
    }
    outcome<framewire_client_state> state() const {
        std::int32_t state = 0;
        const framewire_status status = framewire_client_get_state(get(), &state);
        return outcomes::give(status, static_cast<framewire_client_state>(state));
    }
};

} // inline namespace
} // namespace framewire

#endif
