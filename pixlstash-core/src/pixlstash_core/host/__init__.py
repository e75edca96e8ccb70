"""The host: runs engines in processes of their own, and keeps what they find."""

from __future__ import annotations

from .host import Host as Host
from .host import Payload as Payload
from .host import ranges as ranges
from .kinds import KINDS as KINDS
from .limits import Limits as Limits
