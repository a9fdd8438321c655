"""How many requests made from the OpenAPI document break one of schemathesis's checks: `--examples` random ones
an operation, beside those at the edges of every field.

    python bench/openapi_cases.py --examples 200 --seed 1
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from openapi_cases import run_cases
from openapi_service import opened_service, say_json_where_asked


def main() -> int:
    """Run, print, and return 1 where something broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--paths", default="", help="a pattern of the paths that are asked")
    asked = parser.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        opened_service(Path(folder), say_json_where_asked, keys="required") as it,
    ):
        found = run_cases(
            it.url,
            secret=it.secret,
            max_examples=asked.examples,
            seed=asked.seed,
            paths=asked.paths,
            ids=it.ids(),
        )
    print(f"{found.cases} cases, {sum(found.checks.values())} checks, {len(found.problems)} broken")
    print(f"statuses: {dict(sorted(found.statuses.items()))}")
    for reply, times in sorted(found.by_operation.items()):
        print(f"  {times:6}  {reply}")
    for problem in dict.fromkeys(found.problems):
        print(f"\n{problem}")
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
