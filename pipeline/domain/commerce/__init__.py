"""What a shopper buys: the order book, the carts, and what they come to in the shop's money."""
