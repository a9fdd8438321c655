import pytest

from forethought.storage.policy_names import policy_columns


@pytest.mark.parametrize(
    ("policy", "parts"),
    [
        ("gsm8k@3 1a2b3c4d", ("gsm8k", 3, "1a2b3c4d")),
        ("my-policy-7@12 00000000", ("my-policy-7", 12, "00000000")),
        ("builtin-1", ("builtin", 1, None)),
        ("fixed", ("fixed", None, None)),
        ("two\nlines", ("two\nlines", None, None)),
    ],
)
def test_a_policy_is_taken_apart(policy: str, parts: tuple[object, ...]) -> None:
    columns = policy_columns(policy)
    assert columns["policy"] == policy
    assert (columns["policy_name"], columns["policy_version"], columns["policy_hash"]) == parts
