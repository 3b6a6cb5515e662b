#include "test_card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float TURN = 6.2831853f;

typedef struct {
    float r, g, b;
} color;

static const color WHITE = { 255, 255, 255 }, ICE = { 178, 220, 255 }, RED = { 255, 64, 84 };

struct test_card {
    uint32_t width, height, fps;
    float unit;             /* the layout is for 720 rows; this scales it */
    uint8_t *pixels;
    uint8_t *angles;        /* direction of each pixel of the dial from its centre, in 256ths of a turn */
    float *wave_x, *wave_y; /* what each column and each row adds to the background */
    uint8_t palette[256][4];
};

/* The dial: its centre and radius in 720ths of the height, from the middle of the picture. */
#define DIAL_Y 300
#define DIAL_R 190

static uint32_t dial_size(const test_card *card) { return (uint32_t)(2 * DIAL_R * card->unit) + 1; }
static float dial_x(const test_card *card) { return card->width / 2.0f; }
static float dial_y(const test_card *card) { return DIAL_Y * card->unit; }

static uint8_t *pixel(const test_card *card, uint32_t x, uint32_t y) {
    return card->pixels + 4 * ((size_t)y * card->width + x);
}

static void make_palette(test_card *card) {
    static const color stops[] = { { 9, 16, 46 }, { 16, 58, 108 }, { 12, 104, 122 }, { 58, 44, 128 }, { 104, 30, 104 } };
    const int count = sizeof stops / sizeof *stops;
    for (int i = 0; i < 256; i++) {
        float at = i * count / 256.0f, mix = (1 - cosf((at - floorf(at)) * TURN / 2)) / 2;
        color a = stops[(int)at], b = stops[((int)at + 1) % count]; /* cyclic: the waves wrap around */
        card->palette[i][0] = (uint8_t)(a.r + (b.r - a.r) * mix);
        card->palette[i][1] = (uint8_t)(a.g + (b.g - a.g) * mix);
        card->palette[i][2] = (uint8_t)(a.b + (b.b - a.b) * mix);
        card->palette[i][3] = 255;
    }
}

static void make_angles(test_card *card) {
    uint32_t size = dial_size(card);
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++) {
            float turn = atan2f(x - size / 2.0f, size / 2.0f - y) / TURN; /* clockwise from twelve o'clock */
            card->angles[y * size + x] = (uint8_t)(int)floorf(turn * 256);
        }
}

test_card *test_card_new(uint32_t width, uint32_t height, uint32_t fps) {
    test_card *card = calloc(1, sizeof *card);
    if (!card || !width || !height || !fps) {
        free(card);
        return NULL;
    }
    card->width = width;
    card->height = height;
    card->fps = fps;
    card->unit = height / 720.0f;
    card->pixels = calloc((size_t)width * height, 4);
    card->angles = malloc((size_t)dial_size(card) * dial_size(card));
    card->wave_x = malloc(width * sizeof *card->wave_x);
    card->wave_y = malloc(height * sizeof *card->wave_y);
    if (!card->pixels || !card->angles || !card->wave_x || !card->wave_y) {
        test_card_free(card);
        return NULL;
    }
    make_palette(card);
    make_angles(card);
    return card;
}

void test_card_free(test_card *card) {
    if (!card)
        return;
    free(card->pixels);
    free(card->angles);
    free(card->wave_x);
    free(card->wave_y);
    free(card);
}

/* Drawing: everything is a distance to a shape, so that every edge is smooth. */

static float span(float dx, float dy) { return sqrtf(dx * dx + dy * dy); }

static void blend(test_card *card, int x, int y, color c, float alpha) {
    if (alpha <= 0 || x < 0 || y < 0 || x >= (int)card->width || y >= (int)card->height)
        return;
    int part = alpha >= 1 ? 256 : (int)(alpha * 256);
    uint8_t *p = pixel(card, (uint32_t)x, (uint32_t)y);
    p[0] = (uint8_t)(p[0] + (((int)c.r - p[0]) * part >> 8));
    p[1] = (uint8_t)(p[1] + (((int)c.g - p[1]) * part >> 8));
    p[2] = (uint8_t)(p[2] + (((int)c.b - p[2]) * part >> 8));
}

/* A line with round ends, `r` thick to each side; of no length, a dot. */
static void line(test_card *card, float x0, float y0, float x1, float y1, float r, color c, float alpha) {
    float dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
    for (int y = (int)(fminf(y0, y1) - r); y <= (int)(fmaxf(y0, y1) + r) + 1; y++)
        for (int x = (int)(fminf(x0, x1) - r); x <= (int)(fmaxf(x0, x1) + r) + 1; x++) {
            float px = x - x0, py = y - y0;
            float t = length2 > 0 ? fminf(1, fmaxf(0, (px * dx + py * dy) / length2)) : 0;
            blend(card, x, y, c, (r + 0.5f - span(px - t * dx, py - t * dy)) * alpha);
        }
}

/* A ball lit from the upper left. */
static void ball(test_card *card, float cx, float cy, float r, color c) {
    for (int y = (int)(cy - r); y <= (int)(cy + r) + 1; y++)
        for (int x = (int)(cx - r); x <= (int)(cx + r) + 1; x++) {
            float light = 1.15f - span(x - cx + r * 0.35f, y - cy + r * 0.35f) / (1.7f * r);
            color lit = { fminf(255, c.r * light), fminf(255, c.g * light), fminf(255, c.b * light) };
            blend(card, x, y, lit, r + 0.5f - span(x - cx, y - cy));
        }
}

/* Letters as pen strokes on a grid of 4 by 6: points "xy", a space lifts the pen. */
static const char *strokes(char letter) {
    switch (letter) {
    case '0': case 'O': return "103041453616050110";
    case '1': return "112026 1636";
    case '2': return "01103041420646";
    case '3': return "0110304142334445361605 1333";
    case '4': return "36300444";
    case '5': return "4000023243453606";
    case '6': return "30100105163645443303";
    case '7': return "004016";
    case '8': return "103041423313020110 1304051636454433";
    case '9': return "43130201103041453616";
    case ':': return "2222 2525";
    case '.': return "2626";
    case 'A': return "0602204246 0444";
    case 'E': return "40000646 0333";
    case 'F': return "400006 0333";
    case 'H': return "0006 4046 0343";
    case 'I': return "1030 2026 1636";
    case 'M': return "0600234046";
    case 'N': return "06004640";
    case 'P': return "06003041423303";
    case 'R': return "06003041423303 2346";
    case 'S': return "413010010213334445361605";
    case 'W': return "0016233640";
    case 'X': return "0145 0541";
    case 'Z': return "00400646";
    default: return "";
    }
}

/* Text of height `size` with its upper left corner at (x, y). */
static void text(test_card *card, float x, float y, float size, const char *s, color c) {
    float step = size / 6;
    for (; *s; s++, x += step * 6)
        for (const char *p = strokes(*s); p[0] && p[1];) {
            if (p[2] && p[2] != ' ')
                line(card, x + (p[0] - '0') * step, y + (p[1] - '0') * step, x + (p[2] - '0') * step,
                     y + (p[3] - '0') * step, size / 14, c, 1);
            p += p[2] == ' ' ? 3 : 2;
        }
}

static void centred(test_card *card, float y, float size, const char *s, color c) {
    size_t letters = 0;
    while (s[letters])
        letters++;
    text(card, card->width / 2.0f - (letters - 1 / 3.0f) * size / 2, y, size, s, c);
}

/* The layers, back to front. `seconds` is the time of the picture since frame 0. */

static void background(test_card *card, double seconds) {
    float u = card->unit;
    for (uint32_t x = 0; x < card->width; x++)
        card->wave_x[x] = 46 * sinf(x / (300 * u) + (float)fmod(seconds * 0.7, TURN)) + x / (9 * u) - seconds * 24;
    for (uint32_t y = 0; y < card->height; y++)
        card->wave_y[y] = 40 * sinf(y / (210 * u) - seconds * 0.9f) + y / (7 * u);
    for (uint32_t y = 0; y < card->height; y++) {
        uint8_t *p = pixel(card, 0, y);
        for (uint32_t x = 0; x < card->width; x++, p += 4) {
            const uint8_t *c = card->palette[(int)(card->wave_x[x] + card->wave_y[y]) & 255];
            p[0] = c[0], p[1] = c[1], p[2] = c[2], p[3] = 255;
        }
    }
}

static void grid(test_card *card, double seconds) {
    float pitch = 80 * card->unit, offset = (float)fmod(seconds * 40 * card->unit, pitch);
    for (float at = offset; at < card->width; at += pitch)
        for (uint32_t y = 0; y < card->height; y++)
            blend(card, (int)at, (int)y, WHITE, 0.16f);
    for (float at = offset; at < card->height; at += pitch)
        for (uint32_t x = 0; x < card->width; x++)
            blend(card, (int)x, (int)at, WHITE, 0.16f);
}

/* A sweep that turns once in two seconds and fades behind its hand, ticks, and a ring that flashes. */
static void dial(test_card *card, double seconds, int flash) {
    float u = card->unit, cx = dial_x(card), cy = dial_y(card), r = DIAL_R * u;
    float turn = (float)(seconds / 2 - floor(seconds / 2));
    uint32_t size = dial_size(card);
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++) {
            float inside = r - span(x - size / 2.0f, y - size / 2.0f);
            if (inside <= 0)
                continue;
            int px = (int)(cx + x - size / 2.0f), py = (int)(cy + y - size / 2.0f);
            uint8_t behind = (uint8_t)((int)(turn * 256) - card->angles[y * size + x]);
            blend(card, px, py, (color){ 4, 8, 24 }, fminf(inside, 1) * 0.55f);
            blend(card, px, py, (color){ 64, 224, 208 }, fminf(inside, 1) * 0.5f * (1 - behind / 120.0f));
        }
    for (int tick = 0; tick < 60; tick++) {
        float s = sinf(tick * TURN / 60), c = -cosf(tick * TURN / 60), from = tick % 5 ? 0.93f : 0.86f;
        line(card, cx + s * r * from, cy + c * r * from, cx + s * r * 0.96f, cy + c * r * 0.96f,
             (tick % 5 ? 0.8f : 1.8f) * u, ICE, 0.9f);
    }
    for (int part = 0; part < 120; part++) {
        float a = part * TURN / 120, b = (part + 1) * TURN / 120;
        line(card, cx + sinf(a) * r, cy - cosf(a) * r, cx + sinf(b) * r, cy - cosf(b) * r,
             (flash ? 6 : 2.2f) * u, flash ? WHITE : ICE, 1);
    }
    line(card, cx, cy, cx + sinf(turn * TURN) * r * 0.9f, cy - cosf(turn * TURN) * r * 0.9f, 2.5f * u, WHITE, 1);
}

/* The colours of a studio's bars over a grey ramp, walking sideways in opposite directions. */
static void bars(test_card *card, uint32_t number) {
    static const color bar[8] = { { 235, 235, 235 }, { 235, 216, 40 }, { 40, 212, 224 }, { 48, 204, 88 },
                                  { 220, 64, 200 }, { 228, 52, 60 }, { 52, 84, 228 }, { 20, 20, 28 } };
    float u = card->unit;
    uint32_t left = card->width / 10, wide = card->width - 2 * left;
    uint32_t top = (uint32_t)(540 * u), middle = (uint32_t)(612 * u), bottom = (uint32_t)(640 * u);
    for (uint32_t x = 0; x < wide; x++) {
        float grey = (x * 255 / wide + number * 2) % 256;
        blend(card, (int)(left + x), (int)top, bar[(x + wide - number % wide) * 8 / wide % 8], 1);
        blend(card, (int)(left + x), (int)middle, (color){ grey, grey, grey }, 1);
    }
    for (uint32_t y = top; y < bottom; y++)
        if (y != top && y != middle)
            memcpy(pixel(card, left, y), pixel(card, left, y < middle ? top : middle), 4 * (size_t)wide);
}

static void words(test_card *card, uint32_t number, double seconds) {
    float u = card->unit;
    char buffer[64];
    text(card, 48 * u, 44 * u, 40 * u, "FRAMEWIRE", WHITE);
    snprintf(buffer, sizeof buffer, "%uX%u  %u FPS", card->width, card->height, card->fps);
    text(card, 48 * u, 104 * u, 18 * u, buffer, ICE);
    text(card, card->width - 204 * u, 44 * u, 30 * u, "ON AIR", WHITE);
    float pulse = (1 + cosf(seconds * TURN)) / 2;
    line(card, card->width - 236 * u, 59 * u, card->width - 236 * u, 59 * u, (8 + 6 * pulse) * u, RED, 1);
    unsigned total = number / card->fps;
    snprintf(buffer, sizeof buffer, "%02u:%02u:%02u", total / 3600 % 100, total / 60 % 60, total % 60);
    centred(card, (DIAL_Y - 36) * u, 38 * u, buffer, WHITE);
    snprintf(buffer, sizeof buffer, "%08u", number);
    centred(card, (DIAL_Y + 38) * u, 22 * u, buffer, ICE);
}

/* Three balls that between them cross every part of the picture. */
static void place(const test_card *card, int i, double seconds, float *x, float *y, float *radius) {
    float r = *radius = (34 - 7 * i) * card->unit;
    *x = r + (0.5f + 0.5f * sinf(seconds * (0.83f + 0.31f * i) + 2 * i)) * (card->width - 2 * r);
    *y = r + (0.5f + 0.5f * sinf(seconds * (1.27f - 0.22f * i) + i)) * (card->height - 16 - 2 * r);
}

void test_card_ball(const test_card *card, uint32_t number, float *x, float *y, float *radius) {
    place(card, 0, (double)number / card->fps, x, y, radius);
}

static void balls(test_card *card, double seconds) {
    static const color paint[3] = { { 255, 176, 32 }, { 80, 236, 160 }, { 255, 92, 138 } };
    for (int i = 0; i < 3; i++) {
        float x, y, r;
        place(card, i, seconds, &x, &y, &r);
        ball(card, x, y, r, paint[i]);
    }
}

static void strip(test_card *card, uint32_t number, uint64_t capture_us) {
    uint64_t bits = (uint64_t)number << 32 | (uint32_t)(capture_us / 1000);
    for (uint32_t y = card->height > 16 ? card->height - 16 : 0; y < card->height; y++)
        for (uint32_t x = 0; x < card->width; x++) {
            uint8_t *p = pixel(card, x, y);
            p[0] = p[1] = p[2] = x < 1024 && bits >> (63 - x / 16) & 1 ? 255 : 0;
        }
}

const uint8_t *test_card_draw(test_card *card, uint32_t number, uint64_t capture_us) {
    double seconds = (double)number / card->fps;
    background(card, seconds);
    grid(card, seconds);
    dial(card, seconds, number % card->fps < card->fps / 10);
    bars(card, number);
    words(card, number, seconds);
    balls(card, seconds);
    strip(card, number, capture_us);
    return card->pixels;
}

void test_card_tone(int16_t *samples, size_t count, uint64_t first) {
    for (size_t i = 0; i < count; i++) {
        float at = (float)((first + i) % TEST_CARD_RATE) / TEST_CARD_RATE; /* whole waves fit a second */
        float beep = at < 0.1f ? sinf(at * 10 * TURN / 2) : 0;
        samples[i] = (int16_t)(3000 * sinf(440 * TURN * at) + 9000 * beep * sinf(880 * TURN * at));
    }
}
