"""rudder-sdk-python."""

import rudderstack.analytics as rudder_analytics
from shop import ANONYMOUS, HOST, KNOWN, ORDER, after

rudder_analytics.write_key, rudder_analytics.dataPlaneUrl = "wk_test", HOST
PAGE = {"url": "https://shop.example/", "path": "/"}

rudder_analytics.page(name="Home", properties=PAGE, timestamp=after(0), anonymous_id=ANONYMOUS)
viewed = {"product_id": "P1", "price": 59.9}
rudder_analytics.track(event="Product Viewed", properties=viewed, timestamp=after(0), anonymous_id=ANONYMOUS)
rudder_analytics.identify(KNOWN, {"email": "a@example.com"}, timestamp=after(0), anonymous_id=ANONYMOUS)
order = {"order_id": "O1", "revenue": 119.8, "currency": "EUR", "products": ORDER}
rudder_analytics.track(KNOWN, "Order Completed", order, timestamp=after(0))
rudder_analytics.alias(ANONYMOUS, KNOWN)
rudder_analytics.group(KNOWN, "g-1", {"name": "Acme"})
rudder_analytics.shutdown()
