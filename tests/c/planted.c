/* Two errors on purpose: what AddressSanitizer and LeakSanitizer must find. */
#include "check.h"

int main(int argc, char **argv) {
    CHECK(argc == 2);
    framewire_source *source = new_source(NULL);
    if (strcmp(argv[1], "overflow") == 0) {
        /* The library reads what the caller promised, and there is less. */
        uint8_t *pixels = malloc(64 * 47 * 3);
        framewire_video_frame frame = { .size = sizeof frame, .format = FRAMEWIRE_FORMAT_RGB24, .width = 64,
                                        .height = 48, .planes = { pixels } };
        OK(framewire_source_push_video(source, &frame, NULL));
        free(pixels);
    } else {
        void *volatile lost = malloc(1000);
        lost = NULL;
        (void)lost;
    }
    framewire_source_free(source);
    return 0;
}
