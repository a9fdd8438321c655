import shutil
from pathlib import Path

import pytest

from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.prm_files import FOLDER, MANIFEST, check_prm_files


def test_the_files_in_the_package_are_those_of_the_manifest() -> None:
    check_prm_files()
    assert {path.name for path in FOLDER.iterdir()} == set(MANIFEST)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "prm")
    (folder / "head.safetensors").write_bytes(b"x")
    with pytest.raises(BackendSetupError, match=r"head\.safetensors has a wrong checksum"):
        check_prm_files(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendSetupError, match=r"adapter_0\.safetensors cannot be read"):
        check_prm_files(tmp_path)
