"""The catalogue of the example agents, read once from data/products.csv."""

import csv
import pathlib
import re
from dataclasses import dataclass

PATH = pathlib.Path(__file__).with_name("data") / "products.csv"


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    category: str
    price_cents: int
    stock: dict  # warehouse: pieces


class Catalogue:
    def __init__(self, path=PATH):
        with open(path, newline="", encoding="utf-8") as file:
            products = [self._product(row) for row in csv.DictReader(file)]
        self._by_sku = {product.sku: product for product in products}
        self._by_word = {}
        for product in products:
            for word in self._words(product.name):
                self._by_word.setdefault(word, set()).add(product.sku)

    def __len__(self):
        return len(self._by_sku)

    def find(self, sku):
        return self._by_sku.get(sku.upper())

    def search(self, text):
        """Products whose name has all words of the text that the catalogue knows."""
        known = [self._by_word[word] for word in self._words(text) if word in self._by_word]
        if not known:
            return []
        return [self._by_sku[sku] for sku in sorted(set.intersection(*known))]

    @staticmethod
    def _product(row):
        euros, cents = row["price_eur"].split(".")
        stock = {place: int(row[f"stock_{place.lower()}"]) for place in "ABC"}
        price_cents = int(euros) * 100 + int(cents)
        return Product(row["sku"], row["name"], row["category"], price_cents, stock)

    @staticmethod
    def _words(text):
        # A plural finds its singular: "red bicycles" is "red bicycle".
        return [word[:-1] if len(word) > 3 and word.endswith("s") else word
                for word in re.findall(r"[a-z0-9-]+", text.lower())]
