"""Files in multipart requests."""

from __future__ import annotations

import email
import json
from typing import Any

from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request


def json_file(call: Call, name: str) -> Any:
    """The file of this name in a multipart/form-data request, read as JSON. Raises a 400 ServiceError."""
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise bad_request(f"this is submitted as multipart/form-data with the file {name}")
    message = email.message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + call.body)
    for part in message.walk():
        if part.get_filename() == name:
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes), "a part with a file name is no container"
            try:
                return json.loads(content)
            except (ValueError, RecursionError) as error:
                raise bad_request(f"{name} is not JSON: {error}", "InvalidJson") from error
    raise bad_request(f"the request has no file {name}")
