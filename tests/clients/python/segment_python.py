"""segment-analytics-python; `gzip` as an argument turns its compression on."""

import sys

import segment.analytics as analytics
from shop import ANONYMOUS, HOST, KNOWN, ORDER, after

analytics.write_key, analytics.host, analytics.gzip = "wk_test", HOST, "gzip" in sys.argv
PAGE = {
    "url": "https://shop.example/?utm_source=google&utm_medium=cpc", "path": "/", "referrer": "https://google.com/",
    "title": "Home",
}  # fmt: skip
CONTEXT = {"userAgent": "Mozilla/5.0", "campaign": {"source": "google", "medium": "cpc", "name": "spring"}}
VIEWED = {
    "product_id": "P1", "sku": "SKU-1", "category": "Shoes", "name": "Runner", "price": 59.9, "currency": "EUR",
    "quantity": 1,
}  # fmt: skip
TOTALS = {"order_id": "O1", "total": 124.8, "revenue": 119.8, "shipping": 5, "tax": 0, "currency": "EUR"}

analytics.page(
    category="Docs", name="Home", properties=PAGE, context=CONTEXT, timestamp=after(0), anonymous_id=ANONYMOUS
)
analytics.track(event="Product Viewed", properties=VIEWED, timestamp=after(20), anonymous_id=ANONYMOUS)
added = {"cart_id": "C1", "product_id": "P1", "price": 59.9, "quantity": 2}
analytics.track(event="Product Added", properties=added, timestamp=after(60), anonymous_id=ANONYMOUS)
analytics.identify(KNOWN, {"email": "a@example.com", "plan": "gold"}, timestamp=after(90), anonymous_id=ANONYMOUS)
analytics.alias(ANONYMOUS, KNOWN)
analytics.group(KNOWN, "g-1", {"name": "Acme"})
started = {"order_id": "O1", "value": 119.8, "currency": "EUR", "products": ORDER}
analytics.track(KNOWN, "Checkout Started", started, timestamp=after(120))
analytics.track(
    KNOWN, "Order Completed", {**TOTALS, "coupon": "SPRING", "products": ORDER}, timestamp=after(200),
    message_id=f"order-{KNOWN}",
)  # fmt: skip
refunded = {"order_id": "O1", "total": 59.9, "products": [{"product_id": "P1", "quantity": 1}]}
analytics.track(KNOWN, "Order Refunded", refunded, timestamp=after(240))
analytics.screen(KNOWN, name="Cart")
analytics.shutdown()
