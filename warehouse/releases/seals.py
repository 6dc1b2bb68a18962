"""The chain's heads as the manifests keep them: outside the ledger, one per release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warehouse.ledger.chain_check import Seal
from warehouse.releases.history import published_manifest, release_manifests
from warehouse.settings import Settings


def kept_heads(settings: Settings) -> list[Seal]:
    """A seal per kept release, and one of the last night that found nothing to release."""
    found = [_of_release(manifest) for manifest in release_manifests(settings)]
    published = published_manifest(settings)
    if published is not None:
        found.append(_of_release(published))
        checked = published.get("checked_chain")
        if checked:
            place = f"发布清单（{published['checked_as_of']} 核对）"
            found.append(_seal(place, checked["hash"], checked["length"]))
    seals = {(seal.length, seal.entry_hash): seal for seal in reversed(found) if seal is not None}
    return sorted(seals.values(), key=lambda seal: (seal.length, seal.place_zh))


def _of_release(manifest: Mapping[str, Any]) -> Seal | None:
    place = f"发布版本 {manifest['release_id']} 的清单"
    return _seal(place, manifest.get("chain_head"), manifest.get("chain_length") or 0)


def _seal(place: str, head: str | None, length: int) -> Seal | None:
    # Releases made before there was a chain have no head.
    return None if not head or not length else Seal(place, head, length)
