/* Checks examples-c/test_card.c: built and run by test_card.rs. */
#include "test_card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                     \
    do                                                                                                       \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
            exit(1);                                                                                         \
        }                                                                                                    \
    while (0)

enum { WIDTH = 1280, HEIGHT = 720 };

/* The 64 bits of the strip, each read as every pixel of its block. */
static uint64_t read_strip(const uint8_t *rgba) {
    uint64_t bits = 0;
    for (int block = 0; block < 64; block++) {
        int white = 0;
        for (int y = HEIGHT - 16; y < HEIGHT; y++)
            for (int x = block * 16; x < block * 16 + 16; x++) {
                const uint8_t *p = rgba + 4 * (y * WIDTH + x);
                CHECK(p[0] == p[1] && p[1] == p[2] && p[3] == 255 && (p[0] == 0 || p[0] == 255));
                white += p[0] == 255;
            }
        CHECK(white == 0 || white == 256);
        bits = bits << 1 | (white == 256);
    }
    return bits;
}

static void the_strip_tells_frame_and_time(void) {
    test_card *card = test_card_new(WIDTH, HEIGHT, 30);
    CHECK(card);
    CHECK(read_strip(test_card_draw(card, 0, 0)) == 0);
    CHECK(read_strip(test_card_draw(card, 1, 2999)) == (1ULL << 32 | 2));
    CHECK(read_strip(test_card_draw(card, 0x80000001, 0xdeadbeefULL * 1000)) == 0x80000001deadbeefULL);
    /* After 49.7 days the milliseconds wrap. */
    CHECK(read_strip(test_card_draw(card, 7, 0x100000005ULL * 1000)) == (7ULL << 32 | 5));
    test_card_free(card);
}

/* In one second every tile of the picture has changed: a frozen region would show. */
static void it_moves_all_over(void) {
    test_card *card = test_card_new(WIDTH, HEIGHT, 30);
    uint8_t *before = malloc(WIDTH * HEIGHT * 4);
    CHECK(card && before);
    for (uint32_t number = 0; number < 300; number += 30) {
        memcpy(before, test_card_draw(card, number, 0), WIDTH * HEIGHT * 4);
        const uint8_t *after = test_card_draw(card, number + 29, 0);
        for (int tile = 0; tile < 16 * 9; tile++) {
            int changed = 0;
            for (int y = tile / 16 * 80; y < tile / 16 * 80 + 64; y++)
                changed |= memcmp(before + 4 * (y * WIDTH + tile % 16 * 80), after + 4 * (y * WIDTH + tile % 16 * 80), 320);
            CHECK(changed);
        }
    }
    free(before);
    test_card_free(card);
}

static void any_size_is_drawn(void) {
    static const uint32_t sizes[][2] = { { 1, 1 }, { 2, 2 }, { 9, 1000 }, { 333, 77 }, { 1024, 16 }, { 1, 720 }, { 720, 1 } };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        test_card *card = test_card_new(sizes[i][0], sizes[i][1], 1 + (uint32_t)i);
        CHECK(card);
        CHECK(test_card_draw(card, 12345, 1));
        CHECK(test_card_draw(card, 0xffffffff, 1));
        test_card_free(card);
    }
    CHECK(!test_card_new(0, 720, 30) && !test_card_new(1280, 0, 30) && !test_card_new(1280, 720, 0));
    test_card_free(NULL);
}

/* The ball is where it is said to be: what it covers is brighter and warmer than the waves. */
static void the_ball_is_where_it_is_said(void) {
    test_card *card = test_card_new(1280, 720, 30);
    CHECK(card);
    for (uint32_t number = 0; number < 300; number += 7) {
        float x, y, r;
        test_card_ball(card, number, &x, &y, &r);
        CHECK(x - r >= 0 && x + r <= 1280 && y - r >= 0 && y + r <= 704 && r > 30);
        const uint8_t *middle = test_card_draw(card, number, 1) + 4 * ((size_t)y * 1280 + (size_t)x);
        CHECK(middle[0] > 180 && middle[1] > middle[2] + 40); /* orange */
    }
    test_card_free(card);
}

/* Cut anywhere, the tone is the same tone; it is heard, does not clip, and beeps as the second begins. */
static void the_tone_has_no_seams(void) {
    static int16_t whole[2 * TEST_CARD_RATE], pieces[2 * TEST_CARD_RATE];
    int beep = 0, rest = 0;
    test_card_tone(whole, 2 * TEST_CARD_RATE, 0);
    for (size_t at = 0; at < 2 * TEST_CARD_RATE; at += 1600)
        test_card_tone(pieces + at, 1600, at);
    CHECK(!memcmp(whole, pieces, sizeof whole));
    for (int i = 0; i < TEST_CARD_RATE; i++) {
        int *most = i < TEST_CARD_RATE / 10 ? &beep : &rest;
        *most = abs(whole[i]) > *most ? abs(whole[i]) : *most;
    }
    CHECK(rest > 2900 && rest < 3100);
    CHECK(beep > 8000 && beep < 16000);
}

int main(void) {
    the_strip_tells_frame_and_time();
    it_moves_all_over();
    any_size_is_drawn();
    the_ball_is_where_it_is_said();
    the_tone_has_no_seams();
    return 0;
}
