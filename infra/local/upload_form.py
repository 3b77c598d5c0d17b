"""A presigned POST's form, read as it arrives: first the fields, then the file. What follows is ignored, as in S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from .signatures import Denied

_PIECE = 64 * 1024
_LARGEST_FIELD = 20 * 1024


class UploadForm:
    """Field names come in lower case, since S3 does not tell their cases apart."""

    def __init__(self, stream: IO[bytes], boundary: str | None) -> None:
        if not boundary:
            raise Denied("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data", 412)
        self._stream = stream
        self._decoder = MultipartDecoder(boundary.encode("latin-1", "replace"))

    def read_fields(self) -> dict[str, str]:
        """All fields before the file. Raises Denied if there is no file, or no key."""
        fields: dict[str, str] = {}
        name = ""
        for event in self._events():
            if isinstance(event, File):
                if "key" not in fields or event.name != "file":
                    raise Denied("InvalidArgument", "Bucket POST must contain fields named 'key' and then 'file'", 400)
                return fields
            if isinstance(event, Field):
                name = event.name.lower()
                fields[name] = ""
            elif isinstance(event, Data) and name:
                fields[name] += event.data.decode("utf-8", "replace")
                if len(fields[name]) > _LARGEST_FIELD:
                    raise Denied("MaxPostPreDataLengthExceeded", "A field of the form is too large", 400)
        raise Denied("InvalidArgument", "POST requires exactly one file upload per request.", 400)

    def content(self) -> Iterator[bytes]:
        """The file's bytes. Raises Denied if the form ends before the file does."""
        for event in self._events():
            if isinstance(event, Data):
                yield bytes(event.data)
                if not event.more_data:
                    return
        raise Denied("IncompleteBody", "The form ended within the file", 400)

    def _events(self) -> Iterator[Event]:
        try:
            while True:
                event = self._decoder.next_event()
                if isinstance(event, Epilogue):
                    return
                if isinstance(event, NeedData):
                    self._decoder.receive_data(self._stream.read(_PIECE) or None)
                else:
                    yield event
        except ValueError:
            raise Denied("MalformedPOSTRequest", "The body of your POST request is not well-formed", 400) from None
