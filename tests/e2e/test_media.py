"""Files: up to the provider, down from it, by address, anew, and gone; and all that is refused on the way."""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from _support.api import code
from _support.media import PNG, FileServer, form, pdf, sha256, stream_down, stream_up, upload, uploaded
from _support.people import owner_of
from _support.waiting import PATIENCE_SECONDS

DAY = 24 * 3600


@pytest.fixture(scope="module")
def api(shared):
    return shared.api


def fault_of(answer):
    """(status, pointer, code) of the first fault."""
    first = (answer.json().get("errors") or [{}])[0]
    return answer.status, first.get("pointer"), first.get("code")


def content_of(api, media_id, **more):
    return api.get(f"/v1/media/{media_id}/content", **more)


# --- up and down ---

def test_a_file_goes_up_and_comes_down(api):
    content = pdf(300_000)
    media = uploaded(api, content, filename="Rechnung „März“.pdf")
    assert (media["mime_type"], media["size"], media["sha256"]) == ("application/pdf", len(content), sha256(content))
    assert media["status"] == "available" and media["filename"] == "Rechnung „März“.pdf"
    assert api.get(f"/v1/media/{media['id']}").json() == media
    assert media in api.get("/v1/media").json()["data"]
    answer = content_of(api, media["id"])
    assert answer.body == content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''Rechnung%20%E2%80%9EM%C3%A4rz%E2%80%9C.pdf" in answer.headers["Content-Disposition"]


def test_a_part_of_a_file_comes_down(api):
    content = pdf(100_000)
    media = uploaded(api, content)
    etag = content_of(api, media["id"]).headers["ETag"]

    def part(wanted, **more):
        answer = content_of(api, media["id"], headers={"Range": wanted, **more})
        return answer.status, answer.headers.get("Content-Range"), answer.body
    assert part("bytes=0-9") == (206, "bytes 0-9/100000", content[:10])
    assert part("bytes=99990-") == (206, "bytes 99990-99999/100000", content[99990:])
    assert part("bytes=-5") == (206, "bytes 99995-99999/100000", content[-5:])
    assert part("bytes=0-9", **{"If-Range": etag}) == (206, "bytes 0-9/100000", content[:10])
    # The parts that are there are another file's.
    assert part("bytes=0-9", **{"If-Range": '"another"'}) == (200, None, content)
    assert part("bytes=0-9,20-29") == (200, None, content)
    answer = content_of(api, media["id"], headers={"Range": "bytes=100000-"})
    assert fault_of(answer) == (400, "Range", "out_of_range")


def test_a_type_that_is_not_said_is_seen(api):
    assert uploaded(api, PNG, filename="a", kind=None)["mime_type"] == "image/png"
    assert uploaded(api, PNG, filename="a", kind="application/octet-stream")["mime_type"] == "image/png"


def test_a_name_of_a_file_can_not_add_a_header(api):
    media = uploaded(api, pdf(), filename='a%22; x="%0D%0AX-Evil: 1.pdf'.replace("%0D%0A", ""))
    assert "X-Evil" not in content_of(api, media["id"]).headers


def test_a_message_may_name_a_file(shared, api):
    media = uploaded(api, PNG, filename="a.png", kind="image/png")
    sent = api.accept({"to": "+919876543001", "type": "image", "image": {"id": media["id"]}})
    api.wait_for_status(sent["id"], "read")
    assert shared.sim.times_taken("+919876543001") == 1


@pytest.mark.parametrize("body, status, pointer, why", [
    ({"id": "med_01kb2v5m4q8x9r3t6w7y0z1a2c"}, 400, "/image/id", "not_found"),
    ({"id": "med_nonsense"}, 400, "/image/id", "invalid_id"),
])
def test_a_message_can_not_name_what_is_not_there(api, body, status, pointer, why):
    assert fault_of(api.send({"to": "+919876543002", "type": "image", "image": body})) == (status, pointer, why)


def test_what_a_person_sent_comes_down(shared, api):
    received = shared.receiver(["message.received"])
    content = PNG + b"from somebody"
    shared.sim.http.forget()
    answer = shared.sim.http.request("POST", "/_sim/inbound_media?from=%2B919812345670&type=image&filename=x.png",
                                     headers={"Content-Type": "image/png"}, body=content)
    assert answer.status == 200, answer
    event = received.wait_for_type("message.received")
    provider_id = event.message["image"]["id"]
    assert content_of(api, provider_id).body == content
    media = api.get(f"/v1/media/{provider_id}").json()
    assert (media["direction"], media["mime_type"], media["sha256"]) == ("received", "image/png", sha256(content))
    assert "filename" not in media
    assert content_of(api, media["id"]).body == content
    assert media in api.get("/v1/media?direction=received").json()["data"]


# --- refused ---

@pytest.mark.parametrize("content, kind, fault", [
    (b"\x7fELF\2\1\1" + b"\0" * 100, "application/pdf", (400, "/file", "type_mismatch")),
    (b"<html><script>alert(1)</script></html>", "image/png", (400, "/file", "type_mismatch")),
    (PNG, "application/pdf", (400, "/file", "type_mismatch")),
    (PNG, "application/x-msdownload", (400, "/type", "not_supported")),
    (b"", "image/png", (400, "/file", "required")),
])
def test_a_file_is_what_its_type_says(shared, api, content, kind, fault):
    before = shared.sim.stats()["requests"]
    assert fault_of(upload(api, content, kind=kind)) == fault
    assert shared.sim.stats()["requests"] == before  # the provider never hears of it


@pytest.mark.parametrize("fields, pointer, why", [
    ({"from": "+15550009999"}, "/from", "not_found"),
    ({"connection_id": "con_01kb2v5m4q8x9r3t6w7y0z1a2b"}, "/connection_id", "not_found"),
    ({"sha256": "abc"}, "/sha256", "invalid_format"),
    ({"size": "many"}, "/size", "invalid_format"),
    ({"purpose": "fun"}, "/purpose", "invalid_value"),
    ({"nonsense": "1"}, "/nonsense", "unknown_field"),
    ({"sha256": "0" * 64}, "/sha256", "mismatch"),
    ({"size": "7"}, "/size", "mismatch"),
])
def test_a_field_that_is_wrong_is_named(api, fields, pointer, why):
    assert fault_of(upload(api, pdf(), **fields)) == (400, pointer, why)


def test_a_form_ends_with_its_file(api):
    headers, body = form(pdf())
    boundary = headers["Content-Type"].split("=")[1].encode()
    behind = body[:-4] + b'\r\nContent-Disposition: form-data; name="type"\r\n\r\nx\r\n--' + boundary + b"--\r\n"
    assert fault_of(api.post("/v1/media", behind, headers=headers)) == (400, "/type", "misplaced")
    nothing = b"--" + boundary + b"--\r\n"
    assert fault_of(api.post("/v1/media", nothing, headers=headers)) == (400, "/file", "required")
    assert api.post("/v1/media", body[:-len(boundary) - 10], headers=headers).status == 400
    assert api.post("/v1/media", b"hello", headers=headers).status == 400
    assert api.post("/v1/media", b"hello", headers={"Content-Type": "text/plain"}).status == 415


def refused_while_sending(shared, size, kind="image/png", said=None, fields=()):
    """What the server says while a client that never ends is sending; and how much it took."""
    head = b"".join(b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair for pair in fields)
    head += b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: ' + kind.encode() + b"\r\n\r\n" + PNG
    sent = 0
    with closing(socket.create_connection((shared.api.http.host, shared.api.http.port), timeout=PATIENCE_SECONDS)) as peer:
        peer.sendall((f"POST /v1/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shared.api.api_key}\r\n"
                      "Content-Type: multipart/form-data; boundary=XX\r\n"
                      f"Content-Length: {said or size + 100_000}\r\n\r\n").encode() + head)
        peer.settimeout(0.01)
        answer = b""
        piece = b"\0" * 65536
        while sent < size and not answer:
            try:
                sent += peer.send(piece)
            except TimeoutError:
                pass
            except OSError:
                break
            try:
                answer += peer.recv(65536)
            except (TimeoutError, ConnectionError):
                pass
        peer.settimeout(20)
        while b"\r\n\r\n" not in answer and (more := peer.recv(65536)):
            answer += more
    return int(answer.split()[1]), sent


def test_a_file_that_is_too_large_is_refused_while_it_comes(shared):
    status, sent = refused_while_sending(shared, 80 << 20)
    assert status == 413 and sent < 20 << 20


def test_a_size_that_is_too_large_is_refused_at_once(shared):
    status, sent = refused_while_sending(shared, 80 << 20, fields=[(b"size", b"6000000")])
    assert status == 413 and sent < 5 << 20
    assert refused_while_sending(shared, 0, said=200 << 20)[0] == 413


def test_a_client_that_goes_away_leaves_nothing(shared, api):
    headers, body = form(pdf(200_000))
    before = len(api.all_of("/v1/media"))
    with closing(socket.create_connection((api.http.host, api.http.port), timeout=PATIENCE_SECONDS)) as peer:
        peer.sendall((f"POST /v1/media HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.api_key}\r\n"
                      f"Content-Type: {headers['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body[:150_000])
    content = pdf()
    media = uploaded(api, content)  # the server goes on
    assert len(api.all_of("/v1/media")) == before + 1
    assert content_of(api, media["id"]).body == content


@pytest.mark.parametrize("act, answers", [("refuse", {(502, "provider_rejected")}),
                                          ("cut", {(504, "provider_timeout"), (502, "provider_unreachable")})])
def test_a_provider_that_fails_in_the_middle_is_told(shared, api, act, answers):
    shared.sim.settings(upload_fault={"after_bytes": 100_000, "do": act})
    answer = upload(api, pdf(5_000_000))
    assert (answer.status, code(answer)) in answers
    assert upload(api, pdf(5_000_000)).status == 201


# --- by address ---

def by_url(api, url, **more):
    return api.post("/v1/media", {"url": url, **more})


def test_a_file_is_fetched(api):
    content = pdf(500_000)
    pages = {"/a/invoice.pdf": (200, {"Content-Type": "application/pdf"}, content),
             "/old": (302, {"Location": "/a/invoice.pdf?token=secret"}, b"")}
    with FileServer(pages) as files:
        answer = by_url(api, f"{files.url}/old?token=secret")
        media = answer.json()
        assert answer.status == 201, answer
        assert (media["size"], media["filename"]) == (len(content), "invoice.pdf")
        assert media["source_url"] == f"{files.url}/old"
        assert all("Authorization" not in headers for _, headers in files.asked)
    assert content_of(api, media["id"]).body == content


@pytest.mark.parametrize("url", ["https://10.0.0.1/a.pdf", "https://169.254.169.254/latest", "https://192.168.1.1/a",
                                 "https://[fd00::1]/a", "https://100.64.0.1/a"])
def test_a_private_address_is_not_fetched(api, url):
    assert fault_of(by_url(api, url)) == (400, "/url", "not_allowed")


def test_a_redirect_to_a_private_address_is_not_followed(api):
    pages = {"/a": (302, {"Location": "https://169.254.169.254/latest/meta-data"}, b"")}
    with FileServer(pages) as files:
        assert fault_of(by_url(api, f"{files.url}/a")) == (400, "/url", "not_allowed")


def test_redirects_have_an_end(api):
    with FileServer({"/a": (302, {"Location": "/a"}, b"")}) as files:
        assert fault_of(by_url(api, f"{files.url}/a")) == (400, "/url", "too_many_redirects")
        assert len(files.asked) == 4


def test_what_can_not_be_fetched_is_told(api):
    with FileServer({"/b": (200, {"Content-Type": "application/pdf"}, PNG)}) as files:
        assert fault_of(by_url(api, f"{files.url}/nothing")) == (400, "/url", "not_found")
        assert fault_of(by_url(api, f"{files.url}/b")) == (400, "/file", "type_mismatch")
    assert fault_of(by_url(api, "http://127.0.0.1:9/a")) == (400, "/url", "unreachable")
    assert fault_of(by_url(api, "nonsense")) == (400, "/url", "invalid_format")
    assert fault_of(api.post("/v1/media", {})) == (400, "/url", "required")
    assert fault_of(api.post("/v1/media", {"url": "https://a.example", "media_id": "x"})) == (400, "/url", "required")


# --- the same again ---

def test_the_same_bytes_share_an_upload(api):
    content = pdf()
    first = uploaded(api, content, filename="a.pdf")
    second = uploaded(api, content, filename="b.pdf")
    third = uploaded(api, content, filename="c.pdf", sha256=sha256(content))
    assert len({each["id"] for each in (first, second, third)}) == 3
    assert {each["provider_media_id"] for each in (second, third)} == {first["provider_media_id"]}
    assert third["filename"] == "c.pdf"
    # As long as one of them is there the provider keeps it.
    for each in (first, second):
        assert api.request("DELETE", f"/v1/media/{each['id']}").json()["status"] == "deleted"
    assert content_of(api, third["id"]).body == content
    assert content_of(api, first["id"]).status == 404


def test_what_is_known_is_not_sent_again(shared, api):
    content = pdf(400_000)
    uploaded(api, content)
    # Whatever goes to the provider would fail.
    shared.sim.settings(upload_fault={"after_bytes": 0, "do": "refuse"})
    try:
        assert upload(api, content, sha256=sha256(content)).status == 201
    finally:
        assert upload(api, pdf()).status == 502  # the fault is used up


def test_a_key_makes_one_file(api):
    content = pdf()
    headers = {"Idempotency-Key": "media-once"}
    first = upload(api, content, headers=headers)
    again = upload(api, content, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert again.json() == first.json() and again.headers["Idempotent-Replayed"] == "true"
    assert code(upload(api, content, headers=headers, filename="other.pdf")) == "idempotency_key_reused"
    with FileServer({"/a": (200, {}, content)}) as files:
        headers = {"Idempotency-Key": "media-by-url"}
        made = [api.post("/v1/media", {"url": f"{files.url}/a"}, headers=headers).json()["id"] for _ in range(2)]
        assert made[0] == made[1] and len(files.asked) == 1


def test_a_key_whose_call_failed_is_free_again(api):
    headers = {"Idempotency-Key": "media-failed"}
    assert upload(api, PNG, headers=headers).status == 400
    assert upload(api, pdf(), headers=headers).status == 201


# --- gone ---

def test_a_deleted_file_is_gone_at_the_provider(shared, api):
    media = uploaded(api, pdf(), filename="a.pdf")
    assert api.request("DELETE", f"/v1/media/{media['id']}").status == 200
    assert api.request("DELETE", f"/v1/media/{media['id']}").status == 200
    document = {"to": "+919876543003", "type": "document", "document": {"id": media["id"]}}
    assert fault_of(api.send(document)) == (400, "/document/id", "deleted")
    document["document"]["id"] = media["provider_media_id"]
    assert api.wait_for_status(api.accept(document)["id"], "failed")["error"]["provider"]["code"] == 100


def test_a_file_ends_with_its_life(make_stack):
    stack = make_stack()
    media = uploaded(stack.api, pdf())
    stack.sim.call("POST", "clock", {"advance_seconds": 31 * DAY})
    answer = content_of(stack.api, media["id"])
    assert (answer.status, code(answer)) == (404, "not_found")


def test_an_address_that_has_expired_is_looked_up_anew(make_stack):
    stack = make_stack()
    content = pdf()
    media = uploaded(stack.api, content)
    for _ in range(2):
        assert content_of(stack.api, media["id"]).body == content
        stack.sim.call("POST", "clock", {"advance_seconds": 600})


# --- whose ---

def test_another_workspaces_files_are_not_there(make_stack):
    stack = make_stack(settings={"SANDBOX_WORKSPACES": 2})
    media = uploaded(stack.api, PNG, filename="a.png", kind="image/png")
    other = stack.server.sandbox["workspaces"][1]["api_key"]
    for target in (media["id"], media["provider_media_id"]):
        for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
            answer = stack.api.request(method, f"/v1/media/{target}{path}", key=other)
            assert (answer.status, code(answer)) == (404, "not_found")
    message = {"to": "+919876543004", "type": "image", "image": {"id": media["id"]}}
    answer = stack.api.post("/v1/messages", message, key=other)
    assert fault_of(answer) == (400, "/image/id", "not_found")
    assert fault_of(stack.api.post("/v1/media", {"media_id": media["id"]}, key=other)) == (400, "/media_id", "not_found")


def test_the_other_mode_has_none(shared, api):
    media = uploaded(api, pdf())
    owner = owner_of(shared.server)
    assert owner.get(f"/v1/media/{media['id']}", headers={"Connect-Mode": "live"}).status == 404
    assert owner.get(f"/v1/media/{media['id']}", headers={"Connect-Mode": "test"}).status == 200


# --- samples and pictures ---

@pytest.mark.parametrize("purpose", ["template_header", "profile_picture"])
def test_a_sample_has_a_handle(api, purpose):
    media = uploaded(api, PNG, filename="a.png", kind="image/png", purpose=purpose)
    assert media["header_handle"].startswith("4::") and "provider_media_id" not in media
    assert content_of(api, media["id"]).status == 404
    image = {"to": "+919876543005", "type": "image", "image": {"id": media["id"]}}
    assert fault_of(api.send(image)) == (400, "/image/id", "wrong_purpose")


def test_a_sample_goes_on_where_it_was_cut(shared, api):
    shared.sim.settings(upload_fault={"after_bytes": 20_000, "do": "cut"})
    media = uploaded(api, pdf(100_000), purpose="template_header")
    assert media["header_handle"].startswith("4::")


def test_a_sample_has_types_of_its_own(api):
    answer = upload(api, b"hello\n" * 10, filename="a.txt", kind="text/plain", purpose="template_header")
    assert fault_of(answer) == (400, "/type", "not_supported")


# --- how large, and how many ---

# (bytes, at once): the whole of it takes minutes, and 6 GB of disk: FLOWSELL_MEDIA_LARGE=1 asks for it.
LOADS = [(100 << 20, 64)] if os.environ.get("FLOWSELL_MEDIA_LARGE") else [(100 << 20, 1), (4 << 20, 64)]


@pytest.mark.parametrize("size, count", LOADS)
def test_the_server_holds_no_file(make_stack, size, count):
    """The simulator is a process of its own, so what grows is the server."""
    stack = make_stack()
    url, key = stack.api.base_url, stack.api.api_key
    uploaded(stack.api, pdf())  # libmagic's table is there from now on
    before = stack.server.resident_bytes()
    seen = [before]
    piece = bytes(256 * 1024)
    with ThreadPoolExecutor(count) as pool:
        made = pool.map(lambda _: stream_up(url, key, size, piece), range(count))
        made = watched(stack, seen, lambda: list(made))
        got = pool.map(lambda pair: stream_down(url, key, pair[0]["id"]), made)
        got = watched(stack, seen, lambda: list(got))
    assert got == [(size, digest) for _, digest in made]
    assert all(media["sha256"] == digest for media, digest in made)
    print(f"{count} x {size >> 20} MB: from {before >> 20} MB, at most {max(seen) >> 20} MB")
    assert max(seen) - before < 20 << 20, [each >> 20 for each in seen]


def watched(stack, seen, work):
    """What `work` gives; how much the server holds meanwhile goes to `seen`."""
    done = threading.Event()

    def watch():
        while not done.wait(0.02):
            seen.append(stack.server.resident_bytes())
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        return work()
    finally:
        done.set()
        watcher.join()
