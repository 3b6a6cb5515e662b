/* A moving test card and its tone: what the examples put on the air, and the tests read back.
 *
 * The bottom 16 rows carry a strip of 64 blocks of 16 by 16 pixels from the left, black or white, most
 * significant bit first: the 32-bit frame number, then the low 32 bits of the capture time in
 * milliseconds of CLOCK_MONOTONIC. Whoever sees the picture can tell which frame it is, and how old. */
#ifndef TEST_CARD_H
#define TEST_CARD_H

#include <stddef.h>
#include <stdint.h>

#define TEST_CARD_RATE 48000 /* samples a second of the tone, mono */

typedef struct test_card test_card;

/* A card of `width` by `height` pixels that moves at `fps` frames a second. The strip takes 1024 pixels:
 * a narrower card carries only its beginning. NULL: out of memory, or a size of 0. */
test_card *test_card_new(uint32_t width, uint32_t height, uint32_t fps);
void test_card_free(test_card *card);

/* Draws frame `number`, captured at `capture_us`, and returns the picture: RGBA, rows of 4 * width
 * bytes, the card's own until the next draw. */
const uint8_t *test_card_draw(test_card *card, uint32_t number, uint64_t capture_us);

/* Where the first of the balls is in frame `number`: its centre and its radius, in pixels. */
void test_card_ball(const test_card *card, uint32_t number, float *x, float *y, float *radius);

/* Writes `count` samples that begin `first` samples after frame 0: a quiet 440 Hz, and a beep while the
 * ring of the picture flashes, at the start of each second. */
void test_card_tone(int16_t *samples, size_t count, uint64_t first);

#endif
