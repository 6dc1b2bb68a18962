"""The docs name every command, setting, rule and form."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import typer

from orchestration.cli.arrivals import ARRIVAL_VERBS
from orchestration.cli.main import app
from orchestration.cli.steward import VERBS
from sources.channels.addresses import REMOTE_KINDS
from sources.definitions import Definitions
from sources.headers import fingerprint

ROOT = Path(__file__).resolve().parents[2]
READMES = {
    name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
}


def seed(name: str, column: str) -> list[str]:
    with (ROOT / f"models/seeds/{name}.csv").open(encoding="utf-8") as handle:
        return [row[column] for row in csv.DictReader(handle)]


def commands() -> list[str]:
    group = typer.main.get_command(app)
    assert hasattr(group, "commands")
    return sorted(group.commands)


def test_the_readme_names_every_command() -> None:
    missing = [
        name for name in commands() if not re.search(rf"`[^`]*\b{name}\b", READMES["README.md"])
    ]
    assert missing == []


def test_both_readmes_name_every_setting() -> None:
    source = (ROOT / "warehouse/settings.py").read_text(encoding="utf-8")
    settings = set(re.findall(r"QIANGSHI_[A-Z_]+", source))
    assert len(settings) >= 9
    for name, text in READMES.items():
        assert [s for s in sorted(settings) if s not in text] == [], name


def test_the_steward_is_told_of_every_verb() -> None:
    for name, text in READMES.items():
        assert [verb for verb in (*VERBS, *ARRIVAL_VERBS) if verb not in text] == [], name


def test_the_channels_page_names_every_kind_and_column() -> None:
    page = (ROOT / "docs/channels.md").read_text(encoding="utf-8")
    with (ROOT / "models/seeds/channels.csv").open(encoding="utf-8") as handle:
        columns = next(csv.reader(handle))
    assert [name for name in (*REMOTE_KINDS, *columns) if f"`{name}`" not in page] == []


def test_the_rules_page_names_every_rule() -> None:
    page = (ROOT / "docs/validation.md").read_text(encoding="utf-8")
    assert [rule for rule in seed("rules", "rule_id") if f"| {rule} |" not in page] == []


def test_the_forms_page_names_every_form_and_element() -> None:
    page = (ROOT / "docs/forms.md").read_text(encoding="utf-8")
    assert [code for code in seed("forms", "form_code") if code not in page] == []
    assert [code for code in seed("form_elements", "element_code") if f"`{code}`" not in page] == []


def test_the_forms_page_has_every_layout_with_its_fingerprint() -> None:
    page = (ROOT / "docs/forms.md").read_text(encoding="utf-8")
    definitions = Definitions.load()
    for code in sorted(set(seed("layouts", "layout_code"))):
        headings = [c.header_zh for c in definitions.layout(code) if c.is_required]
        line = next(line for line in page.splitlines() if line.startswith(f"| {code} |"))
        assert line.endswith(f"| {'、'.join(headings)} | `{fingerprint(headings)}` |"), code


def test_make_help_tells_of_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.M)
    assert phony
    for target in phony[1].split():
        assert re.search(rf"^{target}:.*## ", makefile, re.M), target


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/**/*.md")), ids=lambda p: p.name)
def test_a_page_links_only_to_files_that_exist(path: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_chinese_readme_says_truly_in_which_language_the_page_of_meanings_is() -> None:
    page = (ROOT / "docs/semantics.md").read_text(encoding="utf-8")
    prose = [line for line in page.splitlines() if line and line[0] not in "|#"]
    assert sum(line.isascii() for line in prose) > len(prose) / 2
    assert "docs/semantics.md)：英文" in READMES["README.zh-CN.md"]
