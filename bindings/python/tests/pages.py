"""What browsers meet: a numbered card on the air with a result a frame at /watch/card, and a camera taken at
/publish/camera. Lines of JSON: a command in, what there is out; `camera` waits for thirty pictures and pieces of
sound, `end` for the acknowledgement of the last word."""
import asyncio
import json
import sys
import threading

import numpy as np

import framewire

WIDTH, HEIGHT, FPS = 1280, 720, 30


def strip(picture, number, capture_us):
    """The last 16 rows: 64 blocks, black or white, of the number and the milliseconds."""
    bits = number << 32 | capture_us // 1000 & 0xFFFFFFFF
    blocks = np.array([255 * (bits >> 63 - n & 1) for n in range(64)], np.uint8)
    picture[-16:] = 0
    picture[-16:, :1024] = np.repeat(blocks, 16)[:, None]


def draw(source, results, over):
    picture, number = np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0
    while not over.wait(1 / FPS):
        number, now = number + 1, framewire.now_us()
        picture[:-16] = (number % 256, 80, 160)
        strip(picture, number, now)
        source.push(picture, capture_time_us=now)
        box = {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5, "label": str(number)}
        results.send(number, {"boxes": [box]}, rtp_timestamp=source.rtp_timestamp(now), width=WIDTH, height=HEIGHT)


async def take(sink, taken):
    for _ in range(30):
        frame, sound = await sink.pictures.wait(), await sink.sound.wait()
    taken["size"], taken["sound"] = frame.array.shape, sound.array.shape
    taken["colours"] = int(np.ptp(frame.array[::8, ::8].reshape(-1, 3), axis=0).max())


async def main():
    source, results = framewire.Source(audio=False), framewire.Results()
    sink, taken = framewire.Sink(), {}
    server = framewire.Server("127.0.0.1:0", media_address="127.0.0.1")
    server.publish("card", source, results)
    server.receive("camera", sink)
    over = threading.Event()
    drawing = threading.Thread(target=draw, args=(source, results, over))
    drawing.start()
    print(json.dumps(server.url()), flush=True)
    while command := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if command == "camera":
            await take(sink, taken)
        if command == "end":
            over.set()
            drawing.join()
            taken["acknowledged"] = await results.complete("source_ended", linger=60)
        print(json.dumps({**taken, **server.stats()}), flush=True)
    over.set()


asyncio.run(main())
