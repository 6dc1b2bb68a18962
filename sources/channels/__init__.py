"""Channels: where files come from. Each yields arrivals and lets go of a file once it is safe.

A channel knows nothing of forms; a new kind (mail, upload) is one more class with these methods.
"""

from __future__ import annotations

from sources.channels.channel import ArrivedFile, Channel
from sources.channels.inbox import FolderInbox

__all__ = ["ArrivedFile", "Channel", "FolderInbox"]
