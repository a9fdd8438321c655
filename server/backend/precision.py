"""Which number format a CPU serves a model in.

bfloat16 needs AVX-512 on x86: without it every product is converted one by one, and the 0.5B model in
float32 was 4 times as fast (docs/lab-log.md, 2026-11-27) for twice the memory. Knows Linux's
/proc/cpuinfo; where that says nothing, bfloat16 stays.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Precision = Literal["bfloat16", "float32"]


def cpu_precision(cpuinfo: Path = Path("/proc/cpuinfo")) -> Precision:
    """Return the faster format of this machine's CPU."""
    try:
        found = re.search(r"^flags\s*:(.*)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        return "bfloat16"
    return "bfloat16" if found is None or "avx512f" in found[1].split() else "float32"
