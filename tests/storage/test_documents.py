import json
from dataclasses import asdict, replace

import pytest

from forethought.nodes.errors import StoreError
from forethought.nodes.policy.document import PolicyDocument
from forethought.storage.documents import policy_from, policy_hash, policy_json
from learned_policies import FULL, document


@pytest.mark.parametrize("policy", [FULL, document()])
def test_a_policy_is_read_back_equal_down_to_the_types_of_its_numbers(
    policy: PolicyDocument,
) -> None:
    text = policy_json(policy)
    assert policy_from(text) == policy
    assert policy_json(policy_from(text)) == text
    assert policy_json(policy_from(json.dumps(asdict(policy), indent=2).encode())) == text


def test_equal_policies_have_equal_hashes_and_others_have_others() -> None:
    assert policy_hash(document()) == policy_hash(document())
    assert policy_hash(document()) != policy_hash(document(seed=2))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not a policy: : Invalid JSON"),
        ('{"name": "x"}', "not a policy: made: Field required"),
        (policy_json(replace(FULL, format=2)), "format 2, newer than this package's 1"),
        (
            policy_json(FULL).replace('"level": 2', '"level": 6'),
            r"not a policy: options.0.level: Input should be 1, 2, 3, 4 or 5",
        ),
    ],
)
def test_what_is_no_policy_is_refused(text: str, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        policy_from(text)
