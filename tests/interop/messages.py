"""The wire formats of messages, read and written by the book: shares nothing with the library but the words.

messages.py chunks|upload|ack|ingest|result: reads records from stdin, writes records to stdout. A record is a
length (u32, little-endian) and as many bytes.

  chunks   records are chunks, in any order. Out: for each whole message its id (u32) and bytes, unpacked if it is
           gzip, in the order of their ids; then an empty record; then the same messages cut anew, in chunks of 1,000.
  upload   a file. Out: its chunks of 777 bytes, the later half first.
  ack      numbers as text. Out: acknowledgements.
  ingest   messages. Out: what each is, as text.
  result   results. Out: `ok`, or what is wrong with each.
"""

import gzip
import json
import struct
import sys

METADATA = ["frame_id", "received_at", "pts", "time_base", "declared_fps", "measured_fps", "height", "width"]
KEYS = ["serialized_output_data", "video_metadata", "errors", "processing_complete", "termination_reason"]
REASONS = [None, "timeout_reached", "source_ended", "cancelled", "failed"]


def records():
    while length := sys.stdin.buffer.read(4):
        yield sys.stdin.buffer.read(int.from_bytes(length, "little"))


def write(record):
    sys.stdout.buffer.write(len(record).to_bytes(4, "little") + record)


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)] or [b""]


def chunks():
    unfinished, whole = {}, {}
    for record in records():
        frame, index, total = struct.unpack_from("<III", record)
        parts = unfinished.setdefault(frame, {})
        parts[index] = record[12:]
        assert all(number < total for number in parts)
        if len(parts) == total:
            whole[frame] = b"".join(parts[number] for number in range(total))
    assert unfinished.keys() == whole.keys()
    for frame in sorted(whole):
        if whole[frame].startswith(b"\x1f\x8b"):
            whole[frame] = gzip.decompress(whole[frame])
        write(struct.pack("<I", frame) + whole[frame])
    write(b"")
    for frame in sorted(whole):
        data = whole[frame] if frame % 2 else gzip.compress(whole[frame], 6)
        parts = cut(data, 1000)
        for index, part in enumerate(parts):
            write(struct.pack("<III", frame, index, len(parts)) + part)


def upload():
    (data,) = records()
    parts = cut(data, 777)
    wire = [struct.pack("<II", index, len(parts)) + part for index, part in enumerate(parts)]
    half = len(wire) // 2
    for chunk in wire[half:] + wire[:half]:
        write(chunk)


def ack():
    for record in records():
        write(json.dumps({"ack": int(record)}).encode())


def ingest():
    for record in records():
        if record[:1] == b"v":
            write(b"image " + record[1:].hex().encode())
        elif record[:1] == b"a":
            samples = struct.unpack(f"<{len(record) // 2}h", record[1:])
            write(("sound " + " ".join(map(str, samples))).encode())
        else:
            write(b"neither")


def result():
    for record in records():
        message = json.loads(record)
        metadata = message["video_metadata"]
        wrong = [
            what
            for what, right in {
                "keys": list(message) == KEYS,
                "metadata": list(metadata) == METADATA,
                "errors": all(isinstance(error, str) for error in message["errors"]),
                "complete": isinstance(message["processing_complete"], bool),
                "reason": message["termination_reason"] in REASONS,
                "output": isinstance(message["serialized_output_data"], (dict, type(None))),
                "numbers": all(
                    isinstance(metadata[key], (int, float, type(None))) for key in METADATA if key != "received_at"
                ),
            }.items()
            if not right
        ]
        write(" ".join(wrong or ["ok"]).encode())


if __name__ == "__main__":
    {"chunks": chunks, "upload": upload, "ack": ack, "ingest": ingest, "result": result}[sys.argv[1]]()
