"""Each template's cases hold, its sources pass the check, and its words arrive whole however a stream is cut."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from sluice_plugin import Passage
from sluice_plugin.check import check

ROOT = pathlib.Path(__file__).parents[1]
TEMPLATES = sorted(folder for folder in (ROOT / "templates").iterdir())


def run_cases(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    # Of each its own process: their modules have the same names.
    command = [sys.executable, "-B", "-m", "sluice_plugin.testing", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("folder", TEMPLATES, ids=lambda folder: folder.name)
def test_its_cases_hold(folder: pathlib.Path) -> None:
    run = run_cases(folder)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("folder", TEMPLATES, ids=lambda folder: folder.name)
def test_its_sources_pass_the_check(folder: pathlib.Path) -> None:
    assert check(folder) == []


def test_a_wrong_case_fails(tmp_path: pathlib.Path) -> None:
    source = ROOT / "templates" / "routing-strategy" / "plugin.py"
    (tmp_path / "plugin.py").write_text(source.read_text())
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "wrong.json").write_text('[{"about": "wrong", "candidates": 2, "rank": [1, 0]}]')
    run = run_cases(tmp_path)
    assert run.returncode == 1
    assert "wrong: rank[0]: expected 1, got 0" in run.stdout


TEXT = "The cat, foo bar; FOO concat foo barn foo-bar. Cat"
WORDS = ["cat", "foo bar", "foo", "-bar", "bar;"]


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "templates" / "guardrail-check"))
    from words import Words

    yield Words(WORDS)
    del sys.modules["words"]


def masked(words, pieces: list[str]) -> str:
    """What a client gets, by the host's rules of windows."""
    sent, held = "", ""
    for index, piece in enumerate(pieces):
        passage = Passage("assistant", held + piece, sent[-256:])
        found, end = words.find(passage.before, passage.text, is_over=index == len(pieces) - 1)
        at = 0
        for begin, stop in found:
            sent += passage.text[at:begin] + "***"
            at = stop
        sent, held = sent + passage.text[at:end], passage.text[end:]
    return sent


@pytest.mark.parametrize("size", range(1, len(TEXT)))
def test_words_are_found_however_a_stream_is_cut(words, size: int) -> None:
    pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
    assert masked(words, pieces) == masked(words, [TEXT])


def test_words_are_found_in_two_pieces_of_every_size(words) -> None:
    for cut in range(len(TEXT) + 1):
        assert masked(words, [TEXT[:cut], TEXT[cut:]]) == masked(words, [TEXT]), cut
