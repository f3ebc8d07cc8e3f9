"""A user's own files, run so that what they state joins the library."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Iterable, Iterator
from pathlib import Path

from derivations import library
from derivations.cache import PACKAGE, digest, digest_files
from derivations.library import LibraryError, Statement
from derivations.reasons import LONGEST, cut, said, where

_OWN: dict[Path, str] = {}
_HELPERS: set[Path] = set()
_OWN_IDS: set[str] = set()


def load_file(path: str | os.PathLike[str]) -> Path:
    """Run a user's Python file, so that its statements join the library.

    What it imports from its own folder is found.  Raises `LibraryError`, in one line that
    names file and line, when it cannot be run or states nothing.
    """
    library.load()
    file = Path(path).absolute()
    source = _read(file)
    if file.resolve() in _loaded_files():
        return file
    before, known = set(sys.modules), {s.id: s for s in library.statements()}
    if str(file.parent) not in sys.path:
        # Last, so that no file there hides a module of Python's or of this package.
        sys.path.append(str(file.parent))
    _run(file, source)
    stated = [s.id for s in library.statements() if known.get(s.id) is not s]
    if not stated:
        raise LibraryError(f"{file.name} states nothing: it registers no statement")
    _OWN[file] = digest(source)
    _OWN_IDS.update(stated)
    _HELPERS.update(_user_modules(set(sys.modules) - before))
    return file


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise LibraryError(f"cannot read {file}: {said}") from None


def _loaded_files() -> set[Path]:
    """The files that are modules already, so that none is run twice."""
    found = {f.resolve() for f in _OWN}
    found |= {h.resolve() for h in _HELPERS}
    return found


def _run(file: Path, source: bytes) -> None:
    module = types.ModuleType(_module_name(file))
    module.__file__ = str(file)
    try:
        # Compiled here, not by the import system: its stored bytecode is chosen by time
        # and size, and may be that of the file as it was a moment ago.
        code = compile(source, str(file), "exec")
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)  # running it is what was asked for
    except (Exception, SystemExit) as error:  # it may raise anything
        sys.modules.pop(module.__name__, None)
        raise LibraryError(f"cannot load {file.name}: {_trouble(file, error)}") from None


def _trouble(file: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        name = Path(error.filename).name if error.filename else file.name
        return f"{error.msg} ({name}, line {error.lineno or 1})"
    return cut(said(error) + (where(error, file) or where(error)), LONGEST)


def _module_name(file: Path) -> str:
    """The file's own name, so that its neighbours can import it, unless that is taken."""
    name = file.stem
    if name.isidentifier() and name not in sys.modules:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            found = None
        if found is None or found.origin == str(file):
            return name
    return f"{name}_{digest(str(file))[:8]}"


def _user_modules(names: Iterable[str]) -> Iterator[Path]:
    """The source files of modules that belong neither to Python nor to what is installed."""
    import sysconfig

    paths = sysconfig.get_paths()
    foreign = [Path(paths[k]) for k in ("stdlib", "platstdlib", "purelib", "platlib")]
    for name in names:
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin and not any(Path(origin).is_relative_to(f) for f in (*foreign, PACKAGE)):
            yield Path(origin)


def loaded() -> tuple[Path, ...]:
    """The files that were loaded, in order."""
    return tuple(_OWN)


def belongs_to_user(statement: Statement) -> bool:
    """Whether a statement comes from a user's file."""
    return statement.id in _OWN_IDS


def extension_digest() -> str | None:
    """The digest of the user's files as they are on disk; None if they changed since."""
    for file, known in _OWN.items():
        try:
            if digest(file.read_bytes()) != known:
                return None
        except OSError:
            return None
    helpers = digest_files(_HELPERS)
    return None if helpers is None else digest(helpers, *map(str, _OWN), *_OWN.values())
