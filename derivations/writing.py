"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_file(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Write what a user asked for: text as UTF-8, through links, with the usual permissions.

    A terminal or a pipe is written to, a file is replaced.  Raises `OSError` when it cannot be.
    """
    content = data.encode() if isinstance(data, str) else data
    if os.path.exists(path) and not os.path.isfile(path):
        Path(path).write_bytes(content)
    else:
        target = Path(os.path.realpath(path))
        replace_file(target, content, _mode(target))


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put a file there in one move: whoever reads it finds the old one or the new one, whole.

    Raises `OSError` when it cannot be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode(target: Path) -> int:
    """The permissions that the file has, or would get if it were simply opened."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
