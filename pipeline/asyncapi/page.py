"""The same as one HTML page that needs nothing beside it: no script, no font, no build."""

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

from pipeline.domain.decision import DECISION_TOPICS
from schemas.contract import COMMON_FIELDS, contract
from schemas.reference import type_text

_STYLE = """
:root { color-scheme: light dark; --edge: light-dark(#c9ced6, #444b57); --soft: light-dark(#f4f6f9, #1d2129); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 62rem; padding: 1rem; }
a { color: light-dark(#0b57d0, #8ab4f8); }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: var(--soft); border: 1px solid var(--edge); border-radius: 6px; overflow-x: auto; padding: .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--edge); padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
nav ul { columns: 16rem; padding-left: 1.2rem; }
"""


def page(document: dict[str, Any]) -> str:
    """document: of pipeline.asyncapi.document."""
    info, channels = document["info"], document["channels"]
    title = escape(f"{info['title']}: contracts")
    listed = "".join(f'<li><a href="#{escape(name)}">{escape(name)}</a></li>' for name in channels)
    sections = "".join(
        _section(name, channel, document["components"]["messages"][name]) for name, channel in channels.items()
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{escape(info['description'])}</p>\n<p>Made by Afterclick {escape(info['version'])}.</p>\n"
        f'<nav aria-label="Topics"><ul>{listed}</ul></nav>\n'
        f"{_common()}{sections}</main>\n</body>\n</html>\n"
    )


def _common() -> str:
    first = contract(DECISION_TOPICS[0]).schema
    fields = [field for field in first["fields"] if field["name"] in COMMON_FIELDS]
    return f'<section id="every-decision">\n<h2>Every decision</h2>\n{_fields(fields)}</section>\n'


def _section(name: str, channel: dict[str, Any], message: dict[str, Any]) -> str:
    return f'<section id="{escape(name)}">\n{"".join(_parts(name, channel, message))}</section>\n'


def _parts(name: str, channel: dict[str, Any], message: dict[str, Any]) -> Iterator[str]:
    kafka = channel["bindings"]["kafka"]
    days = kafka["topicConfiguration"]["retention.ms"] / 86_400_000
    yield f"<h2>{escape(name)}</h2>\n<p>{_prose(channel['description'])}</p>\n"
    yield (
        f"<p>Topic <code>{escape(channel['address'])}</code>, {kafka['partitions']} partitions, kept {days:g} days,"
        f" {escape(message['contentType'])}.</p>\n"
    )
    if name in DECISION_TOPICS:
        own = [field for field in contract(name).schema["fields"] if field["name"] not in COMMON_FIELDS]
        yield f'{_fields(own)}<p>And those of <a href="#every-decision">every decision</a>.</p>\n'
    if "headers" in message:
        yield "<h3>Headers</h3>\n"
        yield _table((name, held["description"]) for name, held in message["headers"]["properties"].items())
    for shown in message.get("examples", ()):
        text = json.dumps(shown["payload"], indent=2, ensure_ascii=False)
        yield f'<h3>Example</h3>\n<pre tabindex="0">{escape(text)}</pre>\n'


def _fields(fields: list[dict[str, Any]]) -> str:
    return _table((field["name"], f"{field['doc']} ({type_text(field['type'])})") for field in fields)


def _table(rows: Iterator[tuple[str, str]]) -> str:
    body = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{_prose(told)}</td></tr>\n" for name, told in rows)
    return f'<div class="wide"><table>\n<tr><th>name</th><th>meaning</th></tr>\n{body}</table></div>\n'


def _prose(text: str) -> str:
    """Contracts are documented in Markdown, of which they use backticks alone."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
