"""What went wrong, as exceptions: a class for each status, its sentence as the text."""

from __future__ import annotations


class Error(Exception):
    """Any failure, and any "not now". `status` is the framewire_status."""

    status = -12


class Again(Error):
    """Nothing can be taken or given at this moment; try again."""

    status = 1


class Closed(Error):
    """The object has ended: no more will come, and nothing more is taken."""

    status = 2


class Timeout(Error, TimeoutError):
    """The time given for the wait is over."""

    status = 3


class Cancelled(Error):
    """Somebody ended the wait."""

    status = 4


class InvalidArgument(Error, ValueError):
    """An argument breaks a rule; the text names both."""

    status = -1


class InvalidHandle(Error, ValueError):
    """The object was closed."""

    status = -2


class InvalidState(Error):
    """The call does not fit the state the object is in."""

    status = -3


class Unsupported(Error):
    """This build or this version cannot do it."""

    status = -4


class NotOffered(Error):
    """The other side did not offer what this needs."""

    status = -5


class Malformed(Error, ValueError):
    """A text from outside does not parse."""

    status = -6


class LimitReached(Error):
    """A limit (sessions, sizes, sections) is reached."""

    status = -7


class CodecFailed(Error):
    """libvpx or libopus failed."""

    status = -8


class TransportFailed(Error):
    """libdatachannel failed."""

    status = -9


class SystemFailed(Error, OSError):
    """The operating system failed (sockets, descriptors, threads)."""

    status = -10


class Forked(Error):
    """Called in the child of a fork: only the parent may use its objects."""

    status = -11


class Internal(Error):
    """A defect of the library."""

    status = -12


_KINDS = {kind.status: kind for kind in Error.__subclasses__()}


def error_of(status: int, sentence: str) -> Error:
    return _KINDS.get(status, Internal)(sentence)
