"""The way through the pages: what stands in the bar, by what an account may do."""

from __future__ import annotations

from dataclasses import dataclass

from console.desk import Visit
from console.reach import FILING, holds


@dataclass(frozen=True)
class Entry:
    """One word of the bar."""

    path: str
    name_zh: str
    needs: str | tuple[str, ...]
    also: tuple[str, ...] = ()
    """Pages that stand as tabs beside it, under addresses of their own."""

    def is_here(self, path: str) -> bool:
        """Whether an address lies below this word of the bar."""
        return any(path == one or path.startswith(f"{one}/") for one in (self.path, *self.also))


ENTRIES = (
    Entry("/queue", "待办", "filings.read"),
    Entry("/submissions", "报送件", "filings.read"),
    Entry("/entry", "填报", FILING),
    Entry("/upload", "上传", FILING),
    Entry("/forms", "模板", (*FILING, "filings.read")),
    Entry("/progress", "报送进度", "filings.read"),
    Entry("/plans", "规划进度", "published.read"),
    Entry("/query", "取数", "published.read", ("/verify",)),
    Entry("/releases", "发布", "published.read", ("/official",)),
    Entry("/audit", "审计", "audit.read"),
    Entry("/accounts", "账户与岗位", "accounts.read"),
)


def entries_for(visit: Visit) -> list[Entry]:
    """What an account finds in the bar; nothing before login."""
    if visit.person is None or visit.person.must_change_password:
        return []
    return [entry for entry in ENTRIES if holds(visit.person, entry.needs)]
