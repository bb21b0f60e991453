"""The least client of tus: says exactly what a test wants said."""

from __future__ import annotations

import base64
from typing import Any

from django.test import Client

CHUNK = "application/offset+octet-stream"
SPOKEN = {"Tus-Resumable": "1.0.0"}


def coded(text: str | bytes) -> str:
    """As in Upload-Metadata."""
    raw = text.encode() if isinstance(text, str) else text
    return base64.b64encode(raw).decode()


class Sender:
    """One file of one visitor."""

    def __init__(self, web: Client, query: str) -> None:
        self.web, self.query = web, query
        self.created: Any = None
        self.address = ""

    def create(
        self,
        length: int | str | None,
        name: str | bytes = "film.mp4",
        *,
        body: bytes = b"",
        content_type: str = CHUNK,
        **headers: str | None,
    ) -> Any:
        said: dict[str, str | None] = {**SPOKEN, "Upload-Metadata": f"filename {coded(name)}"}
        if length is not None:
            said["Upload-Length"] = str(length)
        said.update({key.replace("_", "-"): value for key, value in headers.items()})
        self.created = self.web.post(
            f"/uploads/tus/?{self.query}",
            body,
            content_type=content_type,
            CONTENT_TYPE=content_type,  # also without a body
            headers={key: value for key, value in said.items() if value is not None},
        )
        self.address = self.created.headers.get("Location", "")
        return self.created

    def patch(
        self,
        offset: int | str | None,
        body: bytes,
        content_type: str = CHUNK,
        **headers: str | None,
    ) -> Any:
        said: dict[str, str | None] = {**SPOKEN}
        if offset is not None:
            said["Upload-Offset"] = str(offset)
        said.update({key.replace("_", "-"): value for key, value in headers.items()})
        return self.web.patch(
            self.address,
            body,
            content_type=content_type,
            CONTENT_TYPE=content_type,  # also without a body
            headers={key: value for key, value in said.items() if value is not None},
        )

    def head(self) -> int:
        response = self.web.head(self.address, headers=SPOKEN)
        assert response.status_code == 200, response.status_code
        assert response.headers["Cache-Control"] == "no-store"
        return int(response.headers["Upload-Offset"])

    def delete(self) -> Any:
        return self.web.delete(self.address, headers=SPOKEN)
