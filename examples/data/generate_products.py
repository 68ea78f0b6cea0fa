#!/usr/bin/env python3
"""Writes products.csv, the catalogue of the example agents: 3,600 products of an imaginary outdoor
shop with a stock in three warehouses. The same file at every run."""

import csv
import pathlib

THINGS = {  # name: (category, list price in cents)
    "city bicycle": ("bicycles", 64900), "gravel bicycle": ("bicycles", 149900),
    "child bicycle": ("bicycles", 28900), "folding bicycle": ("bicycles", 89900),
    "helmet": ("safety", 5990), "cable lock": ("safety", 2490), "front light": ("safety", 3490),
    "rain jacket": ("clothing", 12900), "wool cap": ("clothing", 2990),
    "gloves": ("clothing", 3990), "trekking trousers": ("clothing", 8990),
    "two-person tent": ("camping", 34900),
    "sleeping bag": ("camping", 15900), "gas stove": ("camping", 6990),
    "water bottle": ("camping", 1990), "headlamp": ("camping", 4490), "day pack": ("bags", 7990),
    "pannier": ("bags", 9490),
    "touring rucksack": ("bags", 17900), "handlebar bag": ("bags", 4990),
}
COLOURS = ["red", "blue", "green", "black", "white", "yellow", "orange", "grey", "teal", "brown"]
SIZES = ["XS", "S", "M", "L", "XL", "XXL"]
LINES = {"Alba": 100, "Brio": 125, "Cima": 160}  # model line: price in percent


def chance(*parts):
    """A fixed number in [0, 1000) for these words: FNV-1a, so no run and no machine differs."""
    value = 0xCBF29CE484222325
    for byte in "/".join(map(str, parts)).encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return (value >> 20) % 1000


def rows():
    for thing_number, (thing, (category, cents)) in enumerate(THINGS.items(), 1):
        for line, percent in LINES.items():
            for colour_number, colour in enumerate(COLOURS):
                for size_number, size in enumerate(SIZES):
                    sku = f"{line[0]}{thing_number:02d}-{colour_number}{size_number}"
                    stock = [0 if chance(sku, place, "out") < 180 else chance(sku, place) % 90
                             for place in "ABC"]
                    price = cents * percent // 100 + 100 * size_number
                    yield [sku, f"{line} {colour} {thing} {size}", category, colour, size,
                           f"{price // 100}.{price % 100:02d}", *stock]


def main():
    path = pathlib.Path(__file__).with_name("products.csv")
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sku", "name", "category", "colour", "size", "price_eur",
                         "stock_a", "stock_b", "stock_c"])
        writer.writerows(rows())


if __name__ == "__main__":
    main()
