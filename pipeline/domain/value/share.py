"""Sharing a whole number by weight."""


def shares(whole: int, weights: list[int]) -> list[int]:
    """`whole` among the weights, which are not all 0: largest remainder, ties to the first."""
    total = sum(weights)
    found = [whole * weight // total for weight in weights]
    short = whole - sum(found)
    if short:
        for index in sorted(range(len(weights)), key=lambda i: -(whole * weights[i] % total))[:short]:
            found[index] += 1
    return found
