"""Files through a replica that does not have the workspace: they are passed on in pieces."""

import pytest
from _support.api import code
from _support.database import on_postgres
from _support.media import PNG, pdf, stream_down, stream_up, upload, uploaded

pytestmark = pytest.mark.skipif(not on_postgres(), reason="of PostgreSQL")


@pytest.mark.parametrize("workspace", range(4))
def test_a_file_goes_through_whichever_replica(cluster, workspace):
    content = pdf(400_000)
    for up in range(len(cluster.servers)):
        media = uploaded(cluster.api_at(up, workspace), content, filename=f"{up}.pdf")
        for down in range(len(cluster.servers)):
            answer = cluster.api_at(down, workspace).get(f"/v1/media/{media['id']}/content")
            assert answer.body == content and answer.headers["Content-Length"] == str(len(content))


def test_what_is_refused_there_is_told_here(cluster):
    for number in range(len(cluster.servers)):
        api = cluster.api_at(number)
        assert upload(api, PNG, kind="application/pdf").json()["errors"][0]["code"] == "type_mismatch"
        assert upload(api, PNG + b"\0" * (6 << 20), kind="image/png").status == 413
        assert code(api.get("/v1/media/med_01kb2v5m4q8x9r3t6w7y0z1a2c/content")) == "not_found"
        assert api.post("/v1/media", {"url": "https://10.0.0.1/a"}).json()["errors"][0]["code"] == "not_allowed"


def test_a_replica_that_passes_a_file_on_holds_none_of_it(cluster):
    number = cluster.stranger_of()
    server = cluster.servers[number]
    key = cluster.workspaces[0]["api_key"]
    uploaded(cluster.api_at(number), pdf())
    before = server.resident_bytes()
    media, digest = stream_up(server.base_url, key, 60 << 20, bytes(256 * 1024))
    assert media["sha256"] == digest
    assert stream_down(server.base_url, key, media["id"]) == (60 << 20, digest)
    assert server.resident_bytes() - before < 20 << 20
