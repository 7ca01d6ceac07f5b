"""Draws docs/images/flow.svg, the way of an event: `python docs/images/flow.py`."""

from pathlib import Path

TARGET = Path(__file__).with_name("flow.svg")

INK, FAINT, PAPER = "#24292f", "#6e7781", "#ffffff"
TOPIC, AGENT, STORE, OUTSIDE = "#ddf4ff", "#dafbe1", "#fff8c5", "#f6f8fa"
WIDTH, HEIGHT = 1030, 340

# x, y, width, height, fill, lines of text; the first one is bold.
BOXES = {
    "shops": (20, 120, 130, 56, OUTSIDE, ("SDKs, shops", "JSON calls")),
    "clickstream": (180, 120, 120, 56, TOPIC, ("clickstream", "raw, as sent")),
    "intake": (330, 105, 130, 86, AGENT, ("intake agent", "validates,", "corrects time,", "knows the shopper")),
    "events": (490, 120, 130, 56, TOPIC, ("shopper-events", "canonical, and time")),
    "shopper": (650, 105, 130, 86, AGENT, ("shopper agent", "decides, once,", "on one record", "of each shopper")),
    "segments": (820, 40, 190, 40, TOPIC, ("segment-changes",)),
    "triggers": (820, 95, 190, 40, TOPIC, ("abandonment-triggers",)),
    "tiers": (820, 150, 190, 40, TOPIC, ("loyalty-tiers",)),
    "points": (820, 205, 190, 40, TOPIC, ("loyalty-points",)),
    "dead": (320, 250, 150, 50, TOPIC, ("clickstream-dlq", "bad input, with reason")),
    "state": (640, 250, 150, 50, STORE, ("RocksDB", "rebuilt from changelog")),
    "topology": (465, 20, 180, 44, STORE, ("topology.yaml", "what to decide")),
}  # fmt: skip

# From, to: points of a line; the arrow is at its end.
ARROWS = (
    ((150, 148), (180, 148)),
    ((300, 148), (330, 148)),
    ((460, 148), (490, 148)),
    ((620, 148), (650, 148)),
    ((780, 120), (820, 60)),
    ((780, 138), (820, 115)),
    ((780, 158), (820, 170)),
    ((780, 176), (820, 225)),
    ((395, 191), (395, 250)),
    ((705, 191), (705, 250)),
    ((725, 250), (725, 191)),
    ((505, 64), (430, 105)),
    ((605, 64), (680, 105)),
)

NOTE = "one transaction a batch: decisions, state and offset, exactly once"


def flow() -> str:
    """The picture, as SVG on a background of its own."""
    shapes = [f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{PAPER}"/>']
    for (x1, y1), (x2, y2) in ARROWS:
        shapes.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{FAINT}" marker-end="url(#head)"/>')
    for x, y, width, height, fill, lines in BOXES.values():
        shapes.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{FAINT}"/>'
        )
        top = y + height / 2 - 8 * (len(lines) - 1) + 4
        for number, line in enumerate(lines):
            weight = ' font-weight="bold"' if number == 0 else f' font-size="11" fill="{FAINT}"'
            shapes.append(f'<text x="{x + width / 2:g}" y="{top + 16 * number:g}"{weight}>{line}</text>')
    shapes.append(f'<text x="715" y="{HEIGHT - 16}" font-size="11" fill="{FAINT}">{NOTE}</text>')
    body = "\n".join(shapes)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" \
aria-label="From the clickstream through two agents to topics of decisions" text-anchor="middle" \
font-family="system-ui, sans-serif" font-size="13" fill="{INK}">
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0 0 8 4 0 8z" fill="{FAINT}"/></marker></defs>
{body}
</svg>
"""


if __name__ == "__main__":
    TARGET.write_text(flow(), encoding="utf-8")
