"""Raw frames and sound into live WebRTC, and live WebRTC into raw frames and sound.

Every wait is a call with a time-out that lets other threads run, or an `await` that rests on a descriptor in
the event loop; the library never calls Python. Time-outs are seconds; capture times are now_us().
"""

from ._native import lib as _lib, text as _text
from .channel import Channel
from .client import Client, Ingest
from .errors import (
    Again,
    Cancelled,
    Closed,
    CodecFailed,
    Error,
    Forked,
    Internal,
    InvalidArgument,
    InvalidHandle,
    InvalidState,
    LimitReached,
    Malformed,
    NotOffered,
    SystemFailed,
    Timeout,
    TransportFailed,
    Unsupported,
)
from .events import Event, EventKind, Events
from .frames import AudioFrame, VideoFrame, now_us
from .peer import Peer
from .results import Results
from .server import Server
from .sink import Sink
from .source import Source
from .upload import Upload

#: The library's release.
__version__ = _text(_lib.framewire_version())

__all__ = [
    "Again", "AudioFrame", "Cancelled", "Channel", "Client", "Closed", "CodecFailed", "Error", "Event", "EventKind",
    "Events", "Forked", "Ingest", "Internal", "InvalidArgument", "InvalidHandle", "InvalidState", "LimitReached",
    "Malformed", "NotOffered", "Peer", "Results", "Server", "Sink", "Source", "SystemFailed", "Timeout",
    "TransportFailed", "Unsupported", "Upload", "VideoFrame", "now_us",
]
