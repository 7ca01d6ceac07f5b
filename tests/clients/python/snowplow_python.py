"""snowplow-tracker; `get` or `post` as an argument."""

import sys
from urllib.parse import urlsplit

from shop import HOST, KNOWN
from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    StructuredEvent,
    Subject,
    Tracker,
)

COMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"
PRODUCT = {"id": "P1", "name": "Runner", "price": 59.9, "currency": "EUR", "category": "Shoes", "quantity": 2}
CART = {"cart_id": "C1", "total_value": 119.8, "currency": "EUR"}
PAID = {
    "transaction_id": "O1", "revenue": 119.8, "currency": "EUR", "payment_method": "card", "total_quantity": 2,
}  # fmt: skip

where = urlsplit(HOST)
subject = Subject()
subject.set_platform("web").set_user_id(KNOWN).set_domain_user_id("11111111-2222-4333-8444-555555555555")
subject.set_ip_address("203.0.113.5").set_useragent("Mozilla/5.0").set_lang("de")
emitter = Emitter(where.hostname, protocol="http", port=where.port, method=sys.argv[1], batch_size=5)
tracker = Tracker(namespace="sp1", emitters=emitter, subject=subject, app_id="shop", encode_base64=False)


def entity(name: str, data: dict) -> SelfDescribingJson:
    return SelfDescribingJson(f"{COMMERCE}/{name}/jsonschema/1-0-0", data)


def act(kind: str, *context: SelfDescribingJson) -> None:
    action = SelfDescribingJson(f"{COMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2", {"type": kind})
    tracker.track(SelfDescribing(event_json=action, context=list(context)))


tracker.track(
    PageView(page_url="https://shop.example/?utm_source=google", page_title="Home", referrer="https://google.com/")
)
act("product_view", entity("product", PRODUCT))
act("add_to_cart", entity("product", PRODUCT), entity("cart", CART))
act("checkout_step", entity("checkout_step", {"step": 1}))
act("transaction", entity("transaction", PAID), entity("product", PRODUCT))
tracker.track(StructuredEvent(category="shop", action="newsletter", label="x"))
tracker.flush()
