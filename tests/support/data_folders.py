"""Where servers of tests keep their data: in memory where there is room, as files are cheap there.

Nothing is proved less: what a killed process has written stays, and no test cuts the power.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from shared.platform.database.embedded.server import temporary_folder

MEMORY: Final = Path("/dev/shm")
FREE_BYTES_MIN: Final = 4 * 2**30  # for the servers of two test processes, and what they write


def parent() -> str:
    """Gives the folder in which data folders are made."""
    if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= FREE_BYTES_MIN:
        return str(MEMORY)
    return tempfile.gettempdir()


@contextmanager
def data_folder() -> Iterator[Path]:
    """Gives what the product gives as a temporary folder, there."""
    with ExitStack() as stack:
        with patch.object(tempfile, "tempdir", parent()):
            folder = stack.enter_context(temporary_folder())
        yield folder
