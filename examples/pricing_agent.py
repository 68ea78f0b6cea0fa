#!/usr/bin/env python3
"""Prices: what a number of pieces costs, with volume discount and value-added tax.

GET /quote?sku=A01-00&quantity=12&country=FR, or the same fields as a JSON object. GET / does the
same."""

import agent
from catalogue import Catalogue

DISCOUNT_PERCENT = [(100, 12), (25, 8), (10, 5)]  # from so many pieces on
VAT_PERCENT = {"DE": 19, "FR": 20, "IT": 22, "ES": 21, "NL": 21, "AT": 20, "CH": 8}


def main():
    arguments = agent.arguments_of(__doc__).parse_args()
    catalogue = Catalogue()

    def quote(request):
        fields = request.fields()
        product = catalogue.find(str(fields.get("sku", "")))
        if product is None:
            raise agent.Refusal(404, f"no product {fields.get('sku', '(sku is missing)')}")
        try:
            quantity = int(fields.get("quantity", 1))
        except ValueError as error:
            raise agent.Refusal(400, "quantity is a whole number") from error
        if not 1 <= quantity <= 100_000:
            raise agent.Refusal(400, "quantity is from 1 to 100000")
        country = str(fields.get("country", "DE")).upper()
        if country not in VAT_PERCENT:
            known = ", ".join(VAT_PERCENT)
            raise agent.Refusal(400, f"no tax rate for {country}; there is {known}")
        discount = next((percent for pieces, percent in DISCOUNT_PERCENT if quantity >= pieces), 0)
        net = product.price_cents * quantity * (100 - discount) // 100
        gross = net + net * VAT_PERCENT[country] // 100
        return {"sku": product.sku, "name": product.name, "quantity": quantity,
                "discount_percent": discount, "net_eur": f"{net / 100:.2f}",
                "gross_eur": f"{gross / 100:.2f}", "country": country}

    agent.serve(arguments.port, {"/": quote, "/quote": quote})


if __name__ == "__main__":
    main()
