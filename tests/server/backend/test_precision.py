from pathlib import Path

import pytest

from forethought.server.backend.precision import cpu_precision


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("processor : 0\nflags\t\t: fpu avx avx2 avx512f avx512_bf16\n", "bfloat16"),
        ("processor : 0\nflags\t\t: fpu avx avx2 f16c\n", "float32"),
        ("processor : 0\nFeatures\t: fp asimd bf16\n", "bfloat16"),
    ],
)
def test_an_x86_cpu_without_avx512_serves_float32(
    tmp_path: Path, text: str, precision: str
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert cpu_precision(tmp_path / "cpuinfo") == precision


def test_where_nothing_is_known_bfloat16_stays(tmp_path: Path) -> None:
    assert cpu_precision(tmp_path / "missing") == "bfloat16"
