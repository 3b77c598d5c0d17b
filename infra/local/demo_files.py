"""Files of the demo: small PDFs, sent as a company's system would send them."""

from __future__ import annotations

import http.client
import uuid
from typing import Any
from urllib.parse import urlsplit

from .demo import Api


def add(api: Api, path: str, name: str, heading: str, text: str, **more: Any) -> None:
    """Announce a PDF at a path of documents, send it to the form, have it checked; unless it is there already."""
    if any(each["name"] == name and each["status"] == "ready" for each in api.call("GET", path)["items"]):
        return
    content = pdf(heading, text)
    wanted = {"name": name, "content_type": "application/pdf", "size": len(content), **more}
    upload = api.create(path, wanted, f"document-{path.split('/')[-2]}")
    post(upload["url"], upload["fields"], name, content)
    api.call("POST", f"{path}/{upload['document']['id']}/check")


def post(url: str, fields: dict[str, str], name: str, content: bytes) -> None:
    """Post a file to its form. Raises RuntimeError where it is refused."""
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode())
    body = b"".join(parts) + content + f"\r\n--{boundary}--\r\n".encode()
    target = urlsplit(url)
    connection = http.client.HTTPConnection(target.netloc, timeout=30)
    try:
        connection.request(
            "POST", target.path or "/", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )
        answer = connection.getresponse()
        if answer.status >= 300:
            raise RuntimeError(f"the demo document was refused: {answer.status} {answer.read()[:300]!r}")
    finally:
        connection.close()


def pdf(heading: str, text: str) -> bytes:
    """A one-page PDF with a heading and a line."""
    drawn = f"BT /F1 22 Tf 72 720 Td ({heading}) Tj /F1 12 Tf 0 -32 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
