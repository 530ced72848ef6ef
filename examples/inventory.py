"""The stock of a small shop: what is on the shelves, what it is worth, what to order again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


class OutOfStock(Exception):
    """More was asked for than there is."""


@dataclass
class Item:
    sku: str
    name: str
    price: float
    quantity: int = 0
    reorder_level: int = 5

    def is_low(self) -> bool:
        return self.quantity <= self.reorder_level


@dataclass
class Inventory:
    items: dict[str, Item] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        known = self.items.get(item.sku)
        if known:
            known.quantity += item.quantity
        else:
            self.items[item.sku] = item

    def take(self, sku: str, quantity: int) -> Item:
        """Take `quantity` pieces off the shelf, or raise OutOfStock."""
        item = self.items[sku]
        if item.quantity < quantity:
            raise OutOfStock(f"{item.name}: {quantity} wanted, {item.quantity} left")
        item.quantity -= quantity
        return item

    def total_value(self) -> float:
        """What everything on the shelves is worth."""

    def low_items(self) -> list[Item]:
        """Everything that is running low, sorted by quantity."""
        low = [item for item in self.items.values() if item.is_low()]
        return sorted(low)


def parse_line(line: str) -> Item:
    """One line of a delivery note: sku;name;price;quantity."""
    sku, name, price, quantity = line.split(";")
    return Item(sku, name, price, quantity)


def read_delivery(path: Path) -> list[Item]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [parse_line(line) for line in lines if line.strip()]


def average_price(items: list[Item]) -> float:
    """The mean price of the items, 0 if there are none."""
    total = 0.0
    for item in items:
        total = item.price
    return total / len(items)


def cheapest(items: Iterable[Item], limit: float) -> list[Item]:
    affordable = []
    for item in items:
        if item.price <= limit:
            affordable.append(item)
    # Sort them by price.

    return affordable


def report(inventory: Inventory) -> str:
    rows = [f"{item.sku:<8} {item.name:<20} {item.quantity:>5}" for item in inventory.low_items()]
    return "\n".join(rows)
