// On the air from C++: a ball over a moving ramp, watched in any browser, and a line for each viewer that comes
// or goes.
//
// Build and run it after `make install` (with PREFIX, PKG_CONFIG_PATH and LD_LIBRARY_PATH where it is not /usr/local):
//   c++ -std=c++17 on_air.cpp $(pkg-config --cflags --libs framewire) -o on_air && ./on_air
// or with CMake, as CMakeLists.txt beside it says. Open the address it prints. FRAMEWIRE_BIND says where the server
// listens, FRAMEWIRE_SECONDS how long it runs, FRAMEWIRE_MEDIA_ADDRESS the one local address for media.
#include <framewire.hpp>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

namespace {

constexpr std::uint32_t width = 640, height = 360, fps = 30;

void draw(std::vector<std::uint8_t> &rgb, std::uint32_t number) {
    const double angle = number * 0.05;
    const double x = width / 2.0 + std::cos(angle) * 200, y = height / 2.0 + std::sin(2 * angle) * 100;
    for (std::uint32_t row = 0, at = 0; row < height; row++)
        for (std::uint32_t column = 0; column < width; column++, at += 3) {
            const bool ball = std::hypot(column - x, row - y) < 30;
            rgb[at] = ball ? 255 : static_cast<std::uint8_t>(column + 2 * number);
            rgb[at + 1] = ball ? 200 : static_cast<std::uint8_t>(row);
            rgb[at + 2] = ball ? 0 : 96;
        }
}

void run() {
    // Called on a thread of the library's; what it throws ends up in the second function.
    auto events = framewire::events::make(
        [](const framewire_event &event) {
            if (event.kind == FRAMEWIRE_EVENT_SESSION_STARTED)
                std::cout << "viewer " << event.text << std::endl;
            if (event.kind == FRAMEWIRE_EVENT_SESSION_ENDED)
                std::cout << "a viewer left: " << event.text << std::endl;
        },
        0, [](std::exception_ptr) { std::cerr << "the output is gone\n"; });

    framewire::source_options what;
    what.media = FRAMEWIRE_MEDIA_VIDEO;
    what.width = width;
    what.height = height;
    auto source = framewire::source::make(what);

    framewire::server_options where;
    where.bind = std::getenv("FRAMEWIRE_BIND");
    where.media_address = std::getenv("FRAMEWIRE_MEDIA_ADDRESS");
    where.events = events.get();
    auto server = framewire::server::make(where);
    server.publish("ball", source);
    std::cout << "on the air: http://" << server.address() << "/watch/ball" << std::endl;

    const char *seconds = std::getenv("FRAMEWIRE_SECONDS");
    const auto end = seconds ? std::strtoul(seconds, nullptr, 10) * fps : ~0UL;
    std::vector<std::uint8_t> rgb(std::size_t{3} * width * height);
    auto due = std::chrono::steady_clock::now();
    for (std::uint32_t number = 0; number < end; number++) {
        draw(rgb, number);
        source.push(framewire::picture(FRAMEWIRE_FORMAT_RGB24, width, height, rgb, due)); // never blocks
        std::this_thread::sleep_until(due += std::chrono::microseconds(1'000'000 / fps));
    }
} // The server, the source and the events end here, in this order.

} // namespace

int main() {
    try {
        if (!framewire::matches())
            throw std::runtime_error("compiled for another libframewire than it found");
        run();
        return 0;
    } catch (const std::exception &error) { // framewire::error has the status too
        std::cerr << "on_air: " << error.what() << std::endl;
        return 1;
    }
}
