"""The Graph-compatible door: Meta's own requests with an API key, answered in Meta's shapes, by the API's own way."""

import pytest

from _support.api import KEY_OF_NOBODY, text_to
from _support.graph import Graph, code_of
from _support.people import owner_of
from _support.signing import ACCOUNT_ID

DAY = 24 * 3600

SENT = {
    "text": {"body": "See https://example.com/track", "preview_url": True},
    "image": {"link": "https://example.com/parcel.jpg", "caption": "Your parcel"},
    "video": {"id": "1037543291543636", "caption": "How to unpack it"},
    "audio": {"id": "1037543291543637", "voice": True},
    "document": {"link": "https://example.com/invoice.pdf", "caption": "Your invoice", "filename": "invoice.pdf"},
    "sticker": {"link": "https://example.com/thanks.webp"},
    "location": {"latitude": "18.5204", "longitude": 73.8567, "name": "Example Shop", "address": None},
    "contacts": [{"name": {"formatted_name": "Ana Diaz", "first_name": "Ana"}, "phones": [{"phone": "+919876500000"}]}],
    "reaction": {"message_id": "wamid.HBgMOTE5ODc2NTQzMjEwFQIAERgSNUYwQjlDMTIzNDU2Nzg5MEFCAA==", "emoji": "👍"},
    "interactive": {"type": "list", "body": {"text": "Which one?"}, "action": {
        "button": "Open", "sections": [{"title": "S", "rows": [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]}]}},
    "template": {"name": "order_shipped", "language": {"policy": "deterministic", "code": "en_US"},
                 "components": [{"type": "BODY", "parameters": [{"type": "text", "text": "A-1001"}]}]},
}


@pytest.fixture(scope="module")
def graph(shared):
    return Graph.of_door(shared)


def key_with(stack, *scopes, **more):
    made = owner_of(stack.server).make_key(scopes=scopes, **more)
    assert made.status == 201, made
    return made.json()["key"]


# --- sending ---

@pytest.mark.parametrize("kind", SENT)
def test_each_kind_is_sent_and_answered_with_metas_id(shared, graph, kind):
    to = f"+9198112{list(SENT).index(kind):05}"
    answer = graph.send({"to": to, "type": kind, kind: SENT[kind]})
    assert answer.status == 200, answer
    body = answer.json()
    [taken] = shared.sim.taken(to)
    assert body["messaging_product"] == "whatsapp"
    assert body["contacts"] == [{"input": to, "wa_id": to[1:]}]
    assert [each["id"] for each in body["messages"]] == [taken["id"]]
    assert (body["messages"][0].get("message_status") == "accepted") == (kind == "template")


def test_a_text_without_a_type_and_a_number_as_meta_answers_it(shared, graph):
    answer = graph.send({"to": "91 98112-10001", "text": {"body": "Hi"}})
    assert answer.json()["contacts"] == [{"input": "91 98112-10001", "wa_id": "919811210001"}]
    assert shared.sim.times_taken("+919811210001") == 1


def test_a_user_without_a_number_and_a_group(graph):
    user = graph.send({"recipient": "DE.13491208655302741918", "type": "text", "text": {"body": "Hi"}})
    assert user.json()["contacts"] == [{"input": "DE.13491208655302741918", "user_id": "DE.13491208655302741918"}]
    group = "Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"
    assert graph.send({**text_to(group), "recipient_type": "group"}).status == 200


def test_a_marketing_template_goes_by_its_own_address(shared, graph):
    template = {"to": "+919811210002", "type": "template", "template": SENT["template"]}
    answer = graph.send({**template, "product_policy": "STRICT", "message_activity_sharing": True}, edge="marketing_messages")
    assert answer.status == 200, answer
    assert code_of(graph.send(text_to("+919811210002"), edge="marketing_messages")) == (400, 131009, 0)


def test_a_message_is_marked_as_read(shared, graph):
    wamid = shared.sim.inbound("+919811210003")["id"]
    answer = graph.send({"status": "read", "message_id": wamid, "typing_indicator": {"type": "text"}})
    assert (answer.status, answer.json()) == (200, {"success": True})


def test_the_clients_own_data_is_kept_beside_ours(shared, graph):
    graph.send(text_to("+919811210004", biz_opaque_callback_data="order-42"))
    [taken] = shared.sim.taken("+919811210004")
    message = shared.api.message(taken["biz_opaque_callback_data"])
    assert message["metadata"] == {"biz_opaque_callback_data": "order-42"}


def test_it_counts_as_any_message(stack):
    used = stack.api.quota()["used"]
    assert Graph.of_door(stack).send(text_to("+919811210005")).status == 200
    assert stack.api.quota()["used"] == used + 1


# --- the same key twice ---

def test_the_same_key_sends_once_and_answers_alike(shared, graph):
    first = graph.send(text_to("+919811210006"), key="order-1")
    again = graph.send(text_to("+919811210006"), key="order-1")
    assert (first.status, again.status) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shared.sim.times_taken("+919811210006") == 1


def test_the_same_key_for_another_message_is_refused(shared, graph):
    graph.send(text_to("+919811210007"), key="order-2")
    other = graph.send(text_to("+919811210007", "Another one."), key="order-2")
    assert code_of(other) == (400, 100, 0)
    assert other.json()["error"]["error_data"]["flowsell_code"] == "idempotency_key_reused"
    assert shared.sim.times_taken("+919811210007") == 1


# --- what the provider says ---

def test_a_refusal_of_the_provider_comes_as_it_is(graph):
    assert code_of(graph.send(text_to("+1555131009"))) == (400, 131009, 0)
    assert code_of(graph.send(text_to("+1555132001"))) == (404, 132001, 0)
    assert code_of(graph.send(text_to("+1555131031"))) == (403, 131031, 0)


def test_what_could_be_sent_later_only_was_not_sent(stack):
    """A pair's limit comes again and again: the client is told, and nothing is left to be sent."""
    stack.sim.fault({"rate_limit": True, "error": 130429, "retry_after": 60}, to="+919811210008")
    answer = Graph.of_door(stack).send(text_to("+919811210008"))
    assert code_of(answer) == (429, 130429, 0)
    message = stack.api.message(answer.json()["error"]["error_data"]["flowsell_message_id"])
    assert message["status"] == "failed"
    assert stack.is_idle()


def test_an_unknown_outcome_does_not_look_like_not_sent(stack):
    stack.sim.fault({"drop": "after"}, times=1, to="+919811210009")
    graph = Graph.of_door(stack)
    answer = graph.send(text_to("+919811210009"), key="order-3")
    status, code, _ = code_of(answer)
    error = answer.json()["error"]
    assert (status, code, error["is_transient"]) == (409, 990504, False)
    message = error["error_data"]["flowsell_message_id"]
    # The provider's own status proves it, and the same key tells the truth then.
    stack.api.wait_for_status(message, "delivered", "read")
    again = graph.send(text_to("+919811210009"), key="order-3")
    assert again.status == 200
    assert stack.sim.times_taken("+919811210009") == 1
    assert [each["id"] for each in again.json()["messages"]] == [stack.sim.taken("+919811210009")[0]["id"]]


# --- who may ---

def test_a_key_that_is_none_is_metas_190(graph):
    for token in ("EAAG-a-token-of-metas", KEY_OF_NOBODY, "fsk_test_x"):
        answer = graph.send(text_to("+919811210010"), token=token)
        assert code_of(answer) == (401, 190, 467), token
        assert answer.json()["error"]["type"] == "OAuthException"
    assert code_of(graph.send(text_to("+919811210010"), token=None)) == (401, 190, 0)


def test_oauth_is_another_word_for_bearer(graph):
    answer = graph.call("GET", graph.phone, token=None, headers={"Authorization": f"OAuth {graph.token}"})
    assert (answer.status, answer.json()["id"]) == (200, graph.phone)


def test_a_key_in_an_address_does_not_count_and_is_nowhere(shared, graph):
    answer = graph.call("POST", f"{graph.phone}/messages?access_token={graph.token}",
                        {"messaging_product": "whatsapp", **text_to("+919811210011")}, token=None)
    assert code_of(answer) == (401, 190, 0)
    assert "Authorization" in answer.json()["error"]["error_data"]["details"]
    assert code_of(graph.call("GET", f"{graph.phone}?access_token={graph.token}")) == (400, 100, 0)
    assert graph.token not in shared.server.log_text()
    assert shared.sim.times_taken("+919811210011") == 0


def test_scopes_are_asked_for(shared, graph):
    reader = key_with(shared, "messages:read", "templates:read", "connections:read")
    assert code_of(graph.send(text_to("+919811210012"), token=reader)) == (403, 200, 0)
    assert code_of(graph.call("POST", f"{ACCOUNT_ID}/message_templates", {"name": "x"}, token=reader)) == (403, 200, 0)
    assert code_of(graph.call("POST", f"{graph.phone}/register", {"pin": "123456"}, token=reader)) == (403, 200, 0)
    assert graph.call("GET", f"{ACCOUNT_ID}/message_templates", token=reader).status == 200
    sender = key_with(shared, "messages:send")
    assert code_of(graph.call("GET", graph.phone, token=sender)) == (403, 200, 0)
    assert code_of(graph.call("GET", f"{ACCOUNT_ID}/message_templates", token=sender)) == (403, 200, 0)


def test_another_workspaces_number_and_account_are_not_there(make_stack):
    stack = make_stack(settings={"SANDBOX_WORKSPACES": 2}, simulator={"numbers": 2})
    mine, other = (Graph(f"{stack.server.base_url}/graph", each["api_key"], each["phone_number_id"])
                   for each in stack.server.sandbox["workspaces"])
    account = str(int(ACCOUNT_ID) + 1)
    assert other.call("GET", account).status == 200
    assert mine.send(text_to("+919811210013"), phone=other.phone).json()["error"]["error_subcode"] == 33
    for method, path in [("GET", other.phone), ("POST", f"{other.phone}/register"), ("GET", account),
                         ("GET", f"{account}/message_templates"), ("DELETE", f"{account}/message_templates?name=x"),
                         ("GET", f"{account}/phone_numbers")]:
        assert code_of(mine.call(method, path, {} if method == "POST" else None)) == (400, 100, 33), path
    made = other.call("POST", f"{account}/message_templates", TEMPLATE)
    assert made.status == 200, made
    template = made.json()["id"]
    assert other.call("GET", template).status == 200
    assert code_of(mine.call("GET", template)) == (400, 100, 33)
    assert code_of(mine.call("POST", template, {"category": "UTILITY"})) == (400, 100, 33)
    assert stack.sim.times_taken("+919811210013") == 0


def test_a_key_for_one_sender_does_not_reach_another(make_stack):
    stack = make_stack()
    owner = owner_of(stack.server)
    [mine] = stack.api.get("/v1/senders").json()["data"]
    made = owner.make_key(scopes=["messages:send", "connections:read"], sender_ids=[mine["id"]])
    assert made.status == 201, made
    graph = Graph.of_door(stack, made.json()["key"])
    assert graph.send(text_to("+919811210014")).status == 200
    assert graph.call("GET", graph.phone).status == 200


# --- what is no call ---

def test_what_is_no_path_of_the_graphs(graph):
    answer = graph.http.request("GET", "/graph/v25.0", headers={"Authorization": f"Bearer {graph.token}"})
    assert answer.json()["error"]["code"] == 2500
    assert answer.json()["error"]["message"] == "Unknown path components: /v25.0"
    for path in ("me", "debug_token", "oauth", f"{graph.phone}/calls", f"{graph.phone}/nothing", "999999999999"):
        assert code_of(graph.call("GET", path)) == (400, 100, 33), path


def test_a_path_without_a_version_is_one_too(graph):
    answer = graph.http.request("GET", f"/graph/{graph.phone}", headers={"Authorization": f"Bearer {graph.token}"})
    assert (answer.status, answer.json()["id"]) == (200, graph.phone)


def test_a_wrong_method_is_an_unsupported_request(graph):
    answer = graph.call("DELETE", graph.phone)
    assert code_of(answer) == (400, 100, 33)
    assert answer.json()["error"]["message"].startswith("Unsupported delete request.")
    assert code_of(graph.call("GET", f"{graph.phone}/messages")) == (400, 100, 33)


@pytest.mark.parametrize("body, code", [
    ("{", 100), ("[]", 100), ("{}", 100), ('{"messaging_product":"whatsapp"}', 131008),
    ('{"messaging_product":"whatsapp","to":"+919811210015","type":"poll","poll":{}}', 131051),
    ('{"messaging_product":"whatsapp","to":"+919811210015","text":{"body":""}}', 131009),
    ('{"messaging_product":"whatsapp","to":"0151","text":{"body":"x"}}', 131009),
    ('{"messaging_product":"whatsapp","to":"+919811210015","text":{"body":"x"},"from":"+4915155500001"}', 100),
])
def test_a_bad_body_is_told_as_meta_tells_it(graph, body, code):
    answer = graph.call("POST", f"{graph.phone}/messages", body)
    assert code_of(answer)[:2] == (400, code), answer


def test_another_kind_of_body_and_a_huge_one(graph):
    form = graph.call("POST", f"{graph.phone}/messages", "to=1", headers={"Content-Type": "text/plain"})
    assert code_of(form) == (400, 100, 0)
    huge = {"messaging_product": "whatsapp", **text_to("+919811210016", "x" * 1_200_000)}
    assert code_of(graph.call("POST", f"{graph.phone}/messages", huge)) == (413, 100, 0)


# --- files ---

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def upload(graph, parts, **more):
    """`parts`: name, head behind it, and bytes, as they come."""
    body = b"".join(b'--cut\r\nContent-Disposition: form-data; name="' + name + b'"' + head + b"\r\n\r\n" + content + b"\r\n"
                    for name, head, content in parts) + b"--cut--\r\n"
    return graph.call("POST", f"{graph.phone}/media", body, headers={"Content-Type": "multipart/form-data; boundary=cut"}, **more)


FILE = (b"file", b'; filename="a.pdf"\r\nContent-Type: application/pdf', PDF)
FIELDS = [(b"messaging_product", b"", b"whatsapp"), (b"type", b"", b"application/pdf")]


@pytest.mark.parametrize("parts", [[*FIELDS, FILE], [FILE, *FIELDS], [FIELDS[0], FILE, FIELDS[1]]])
def test_a_file_goes_up_in_any_order_and_comes_back(stack, parts):
    graph = Graph.of_door(stack)
    made = upload(graph, parts)
    assert made.status == 200, made
    file = made.json()["id"]
    shown = graph.call("GET", f"{file}?phone_number_id={graph.phone}").json()
    assert (shown["id"], shown["mime_type"], int(shown["file_size"])) == (file, "application/pdf", len(PDF))
    assert shown["url"] == f"{graph.url}/v25.0/{file}/content"
    path = shown["url"].removeprefix(stack.server.base_url)
    assert graph.http.request("GET", path, headers={"Authorization": f"Bearer {graph.token}"}).body == PDF
    assert graph.http.request("GET", path, headers={}).json()["error"]["code"] == 190
    assert graph.send({"to": "+919811210020", "type": "document", "document": {"id": file}}).status == 200
    assert graph.call("DELETE", file).json() == {"success": True}
    assert code_of(graph.call("GET", file)) == (400, 100, 33)


def test_an_upload_is_good_for_metas_whole_thirty_days(make_stack):
    stack = make_stack()
    graph = Graph.of_door(stack)
    older = upload(graph, [*FIELDS, FILE]).json()["id"]
    stack.sim.call("POST", "clock", {"advance_seconds": 25 * DAY})
    file = upload(graph, [*FIELDS, FILE]).json()["id"]
    assert file != older
    stack.sim.call("POST", "clock", {"advance_seconds": 29 * DAY})
    assert graph.call("GET", file).json()["id"] == file
    assert graph.send({"to": "+919811210022", "type": "document", "document": {"id": file}}).status == 200
    assert code_of(graph.call("GET", older)) == (400, 100, 33)
    assert graph.call("DELETE", file).json() == {"success": True}


def test_a_part_of_a_file_is_read(stack):
    graph = Graph.of_door(stack)
    file = upload(graph, [*FIELDS, FILE]).json()["id"]
    url = graph.call("GET", file).json()["url"].removeprefix(stack.server.base_url)

    def read(**headers):
        return graph.http.request("GET", url, headers={"Authorization": f"Bearer {graph.token}", **headers})
    part = read(Range="bytes=5-9")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, PDF[5:10], f"bytes 5-9/{len(PDF)}")
    assert (read(**{"Range": "bytes=5-9", "If-Range": '"another"'}).status) == 200
    assert code_of(read(Range="bytes=9999-"))[:2] == (400, 131009)


def test_a_customers_file_is_read(stack):
    graph, receiver = Graph.of_door(stack), stack.receiver()
    body = b"\x89PNG\r\n\x1a\n" + bytes(100)
    stack.sim.http.request("POST", "/_sim/inbound_media?from=%2B919811210021&type=image", body=body, headers={"Content-Type": "image/png"})
    file = receiver.wait_for_type("message.received").message["image"]["id"]
    provider_id = stack.api.get(f"/v1/media/{file}").json()["provider_media_id"] if file.startswith("med_") else file
    shown = graph.call("GET", provider_id).json()
    answer = graph.http.request("GET", shown["url"].removeprefix(stack.server.base_url),
                                headers={"Authorization": f"Bearer {graph.token}"})
    assert answer.body == body


def test_a_form_without_a_file_and_a_file_of_another_workspace(make_stack):
    stack = make_stack(settings={"SANDBOX_WORKSPACES": 2}, simulator={"numbers": 2})
    mine, other = (Graph(f"{stack.server.base_url}/graph", each["api_key"], each["phone_number_id"])
                   for each in stack.server.sandbox["workspaces"])
    assert code_of(upload(mine, FIELDS)) == (400, 131008, 0)
    assert code_of(mine.call("POST", f"{mine.phone}/media", {"file": "x"}))[:2] == (400, 100)
    file = upload(other, [*FIELDS, FILE]).json()["id"]
    for method, path in [("GET", file), ("GET", f"{file}/content"), ("DELETE", file)]:
        assert code_of(mine.call(method, path)) == (400, 100, 33), path
    assert other.call("GET", file).status == 200
    reader = key_with(stack, "messages:read")
    assert code_of(upload(mine, [*FIELDS, FILE], token=reader)) == (403, 200, 0)


# --- what is passed on ---

TEMPLATE = {"name": "door_ready", "language": "en_US", "category": "UTILITY",
            "components": [{"type": "BODY", "text": "Your order {{1}} is ready now.", "example": {"body_text": [["A-1"]]}}]}


def test_templates_are_made_listed_edited_and_deleted(stack):
    graph = Graph.of_door(stack)
    stack.sim.call("POST", "templates", {"review_after_ms": 0})
    ids = []
    for nth in range(3):
        made = graph.call("POST", f"{ACCOUNT_ID}/message_templates", {**TEMPLATE, "name": f"door_{nth}"})
        assert made.status == 200, made
        ids.append(made.json()["id"])
    assert graph.call("GET", f"{ids[0]}?fields=name,status").json()["name"] == "door_0"
    page = graph.call("GET", f"{ACCOUNT_ID}/message_templates?limit=2&fields=id,name").json()
    assert len(page["data"]) == 2
    following = page["paging"]["next"]
    assert following.startswith(f"{stack.server.base_url}/graph/v25.0/{ACCOUNT_ID}/message_templates?")
    assert "access_token" not in following
    rest = graph.http.request("GET", following.removeprefix(stack.server.base_url),
                              headers={"Authorization": f"Bearer {graph.token}"}).json()
    assert {each["id"] for each in page["data"] + rest["data"]} == set(ids)
    assert graph.call("POST", ids[1], {"components": [{"type": "BODY", "text": "Your order is ready."}]}).status == 200
    gone = graph.call("DELETE", f"{ACCOUNT_ID}/message_templates?name=door_2&hsm_id={ids[2]}")
    assert gone.json() == {"success": True}
    assert code_of(graph.call("GET", ids[2])) == (400, 100, 33)
    assert code_of(graph.call("POST", f"{ACCOUNT_ID}/message_templates", {"name": "No", "language": "en_US"}))[:2] == (400, 100)


def test_numbers_and_their_profile(stack):
    graph = Graph.of_door(stack)
    assert [each["id"] for each in graph.call("GET", f"{ACCOUNT_ID}/phone_numbers").json()["data"]] == [graph.phone]
    assert graph.call("GET", f"{graph.phone}?fields=display_phone_number,quality_rating").json()["id"] == graph.phone
    changed = graph.call("POST", f"{graph.phone}/whatsapp_business_profile",
                         {"messaging_product": "whatsapp", "about": "We deliver"})
    assert changed.json() == {"success": True}
    profile = graph.call("GET", f"{graph.phone}/whatsapp_business_profile?fields=about").json()
    assert profile["data"][0]["about"] == "We deliver"
    code = graph.call("POST", f"{graph.phone}/message_qrdls",
                      "prefilled_message=Hello%20there&generate_qr_image=PNG",
                      headers={"Content-Type": "application/x-www-form-urlencoded"}).json()["code"]
    assert graph.call("GET", f"{graph.phone}/message_qrdls/{code}").status == 200
    assert graph.call("DELETE", f"{graph.phone}/message_qrdls/{code}").json() == {"success": True}


def test_changes_are_on_record_before_they_are_made(stack):
    graph = Graph.of_door(stack)
    graph.call("POST", f"{graph.phone}/whatsapp_business_profile", {"messaging_product": "whatsapp", "about": "We deliver"})
    [act] = [each for each in stack.api.get("/v1/audit_events?act=graph.called").json()["data"]]
    assert act["after"] == {"method": "POST", "edge": "whatsapp_business_profile"}
    assert act["target"].startswith("snd_")


@pytest.mark.parametrize("method, path, body", [
    ("POST", "{account}/subscribed_apps", {"override_callback_uri": "https://evil.example", "verify_token": "x"}),
    ("DELETE", "{account}/subscribed_apps", None),
    ("POST", "{phone}", {"webhook_configuration": {"override_callback_uri": "https://evil.example"}}),
    ("POST", "{account}/phone_numbers", {"cc": "49", "phone_number": "1510000001"}),
    ("POST", "{account}/assigned_users?user=1", None),
    ("GET", "{phone}?method=delete", None),
    ("GET", "{phone}?ids=1,2", None),
    ("GET", "{phone}?%20method=delete", None),
    ("GET", "{phone}?ids[0]=1", None),
    ("GET", "{account}?fields=owner_business_info.fields(id)", None),
    ("POST", "{phone}", {"fields": "whatsapp_business_account{id}"}),
    ("GET", "{account}?fields=owner_business_info%7Bid%7D", None),
    ("POST", "{phone}/register", {"pin": "123456", "access_token": "EAAx"}),
])
def test_what_would_move_a_callback_or_reach_elsewhere_is_refused_with_words(graph, method, path, body):
    answer = graph.call(method, path.format(phone=graph.phone, account=ACCOUNT_ID), body)
    assert code_of(answer) == (400, 100, 0), answer
    assert len(answer.json()["error"]["error_data"]["details"]) > 20


@pytest.mark.parametrize("status", [502, 503, 200])
def test_a_page_of_the_providers_is_not_passed_on(stack, status):
    graph = Graph.of_door(stack)
    wamid = graph.send(text_to("+919811210018")).json()["messages"][0]["id"]
    stack.sim.fault({"http": status, "body": "<html>Sorry</html>"}, scope="reads", times=1)
    answer = graph.call("POST", f"{graph.phone}/messages", {"messaging_product": "whatsapp", "status": "read", "message_id": wamid})
    assert code_of(answer) == (503, 2, 0), answer
    assert answer.json()["error"]["is_transient"] is True and b"Sorry" not in answer.body


def test_the_connections_own_token_is_refused_and_the_key_is_not_blamed(make_stack):
    stack = make_stack()
    stack.sim.fault({"error": 190}, to="+919811210017")
    answer = Graph.of_door(stack).send(text_to("+919811210017"))
    assert code_of(answer) == (403, 131005, 0)
    assert answer.json()["error"]["error_data"]["flowsell_code"] == "token_invalid"
