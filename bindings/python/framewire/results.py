"""What a program says beside the video."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Mapping, Optional, Sequence

from ._native import Handle, Struct, check, ffi, lib, utf8

MODES = {"live": 1, "file": 2}
REASONS = {None: 0, "timeout_reached": 1, "source_ended": 2, "cancelled": 3, "failed": 4}


class Results(Handle):
    """A feed of results, dicts, to every peer that it was given to, each at its own pace.

    In mode "live" the newest matters, in mode "file" all do. `fields` are the names that its results can have,
    for set_fields(). Every other option is the field of framewire_results_options of its name.
    """

    def __init__(
        self, *, label: Optional[str] = None, mode: str = "live", fields: Sequence[str] = (), window: int = 0,
        gzip: bool = False, chunk_size: int = 0, max_message: int = 0, timeout_ms: int = 0,
    ) -> None:
        options = Struct(
            "framewire_results_options", label=label, mode=MODES[mode], window=window, gzip=gzip,
            chunk_size=chunk_size, max_message=max_message, timeout_ms=timeout_ms, field_count=len(fields),
        )
        if fields:
            options.c.fields = options.texts(fields)
        super().__init__("results", options.c)

    def send(
        self, frame_id: int, result: Mapping[str, Any], *, errors: Sequence[str] = (),
        rtp_timestamp: Optional[int] = None, **metadata: Any,
    ) -> None:
        """Sends one result; `frame_id` never falls. A value that JSON does not know goes out as the error that it
        is, beside the others. `rtp_timestamp` (Source.rtp_timestamp) is how browsers find the picture; other
        metadata are the fields of framewire_result of their names. Raises Again where 16 wait (mode "file").
        """
        struct = _result(result, errors, rtp_timestamp, metadata)
        check(lib.framewire_results_send_result(self.handle, frame_id, struct.c))

    def send_raw(self, frame_id: int, message: bytes) -> None:
        """Sends bytes as they are, without the envelope."""
        check(lib.framewire_results_send(self.handle, frame_id, ffi.from_buffer(message), len(message)))

    def set_fields(self, names: Optional[Sequence[str]]) -> None:
        """Which fields are sent from now on: None for all, [] for none."""
        if not names:
            check(lib.framewire_results_set_fields(self.handle, 1 if names is None else 2, ffi.NULL, 0))
            return
        texts = Struct("framewire_result")
        check(lib.framewire_results_set_fields(self.handle, 3, texts.texts(names), len(names)))

    def complete_blocking(
        self, reason: Optional[str] = None, last: Optional[Mapping[str, Any]] = None, *, linger: float = 10.0
    ) -> int:
        """Sends the last message after all that waits; waits until every receiver has acknowledged it, or for
        `linger` seconds after it went out. Answers how many did."""
        struct = None if last is None else _result(last, (), None, {})
        acknowledged = ffi.new("uint64_t *")
        check(lib.framewire_results_complete(
            self.handle, REASONS[reason], ffi.NULL if struct is None else struct.c, max(1, int(linger * 1000)),
            acknowledged,
        ))
        return int(acknowledged[0])

    async def complete(
        self, reason: Optional[str] = None, last: Optional[Mapping[str, Any]] = None, *, linger: float = 10.0
    ) -> int:
        """complete_blocking() beside the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: self.complete_blocking(reason, last, linger=linger))

    def stats(self) -> dict[str, Any]:
        """The figures of framewire_results_stats."""
        stats = Struct("framewire_results_stats")
        check(lib.framewire_results_get_stats(self.handle, stats.c))
        return stats.as_dict()


def _result(
    result: Mapping[str, Any], errors: Sequence[str], rtp_timestamp: Optional[int], metadata: Mapping[str, Any]
) -> Struct:
    struct = Struct("framewire_result", **metadata)
    if rtp_timestamp is not None:
        struct.c.pts, struct.c.time_base = rtp_timestamp, 1 / 90_000
    fields = struct.keep(ffi.new("framewire_field[]", len(result)))
    for field, (name, value) in zip(fields, result.items()):
        field.name = struct.keep(ffi.new("char[]", utf8(name)))
        try:
            field.json = struct.keep(ffi.new("char[]", utf8(json.dumps(value, allow_nan=False))))
        except (TypeError, ValueError, RecursionError) as error:
            field.error = struct.keep(ffi.new("char[]", utf8(str(error))))
    struct.c.fields, struct.c.field_count = fields, len(result)
    if errors:
        struct.c.errors, struct.c.error_count = struct.texts(errors), len(errors)
    return struct
