"""posthog for Python."""

from posthog import Posthog
from shop import ANONYMOUS, HOST, KNOWN

client = Posthog("phc_test", host=HOST)
order = {"order_id": "O1", "revenue": 119.8, "$set": {"plan": "gold"}}
client.capture("order completed", distinct_id=KNOWN, properties=order)
client.set(distinct_id=KNOWN, properties={"email": "a@example.com"})
client.alias(previous_id=ANONYMOUS, distinct_id=KNOWN)
client.shutdown()
