"""A ledger in memory: the accounts of keys, as a store keeps them for every process."""

from datetime import datetime

from forethought.nodes.errors import StoreError
from forethought.storage.accounts import Account, Changed


class FakeLedger:
    """Keeps what `changed` gives, and what it was asked."""

    def __init__(self, tokens: int = 0) -> None:
        self.tokens = tokens
        """Of traces from before there was an account."""
        self.accounts: dict[str, Account] = {}
        self.asked: list[tuple[str, datetime]] = []
        self.broken = False

    async def change_account(self, key_id: str, midnight: datetime, changed: Changed) -> Account:
        if self.broken:
            raise StoreError("the disk is full")
        self.asked.append((key_id, midnight))
        account = self.accounts.get(key_id) or Account(day=midnight, today=self.tokens)
        self.accounts[key_id] = changed(account)
        return self.accounts[key_id]
