"""Every kind of notice and of message has its texts as files, one a language, and no file stands
unused."""

import re
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest
from jinja2 import Environment, meta, nodes

from app.board.models import NoticeKind
from app.board.posting import Notice
from app.informing import MESSAGES
from app.kit import texts
from app.kit.texts import APP, LANGUAGES

FOLDERS = sorted(path for path in APP.rglob("notices") if path.is_dir())
NOTICES = [
    each
    for folder in FOLDERS
    for each in vars(import_module(".".join(("app", *folder.relative_to(APP).parts)))).values()
    if isinstance(each, Notice)
]
ALL_FOLDERS = sorted({*FOLDERS, *(message.folder for message in MESSAGES)})
FILES = sorted(path for folder in ALL_FOLDERS for path in folder.glob("*.txt"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{3,}")
# What a reader without Chinese, or without English, finds in the text of the other language.
MAY_STAND: set[str] = set()


def test_each_kind_is_declared_once_by_the_folder_in_which_its_texts_lie():
    assert sorted(notice.kind for notice in NOTICES) == sorted(NoticeKind)
    for each in (*NOTICES, *MESSAGES):
        for language in LANGUAGES:
            assert (each.folder / f"{each.kind.lower()}.{language}.txt").is_file()


def test_folders_that_are_read_at_the_start_are_all_that_have_texts():
    read = {path.parent for folder in texts.FOLDERS for path in APP.rglob(f"{folder}/*.txt")}
    assert sorted(read) == ALL_FOLDERS


def test_no_text_is_left_over():
    kinds = {(each.folder, each.kind.lower()) for each in (*NOTICES, *MESSAGES)}
    things = {f"{notice.calls}.now" for notice in NOTICES if notice.says is not None}
    for path in FILES:
        name, language, _ = path.name.rsplit(".", 2)
        assert language in LANGUAGES
        if name.startswith("_"):
            others = [each.read_text(encoding="utf-8") for each in FILES if each != path]
            assert any(f'{path.name}"' in each for each in others), path
        else:
            assert (path.parent, name) in kinds or name in things
            assert all(path.with_name(f"{name}.{each}.txt").is_file() for each in LANGUAGES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_text_keeps_to_its_language(path: Path):
    words = "".join(
        data.data
        for output in Environment(autoescape=True)
        .parse(path.read_text(encoding="utf-8"))
        .find_all(nodes.Output)
        for data in output.nodes
        if isinstance(data, nodes.TemplateData)
    )
    if path.name.endswith(".en.txt"):
        assert not CHINESE.findall(words)
    else:
        assert set(ENGLISH.findall(words)) <= MAY_STAND


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_text_ends_with_one_line_break_and_begins_with_words(path: Path):
    text = path.read_text(encoding="utf-8")
    assert text.strip()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def read_again(environment: Environment, name: str) -> NoReturn:
    pytest.fail(f"{name} was read after the start")


def test_server_reads_no_text_after_its_start(monkeypatch: pytest.MonkeyPatch):
    """An update may have put other files there, also of what a text includes."""
    texts.load_texts()
    monkeypatch.setattr(texts._texts.loader, "get_source", read_again)
    for path in FILES:
        text = texts._texts.parse(path.read_text(encoding="utf-8"))
        used = meta.find_referenced_templates(text)
        for name in (path.relative_to(APP).as_posix(), *used):
            assert name is not None
            assert texts._texts.get_template(name)
