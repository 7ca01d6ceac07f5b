"""Names of the standard e-commerce events, however they are written: `order completed`, `product_added`."""

_NAMES = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
    "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started",
    "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered", "Order Completed", "Order Updated",
    "Order Cancelled", "Order Refunded", "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared",
    "Cart Shared", "Product Reviewed",
)  # fmt: skip
_STANDARD = {name.casefold(): name for name in _NAMES}


def standard_name(name: str) -> str:
    """The standard name (wire-format.md, 4) that this one is, or the name itself."""
    return _STANDARD.get(" ".join(name.replace("_", " ").split()).casefold(), name)
