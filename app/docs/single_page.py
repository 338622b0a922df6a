"""A page with its scripts and style sheets inside: one file that works from a disk, without us.

Browsers refuse to load modules from `file:`, so each module becomes a function in one script. It
knows the few forms of import and export that our modules and the vendored ones use.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markupsafe import escape

STYLE_SHEET = re.compile(r'<link rel="stylesheet" href="/static/([^"]+)">')
MODULE = re.compile(r'<script type="module" src="/static/([^"]+)"></script>')
LOADED = re.compile(r'\s*<(?:link rel="icon"|img) [^>]*"/static/[^>]*>')

POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">"
)

IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as (\w+)) from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
EXPORT_LIST = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)


def single_page(html: str, static: Path, site: str) -> str:
    """The page as one file that can load and send nothing; its links lead to `site`.

    `static` is the folder behind the addresses under /static/.
    """
    html = STYLE_SHEET.sub(lambda found: f"<style>\n{_read(static / found[1])}</style>", html)
    html = LOADED.sub("", html).replace('href="/', f'href="{escape(site)}/')
    html = MODULE.sub(
        lambda found: f'<script type="module">\n{_bundled(static / found[1])}</script>', html
    )
    return html.replace("<head>", f"<head>\n  {POLICY}", 1)


@cache
def _bundled(entry: Path) -> str:
    """The module and all that it imports, as one script."""
    order = list(dict.fromkeys(_in_order(entry.resolve())))
    names = {path: f"module{number}" for number, path in enumerate(order)}
    return "".join(_as_function(path, names) for path in order)


def _in_order(path: Path) -> Iterator[Path]:
    """The modules below this one and then itself, so that each comes after those it needs."""
    for *_, address in IMPORT.findall(_read(path)):
        yield from _in_order((path.parent / address).resolve())
    yield path


def _as_function(path: Path, names: dict[Path, str]) -> str:
    source = _read(path)
    exported = [name for _, name in EXPORT.findall(source)]
    for listed in EXPORT_LIST.findall(source):
        exported += [name.strip() for name in listed.split(",") if name.strip()]

    def known(found: re.Match[str]) -> str:
        module = names[(path.parent / found[3]).resolve()]
        return f"const {found[2] or '{' + found[1] + '}'} = {module};"

    body = EXPORT_LIST.sub("", EXPORT.sub(r"\1", IMPORT.sub(known, source)))
    given = ", ".join(exported)
    return (
        f"// {path.name}\nconst {names[path]} = (() => {{\n{body}\nreturn {{ {given} }};\n}})();\n"
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
