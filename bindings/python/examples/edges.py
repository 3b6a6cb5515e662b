"""A camera in, OpenCV's edges out: publish at the first address that it prints, watch at the second."""
import asyncio
import os

import cv2
import numpy as np

import framewire


def process(frame):
    """Runs in a thread of its own, so that the loop never waits for it."""
    edges = cv2.Canny(cv2.cvtColor(frame.array, cv2.COLOR_BGR2GRAY), 60, 120)
    contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = sorted(map(cv2.boundingRect, contours), key=lambda box: box[2] * box[3])[-3:]
    boxes = [dict(zip(("x", "y", "width", "height"), box), label="edges") for box in largest]
    return np.maximum(frame.array // 3, edges[..., None]), boxes


async def main():
    events = framewire.Events()
    sink = framewire.Sink("bgr", audio=False, events=events)
    source, results = framewire.Source(audio=False), framewire.Results()
    server = framewire.Server(
        os.environ.get("FRAMEWIRE_BIND", "127.0.0.1:8080"), media_address=os.environ.get("FRAMEWIRE_MEDIA_ADDRESS")
    )
    server.receive("camera", sink)
    server.publish("edges", source, results)
    print(server.url("publish/camera"), server.url("watch/edges"), sep="\n", flush=True)
    number = 0
    async for event in events:
        if event.kind != framewire.EventKind.VIDEO_TRACK or sink.track() != "live":
            continue
        async for frame in sink:  # always the newest, until the publisher leaves
            picture, boxes = await asyncio.to_thread(process, frame)
            number, time = number + 1, frame.capture_time_us
            source.push(picture, "bgr", capture_time_us=time)
            results.send(number, {"boxes": boxes}, rtp_timestamp=source.rtp_timestamp(time),
                         width=frame.width, height=frame.height)


asyncio.run(main())
