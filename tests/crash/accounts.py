"""The accounts after crashes (DESIGN 7): what a workspace shows, held against what its clients and the simulator saw."""

from collections import Counter, defaultdict
from itertools import pairwise

from _support.waiting import wait_until

SENT = {"sent", "delivered", "read"}
# Of accounts_of() and nothing_unheard_of().
NAMES_OF_ACCOUNTS = [
    "every 202 exists",
    "nothing exists that nobody asked for",
    "accepted = sent + failed + unknown + queued",
    "unknown at the end = what the simulator never saw",
    "the simulator saw nothing twice",
    "the simulator saw nothing that was not accepted",
    "quota used = accepted",
    "usage counts each acceptance once",
    "the same key gives the same message",
    "messages of one recipient kept their order",
    "every end of a message is told",
    "each is told under one webhook-id",
]


class Equation:
    """Of several workspaces it holds when it does of each; their numbers stand one behind the other."""

    def __init__(self, name, holds, numbers):
        self.name, self.holds, self.numbers = name, bool(holds), numbers

    def __str__(self):
        return f"{'holds' if self.holds else 'BROKEN'}: {self.name}: {self.numbers}"


def summed(of_each):
    """Lists of the same equations, one list a workspace."""
    return [Equation(same[0].name, all(each.holds for each in same), "; ".join(each.numbers for each in same))
            for same in zip(*of_each)]


def wait_until_settled(servers):
    """Everything that can still happen has happened. Of a Stack, or of Replicas."""
    wait_until(servers.is_idle, "the outbox is empty", seconds=120)
    wait_until(lambda: servers.sim.stats()["webhooks_waiting"] == 0, "all statuses are told", seconds=120)
    wait_until(servers.deliveries_done, "all deliveries are done", seconds=120)


def accounts_of(api, load, receiver, sim):
    """After wait_until_settled(). `load` sent all of the workspace's messages."""
    messages = {message["id"]: message["status"] for message in api.all_of("/v1/messages")}
    acknowledged = set(load.acknowledged.values())
    everything = Counter(each["biz_opaque_callback_data"] for each in sim.taken())
    seen = Counter({message_id: times for message_id, times in everything.items() if message_id in messages})
    count = Counter(messages.values())
    sent = sum(count[status] for status in SENT)
    queued = count["accepted"] + count["sending"]
    unknown = {message_id for message_id, status in messages.items() if status == "unknown"}
    failed = {message_id for message_id, status in messages.items() if status == "failed"}
    never_seen = set(messages) - set(seen)
    quota, usage = api.quota(), api.get("/v1/usage").json()["data"]
    told = defaultdict(set)
    for delivery in receiver.all():
        told[delivery.message["id"], delivery.type].add(delivery.id)
    # A message that is read is not told as delivered any more when the provider's webhooks change places.
    ends = {(message_id, f"message.{status}") for message_id, status in messages.items()
            if status in ("delivered", "read", "failed")}
    early = overtaken(load, sim, messages)
    return [
        Equation("every 202 exists", acknowledged <= set(messages),
                 f"{len(acknowledged)} acknowledged, {len(acknowledged - set(messages))} of them missing"),
        Equation("nothing exists that nobody asked for", set(messages) <= acknowledged,
                 f"{len(messages)} messages, {len(set(messages) - acknowledged)} too many"),
        Equation("accepted = sent + failed + unknown + queued",
                 len(messages) == sent + count["failed"] + len(unknown) + queued and queued == 0,
                 f"{len(messages)} = {sent} + {count['failed']} + {len(unknown)} + {queued}"),
        Equation("unknown at the end = what the simulator never saw", unknown == never_seen - failed,
                 f"{len(unknown)} = {len(never_seen - failed)}"),
        Equation("the simulator saw nothing twice", all(times == 1 for times in seen.values()),
                 f"{sum(seen.values())} taken, {len(seen)} different"),
        Equation("quota used = accepted", quota["used"] == len(messages), f"{quota['used']} = {len(messages)}"),
        Equation("usage counts each acceptance once", sum(day["accepted"] for day in usage) == len(messages),
                 f"{sum(day['accepted'] for day in usage)} = {len(messages)}"),
        Equation("the same key gives the same message", not load.faults,
                 f"{load.replays} replays, {len(load.faults)} faults {load.faults[:3]}"),
        Equation("messages of one recipient kept their order", not early,
                 f"{len(load.lanes())} recipients of several, {len(early)} overtaken {early[:3]}"),
        Equation("every end of a message is told", ends <= set(told), f"{len(ends)} ends, {len(ends - set(told))} untold"),
        Equation("each is told under one webhook-id", all(len(ids) == 1 for ids in told.values()),
                 f"{len(told)} events, {sum(len(ids) for ids in told.values())} ids"),
    ]


def overtaken(load, sim, messages):
    """Messages that were sent before one of the same recipient that was acknowledged before they were asked for, with the
    places of both."""
    place = {each["biz_opaque_callback_data"]: number for number, each in enumerate(sim.taken())}
    found = []
    for ids in load.lanes():
        sent = [(place[message_id], message_id) for message_id in ids if message_id in place and message_id in messages]
        found += [(first, later) for first, later in pairwise(sent) if first > later]
    return found


def nothing_unheard_of(sim, messages):
    seen = {each["biz_opaque_callback_data"] for each in sim.taken()}
    return Equation("the simulator saw nothing that was not accepted", seen <= messages, f"{len(seen - messages)} unheard of")
