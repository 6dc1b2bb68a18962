"""What counts as an explanation of a 核实性 finding, and what is refused as saying nothing."""

from __future__ import annotations

import unicodedata

from warehouse.errors import ExplanationRefused

MINIMUM_LENGTH = 10
"""Characters that must remain once stock phrases and punctuation are taken away."""

MINIMUM_DISTINCT = 5
"""Different characters among them: a key held down explains nothing."""

# The phrases the national platform's notices name, and their usual variants; longest first, so
# that a phrase inside another does not leave a rest behind.
STOCK_PHRASES = tuple(
    sorted(
        (
            "核实无误",
            "已核实无误",
            "经核实无误",
            "已经核实",
            "已核实",
            "经核实",
            "情况属实",
            "情况真实",
            "数据无误",
            "数据属实",
            "数据真实",
            "数据准确",
            "数据真实准确",
            "填报无误",
            "填报正确",
            "确认无误",
            "核对无误",
            "正常波动",
            "正常变化",
            "实际如此",
            "与实际相符",
            "符合实际",
            "以上",
            "特此说明",
        ),
        key=len,
        reverse=True,
    )
)


def checked_explanation(text: str, least: int = MINIMUM_LENGTH) -> str:
    """The explanation, trimmed.

    Args:
        text: as written.
        least: characters that must remain.

    Raises:
        ExplanationRefused: it is too short, or made of stock phrases.
    """
    rest = unicodedata.normalize("NFKC", text)
    for phrase in STOCK_PHRASES:
        rest = rest.replace(phrase, "")
    kept = [char for char in rest if unicodedata.category(char)[0] in "LN"]
    if len(kept) < least or len(set(kept)) < MINIMUM_DISTINCT:
        raise ExplanationRefused(text.strip(), least)
    return text.strip()
