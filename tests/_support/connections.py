"""Accounts at the simulator, for a workspace to connect."""

from itertools import count

_numbers = count(15550770000)


def account_in(sim):
    """A new one, with a number that is verified and not registered."""
    made = sim.call("POST", "accounts", {"name": "Asha's Shop", "display_phone_number": str(next(_numbers))})
    sim.call("POST", "phones", {"id": made["phone_number_id"], "set": {"code_verification_status": "VERIFIED"}})
    return made


def token_for(sim, *accounts, **more):
    """A system user's."""
    return sim.call("POST", "tokens", {"accounts": [each["id"] for each in accounts], **more})["access_token"]
