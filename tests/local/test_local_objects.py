"""The bucket: what a presigned upload or download allows, and everything it does not."""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.environment import ACCESS_KEY, BUCKET, SECRET_KEY
from infra.local.object_store import ObjectStore
from infra.local.signatures import Credentials, Denied, SignedRequest, check
from tests.local.running import Answer, Running, fetch

KEY = "acme/documents/one.pdf"


@functools.cache
def s3(**options: str) -> Any:
    """The SDK's client as the application makes it."""
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return botocore.session.get_session().create_client("s3", config=config, **options)


def upload_form(key: str = KEY, seconds: int = 300, client: Any = None) -> dict[str, Any]:
    """A presigned POST for a PDF of 4 to 64 bytes."""
    return dict(
        (client or s3()).generate_presigned_post(
            BUCKET, key, Fields={"Content-Type": "application/pdf"},
            Conditions=[{"Content-Type": "application/pdf"}, ["content-length-range", 4, 64]], ExpiresIn=seconds,
        )
    )  # fmt: skip


def post(
    form: dict[str, Any], content: bytes = b"%PDF-1.7", changed: dict[str, str] | None = None, after: bytes = b""
) -> Answer:
    """Send the form as a browser would."""
    boundary = uuid.uuid4().hex
    fields = {**form["fields"], **(changed or {})}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )
    body = b"".join(parts) + after.replace(b"BOUNDARY", boundary.encode()) + f"--{boundary}--\r\n".encode()
    address = urlsplit(form["url"])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return fetch(f"http://{address.netloc}", "POST", address.path, body, headers)


def get(url: str, **headers: str) -> Answer:
    """Follow a presigned link."""
    address = urlsplit(url)
    return fetch(f"http://{address.netloc}", "GET", f"{address.path}?{address.query}", headers=headers)


def refused(answer: Answer, status: int, code: str) -> bool:
    """Whether S3 refused in this way, in XML."""
    return answer.status == status and f"<Code>{code}</Code>".encode() in answer.body


@pytest.mark.usefixtures("running")
class TestUpload:
    def test_an_upload_as_allowed_is_kept(self) -> None:
        content = b"%PDF\r\n--x\r\n\x00\xff"
        assert post(upload_form(), content).status == 204
        head = s3().head_object(Bucket=BUCKET, Key=KEY)
        assert (head["ContentLength"], head["ContentType"]) == (len(content), "application/pdf")
        assert s3().get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == content

    def test_the_browser_is_sent_back_where_the_form_says(self) -> None:
        then = "http://127.0.0.1:8000/acme/documents?batch=1"
        form = s3().generate_presigned_post(
            BUCKET,
            "acme/back.pdf",
            Fields={"success_action_redirect": then},
            Conditions=[{"success_action_redirect": then}],
        )
        answer = post(form)
        assert answer.status == 303 and str(answer.headers["Location"]).startswith(
            f"{then}&bucket={BUCKET}&key=acme%2Fback.pdf&"
        )
        assert refused(post(form, changed={"success_action_redirect": "http://evil.example/"}), 403, "AccessDenied")

    def test_another_key_is_refused(self) -> None:
        assert refused(post(upload_form(), changed={"key": "acme/other.pdf"}), 403, "AccessDenied")

    def test_another_type_is_refused(self) -> None:
        assert refused(post(upload_form(), changed={"Content-Type": "text/html"}), 403, "AccessDenied")

    def test_a_missing_type_is_refused(self) -> None:
        form = upload_form()
        del form["fields"]["Content-Type"]
        assert refused(post(form), 403, "AccessDenied")

    def test_another_bucket_is_refused(self) -> None:
        form = upload_form()
        form["url"] = form["url"].replace(BUCKET, "elsewhere")
        assert refused(post(form), 403, "AccessDenied")

    def test_an_extra_field_is_refused(self) -> None:
        assert refused(post(upload_form(), changed={"acl": "public-read"}), 403, "AccessDenied")

    @pytest.mark.parametrize(
        ("size", "code"), [(3, "EntityTooSmall"), (65, "EntityTooLarge"), (300_000, "EntityTooLarge")]
    )
    def test_other_sizes_are_refused_and_leave_nothing(self, running: Running, size: int, code: str) -> None:
        folder = running.runtime.places.objects / BUCKET
        before = set(folder.glob("*")) if folder.exists() else set()
        assert refused(post(upload_form("acme/size.pdf"), b"x" * size), 400, code)
        assert (set(folder.glob("*")) if folder.exists() else set()) == before

    @pytest.mark.parametrize("size", [4, 64])
    def test_sizes_at_the_limits_are_taken(self, size: int) -> None:
        assert post(upload_form("acme/limit.pdf"), b"x" * size).status == 204

    def test_an_expired_policy_is_refused(self) -> None:
        assert refused(post(upload_form(seconds=-1)), 403, "AccessDenied")

    def test_a_forged_policy_is_refused(self) -> None:
        mine, other = upload_form(), upload_form("acme/other.pdf")
        mine["fields"] |= {"policy": other["fields"]["policy"], "key": "acme/other.pdf"}
        assert refused(post(mine), 403, "SignatureDoesNotMatch")

    def test_a_policy_signed_by_another_is_refused(self) -> None:
        thief = s3(aws_access_key_id=ACCESS_KEY, aws_secret_access_key="guessed")
        assert refused(post(upload_form(client=thief)), 403, "SignatureDoesNotMatch")
        stranger = s3(aws_access_key_id="stranger", aws_secret_access_key="guessed")
        assert refused(post(upload_form(client=stranger)), 403, "InvalidAccessKeyId")

    def test_a_form_without_policy_is_refused(self) -> None:
        form = upload_form()
        form["fields"] = {"key": KEY}
        assert refused(post(form), 403, "AccessDenied")

    def test_fields_after_the_file_change_nothing(self) -> None:
        late = b'--BOUNDARY\r\nContent-Disposition: form-data; name="key"\r\n\r\nacme/late.pdf\r\n'
        assert post(upload_form("acme/early.pdf"), after=late).status == 204
        with pytest.raises(ClientError, match="404"):
            s3().head_object(Bucket=BUCKET, Key="acme/late.pdf")

    def test_a_broken_form_is_refused(self, running: Running) -> None:
        url = running.runtime.endpoints.objects
        assert (
            fetch(url, "POST", f"/{BUCKET}", b"nonsense", {"Content-Type": "multipart/form-data; boundary=x"}).status
            == 400
        )
        assert fetch(url, "POST", f"/{BUCKET}", b"{}", {"Content-Type": "application/json"}).status == 412


@pytest.mark.usefixtures("running")
class TestDownload:
    @pytest.fixture(autouse=True)
    def _stored(self, running: Running) -> None:
        s3().put_object(Bucket=BUCKET, Key="a b/é.txt", Body=b"0123456789", ContentType="text/plain")

    def link(self, seconds: int = 60, **more: str) -> str:
        return str(
            s3().generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "a b/é.txt", **more}, ExpiresIn=seconds)
        )

    def test_a_link_gives_the_object_under_the_name_it_says(self) -> None:
        disposition = "attachment; filename=\"x y.txt\"; filename*=UTF-8''x%20y.txt"
        answer = get(self.link(ResponseContentDisposition=disposition, ResponseContentType="application/octet-stream"))
        assert (answer.status, answer.body) == (200, b"0123456789")
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.headers["Content-Type"] == "application/octet-stream"

    def test_another_name_is_refused(self) -> None:
        url = self.link(ResponseContentDisposition="attachment")
        assert refused(get(url.replace("attachment", "inline")), 403, "SignatureDoesNotMatch")
        assert refused(get(self.link() + "&response-content-type=text/html"), 403, "SignatureDoesNotMatch")

    def test_another_object_is_refused(self) -> None:
        assert refused(get(self.link().replace("a%20b", "other")), 403, "SignatureDoesNotMatch")

    def test_an_expired_link_is_refused(self) -> None:
        address = urlsplit(self.link(seconds=60))
        request = SignedRequest("GET", address.path, address.query, {"host": address.netloc})
        now, keys = dt.datetime.now(dt.UTC), Credentials(ACCESS_KEY, SECRET_KEY)
        check(request, keys, now + dt.timedelta(seconds=50))
        with pytest.raises(Denied, match="expired"):
            check(request, keys, now + dt.timedelta(seconds=61))

    def test_a_longer_life_is_refused(self) -> None:
        assert refused(get(self.link().replace("Expires=60", "Expires=600")), 403, "SignatureDoesNotMatch")

    def test_a_link_to_read_does_not_write(self) -> None:
        address = urlsplit(self.link())
        for method in ("PUT", "DELETE", "HEAD"):
            assert fetch(f"http://{address.netloc}", method, f"{address.path}?{address.query}", b"x").status == 403

    def test_without_signature_nothing_is_served(self, running: Running) -> None:
        assert refused(
            fetch(running.runtime.endpoints.objects, "GET", f"/{BUCKET}/a%20b/%C3%A9.txt"), 403, "AccessDenied"
        )

    def test_ranges(self) -> None:
        part = get(self.link(), Range="bytes=2-4")
        assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
        assert get(self.link(), Range="bytes=-3").body == b"789"
        assert refused(get(self.link(), Range="bytes=20-"), 416, "InvalidRange")
        assert s3().get_object(Bucket=BUCKET, Key="a b/é.txt", Range="bytes=0-3")["Body"].read() == b"0123"


@pytest.mark.usefixtures("running")
class TestSdk:
    def test_put_copy_head_delete(self, tmp_path: Path) -> None:
        client = s3()
        (tmp_path / "f").write_bytes(b"from a file")
        with (tmp_path / "f").open("rb") as file:
            client.put_object(Bucket=BUCKET, Key="q/1", Body=file, ContentType="text/plain")
        client.copy_object(Bucket=BUCKET, Key="d/1", CopySource={"Bucket": BUCKET, "Key": "q/1"})
        client.delete_object(Bucket=BUCKET, Key="q/1")
        client.delete_object(Bucket=BUCKET, Key="q/1")
        head = client.head_object(Bucket=BUCKET, Key="d/1")
        assert (head["ContentLength"], head["ContentType"]) == (11, "text/plain")
        client.copy_object(
            Bucket=BUCKET,
            Key="d/1",
            CopySource={"Bucket": BUCKET, "Key": "d/1"},
            ContentType="image/png",
            MetadataDirective="REPLACE",
        )
        assert client.head_object(Bucket=BUCKET, Key="d/1")["ContentType"] == "image/png"
        with pytest.raises(ClientError) as missing:
            client.get_object(Bucket=BUCKET, Key="q/1")
        assert missing.value.response["Error"]["Code"] == "NoSuchKey"

    def test_replacing_leaves_one_content_file(self, running: Running) -> None:
        for content in (b"one", b"two"):
            s3().put_object(Bucket="once", Key="k", Body=content)
        assert len(list((running.runtime.places.objects / "once").glob("*.data"))) == 1
        assert s3().get_object(Bucket="once", Key="k")["Body"].read() == b"two"

    def test_a_wrong_secret_is_refused(self) -> None:
        with pytest.raises(ClientError) as denied:
            s3(aws_access_key_id=ACCESS_KEY, aws_secret_access_key="x").put_object(Bucket=BUCKET, Key="k", Body=b"")
        assert denied.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_objects_outlive_the_process(tmp_path: Path) -> None:
    ObjectStore(tmp_path).put("b", "k", [b"a", b"b"], "text/plain")
    again = ObjectStore(tmp_path)
    kept = again.find("b", "k")
    assert kept is not None and again.read("b", kept) == b"ab" and kept.size == 2


def test_old_header_signatures_are_refused() -> None:
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
        "x-amz-date": "20260101T000000Z", "x-amz-content-sha256": "x", "host": "h",
    }  # fmt: skip
    later = dt.datetime(2026, 1, 1, 0, 16, tzinfo=dt.UTC)
    with pytest.raises(Denied) as denied:
        check(SignedRequest("GET", "/b/k", "", headers), Credentials("a", "s"), later)
    assert denied.value.code == "RequestTimeTooSkewed"
