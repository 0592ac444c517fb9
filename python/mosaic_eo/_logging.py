"""What the library tells, in Python's logging: the logger "mosaic_eo"."""

from __future__ import annotations

import atexit
import logging
import os
from ctypes import byref
from typing import Any, Optional

from . import _library as lib
from ._library import call

logger = logging.getLogger("mosaic_eo")
_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)  # by the numbers of mosaic_log_level


def _line(_: Any, level: int, line: Optional[bytes]) -> None:
    logger.log(_LEVELS[min(max(level, 0), 3)], "%s", (line or b"").decode(errors="replace"))


LINE = lib.LINE(_line)
_hooks = lib.LogHooks(None, LINE, lib.NO_PROGRESS)


def _on() -> None:
    call("mosaic_set_log_hooks", byref(_hooks))


def _off() -> None:
    """Waits for a line that is being told."""
    call("mosaic_set_log_hooks", None)


_on()
atexit.register(_off)  # the library's threads may outlive the interpreter
os.register_at_fork(before=_off, after_in_parent=_on, after_in_child=_on)  # no child with a line half told
