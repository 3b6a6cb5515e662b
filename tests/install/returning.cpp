// framewire.hpp with failures as values, in the same program as throwing.cpp; compiled without exceptions too.
#define FRAMEWIRE_EXPECTED
#include <framewire.hpp>

#include <cstdio>
#include <cstdlib>

void returning();

void returning() {
    const auto check = [](bool holds, const char *what) {
        if (!holds) {
            std::fprintf(stderr, "returning: %s\n", what);
            std::exit(1);
        }
    };
    framewire::server_options options;
    options.bind = "nonsense";
    auto none = framewire::server::make(options);
    check(!none && none.error().code() == FRAMEWIRE_IO, "a failure is a value");
    check(none.error().what().find("nonsense") != std::string::npos, "with its sentence");

    options.bind = "127.0.0.1:0";
    auto server = framewire::server::make(options);
    auto source = framewire::source::make();
    check(server && source, "and so is an object");
    check(static_cast<bool>(server->publish("name", *source)), "a call that returns nothing says how it went");
    check(!server->unpublish("another"), "also when it failed");
    check(server->address()->find("127.0.0.1:") == 0, "a value comes out");

    auto events = framewire::events::make();
    auto event = events->next(framewire::milliseconds(0));
    check(event && !*event && event->status() == FRAMEWIRE_TIMEOUT, "not now is no failure");
    const std::uint8_t pixels[16 * 16 * 3] = {};
    auto pushed = source->push(*framewire::picture(FRAMEWIRE_FORMAT_BGR24, 16, 16, pixels));
    check(pushed && pushed->status == FRAMEWIRE_OK && !pushed->evicted, "a picture is pushed");
    check(!framewire::picture(FRAMEWIRE_FORMAT_BGRA, 16, 16, pixels), "but not beyond its memory");
}
