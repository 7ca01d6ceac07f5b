"""MkDocs' hook: the pages of docs/ are written for GitHub, and link to the rest of the repository.

It brings in the pages of the repository's root, copies the files that pages link to, and writes lists the way
Python-Markdown reads them.
"""

import re
from pathlib import Path
from posixpath import relpath
from typing import Any

from mkdocs.structure.files import File, Files

_REPOSITORY = Path(__file__).parents[2]
_DOCS = _REPOSITORY / "docs"
_ROOT_PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
}
_COPIES = "repository"
"""Folder of the site with files from outside docs/."""
_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_ITEM = re.compile(r" *(?:[*+-]|\d+\.) ")
_FENCE = re.compile(r"( *)```")


def slug(heading: str, separator: str) -> str:
    """An anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", separator)


def on_files(files: Files, config: Any) -> Files:
    for name, page in _ROOT_PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(_REPOSITORY / name)))
    for path in sorted(_linked_files()):
        copy = f"{_COPIES}/{path.relative_to(_REPOSITORY)}"
        files.append(File.generated(config, copy, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    source = Path(page.file.abs_src_path)
    return _lists_for_python(_relinked(markdown, source, page.file.src_uri))


def _linked_files() -> set[Path]:
    pages = [_REPOSITORY / name for name in _ROOT_PAGES] + sorted(_DOCS.rglob("*.md"))
    targets = {
        (page.parent / found["target"]).resolve()
        for page in pages
        for found in _LINK.finditer(page.read_text(encoding="utf-8"))
        if "://" not in found["target"]
    }
    return {one for one in targets if one.is_file() and one.suffix != ".md" and not one.is_relative_to(_DOCS)}


def _relinked(markdown: str, source: Path, uri: str) -> str:
    """With links from the place in the repository made links from the place on the site. Folders, which a site has
    not, become their names."""

    def moved(found: re.Match[str]) -> str:
        if "://" in found["target"] or found["target"].startswith("mailto:"):
            return found[0]
        path = (source.parent / found["target"]).resolve()
        if path.is_dir():
            return found["text"]
        if path.is_relative_to(_DOCS):
            place = str(path.relative_to(_DOCS))
        else:
            inside = str(path.relative_to(_REPOSITORY))
            place = _ROOT_PAGES.get(inside, f"{_COPIES}/{inside}")
        return f"[{found['text']}]({relpath(place, str(Path(uri).parent))}{found['anchor'] or ''})"

    return _LINK.sub(moved, markdown)


def _lists_for_python(markdown: str) -> str:
    """GitHub takes two or three spaces for a level, and a list right below a paragraph; Python-Markdown wants four, and
    a line between."""
    lines: list[str] = []
    fence: int | None = None
    in_paragraph = False
    for line in markdown.splitlines():
        opened = _FENCE.match(line)
        indent = len(line) - len(line.lstrip(" ")) if fence is None else fence
        if fence is None:
            item = _ITEM.match(line) is not None
            if item and in_paragraph:
                lines.append("")
            # A paragraph begins after an empty line, and ends with the next one.
            in_paragraph = bool(line.strip()) and not item and (in_paragraph or not (lines and lines[-1]))
        lines.append((" " * 4 * ((indent + 1) // 3) + line[indent:]).rstrip(" "))
        if opened is not None:
            fence = len(opened[1]) if fence is None else None
    return "\n".join(lines) + "\n"
