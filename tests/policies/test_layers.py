"""`policies` stands beside the kernel: it imports nothing of the project but itself."""

from __future__ import annotations

import subprocess
import sys


def test_policies_import_nothing_of_the_project() -> None:
    code = (
        "import sys, derivations.policies;"
        "print(*sorted(m for m in sys.modules if m.split('.')[0] in ('derivations', 'paper_checks')"
        " and not m.startswith('derivations.policies')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.split() == ["derivations"]
