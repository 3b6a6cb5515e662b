"""WHEP inside FastAPI, with no server of ours: python whep_fastapi.py, and any WHEP player at /whep.

The event loop is never held: the answer is awaited by descriptor, pictures are made in a thread.
"""
import asyncio
import contextlib
import os
import threading
import uuid

import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response

import framewire

peers, tasks = {}, set()
source = framewire.Source(width=640, height=360, audio=False)


def draw(over):
    """Your model: it may take as long as it likes."""
    picture, n = np.zeros((360, 640, 3), np.uint8), 0
    while not over.wait(1 / 30):
        picture[:] = (n % 256, 80, 255 - n % 256)
        source.push(picture)
        n += 1


@contextlib.asynccontextmanager
async def lifespan(_):
    over = threading.Event()
    drawing = asyncio.create_task(asyncio.to_thread(draw, over))
    yield
    over.set()
    await drawing
    await asyncio.gather(*(peer.aclose() for peer in peers.values()))


app = FastAPI(lifespan=lifespan)


async def forget(name):
    """When its peer is over."""
    async for event in peers[name].events:
        if event.kind == framewire.EventKind.PEER_STATE and peers[name].state in ("failed", "closed"):
            break
    await peers.pop(name).aclose()


@app.post("/whep")
async def watch(request: Request):
    peer = framewire.Peer(media_address=os.environ.get("FRAMEWIRE_MEDIA_ADDRESS"))
    peer.send(source)
    try:
        answer = await peer.answer((await request.body()).decode())
    except framewire.Error as error:
        await peer.aclose()
        raise HTTPException(400, str(error))
    name = str(uuid.uuid4())
    peers[name] = peer
    tasks.add(task := asyncio.create_task(forget(name)))
    task.add_done_callback(tasks.discard)
    return Response(answer, 201, {"Location": f"/whep/{name}"}, "application/sdp")


@app.delete("/whep/{name}")
async def leave(name: str):
    if name not in peers:
        raise HTTPException(404)
    await asyncio.to_thread(peers[name].close)  # forget() hears of it


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
