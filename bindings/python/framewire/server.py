"""WHEP and WHIP over HTTP, with pages to watch and to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

from ._native import Handle, Struct, check, ffi, lib, read_text, utf8

if TYPE_CHECKING:
    from .events import Events
    from .results import Results
    from .sink import Sink
    from .source import Source
    from .upload import Upload

#: A STUN or TURN server: its URL, or (URL, user, password).
IceServer = Union[str, "tuple[str, str, str]"]


def set_ice(options: Struct, servers: Sequence[IceServer]) -> None:
    array = options.keep(ffi.new("framewire_ice_server[]", len(servers)))
    for at, server in enumerate(servers):
        url, *login = (server,) if isinstance(server, str) else server
        texts = [options.keep(ffi.new("char[]", utf8(text))) for text in (url, *login)]
        array[at].url, array[at].username, array[at].credential = (*texts, ffi.NULL, ffi.NULL)[:3]
    if servers:
        options.c.ice_servers, options.c.ice_server_count = array, len(servers)


class Server(Handle):
    """Puts sources on the air and takes what browsers publish: pages at /watch/NAME and /publish/NAME, WHEP at
    /whep/NAME, WHIP at /whip/NAME, WebSockets at /ws/NAME. `bind` is "host:port", "127.0.0.1:8080" if
    there is none; port 0 takes a free one.
    Every other option is the field of framewire_server_options of its name.
    """

    def __init__(
        self, bind: Optional[str] = None, *, ice_servers: Sequence[IceServer] = (),
        events: Optional[Events] = None, **options: Union[str, int, None],
    ) -> None:
        struct = Struct("framewire_server_options", bind=bind, events=events, **options)
        set_ice(struct, ice_servers)
        super().__init__("server", struct.c)

    @property
    def address(self) -> str:
        """Where it listens, "127.0.0.1:8080", with the port that was really taken."""
        return read_text(lib.framewire_server_address, self.handle)

    def url(self, path: str = "") -> str:
        """The address of a page: url("watch/cam")."""
        return f"http://{self.address}/{path}"

    def publish(self, name: str, source: Source, results: Optional[Results] = None) -> None:
        """Puts a source on the air, with a feed of results beside it if there is one."""
        if results is None:
            check(lib.framewire_server_publish(self.handle, utf8(name), source.handle))
        else:
            check(lib.framewire_server_publish_with_results(self.handle, utf8(name), source.handle, results.handle))

    def unpublish(self, name: str) -> None:
        """Takes it off the air and ends its sessions."""
        check(lib.framewire_server_unpublish(self.handle, utf8(name)))

    def receive(self, name: str, sink: Sink, token: Optional[str] = None) -> None:
        """Lets `name` be published into a sink, by those who bring the token."""
        secret = ffi.NULL if token is None else utf8(token)
        check(lib.framewire_server_receive(self.handle, utf8(name), secret, sink.handle))

    def unreceive(self, name: str) -> None:
        """Lets it be published no more and ends its publisher."""
        check(lib.framewire_server_unreceive(self.handle, utf8(name)))

    def accept(self, request: int, sink: Sink) -> None:
        """Lets the publisher of a PUBLISH_REQUEST event in; `request` is the event's value."""
        check(lib.framewire_server_accept(self.handle, request, sink.handle))

    def refuse(self, request: int, reason: str = "") -> None:
        """Turns the publisher of a PUBLISH_REQUEST event away."""
        check(lib.framewire_server_refuse(self.handle, request, utf8(reason)))

    def upload(self, upload: Upload, name: Optional[str] = None) -> None:
        """Has files go to `upload` that viewers and publishers of `name` (None: of every stream) send."""
        where = ffi.NULL if name is None else utf8(name)
        check(lib.framewire_server_upload(self.handle, where, upload.handle))

    def stats(self) -> dict[str, Any]:
        """The figures of framewire_server_stats."""
        stats = Struct("framewire_server_stats")
        check(lib.framewire_server_get_stats(self.handle, stats.c))
        return stats.as_dict()
