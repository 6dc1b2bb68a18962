"""Channels: where files come from. Each yields what has arrived and lets go of what is safe.

Two kinds: the workspace's own inbox, which is emptied (`channel`, `inbox`), and far places, which
keep their files and are remembered by markers (`remote`, with `sftp`, `imap`, `share`; `rows` makes
them of the table `channels`, `polling` asks them). A channel knows nothing of forms.
"""

from __future__ import annotations

from sources.channels.channel import ArrivedFile, Channel
from sources.channels.inbox import UNSORTED, FolderInbox

__all__ = ["UNSORTED", "ArrivedFile", "Channel", "FolderInbox"]
