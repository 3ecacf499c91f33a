"""What the site has besides `docs/`: pages from the top of the repository, and files they link to.

Pages link to each other as they lie in the repository, so that they can be read there as well.  In
the site everything lies below `docs/`, so links are rewritten.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
FILES = [
    "Dockerfile", "LICENSE", "docker-compose.yml", "examples/cluster.py", "examples/digits.py",
    "examples/ports/gan/gan.py", "examples/ports/gpt/gpt.py", "examples/ports/hydra/app.py",
    "examples/ports/mnist/mnist.py", "examples/pipeline.py", "examples/ray_data.py",
    "examples/service.py",
]  # fmt: skip
_LINK = re.compile(r"(?<=\]\()(?!\w+:)[^)#\s]+")
_ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")
_FROM_ELSEWHERE = re.compile(
    r"<(?:link|script|img|iframe)[^>]+(?:src|href)=\"?(?:https?:)?//[^>]+>"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    root = Path(config.config_file_path).parent
    for name, page in PAGES.items():
        text = (root / name).read_text("utf-8")
        files.append(File.generated(config, page, content=text))
    for name in FILES:
        files.append(File.generated(config, name, abs_src_path=str(root / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    site_folder = posixpath.dirname(page.file.src_uri)
    folder = "" if page.file.src_uri in PAGES.values() else posixpath.join("docs", site_folder)

    def moved(link: re.Match[str]) -> str:
        return posixpath.relpath(_in_site(posixpath.join(folder, link[0])), site_folder or ".")

    return _ROW.sub(lambda row: _CODE.sub(_with_bare_pipes, row[0]), _LINK.sub(moved, markdown))


def _with_bare_pipes(code: re.Match[str]) -> str:
    """Return code of a table; elsewhere a bare pipe ends the cell, here its backslash is shown."""
    return code[0].replace("\\|", "|")


def _in_site(path: str) -> str:
    """Return where something in the repository lies in the site."""
    path = posixpath.normpath(path)
    return PAGES.get(path, path.removeprefix("docs/"))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse what a reader without a network would not see."""
    if found := _FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {found[0]}")
    return output
