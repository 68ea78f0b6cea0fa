#!/usr/bin/env python3
"""An inventory: how many pieces of a product lie in which warehouse.

GET /lookup?sku=A01-00, /lookup?text=red+bicycles+XL, either with &warehouse=A; or the same
fields as a JSON object in the body. GET / does the same."""

import agent
from catalogue import Catalogue

SHOWN_MAX = 20


def main():
    parser = agent.arguments_of(__doc__)
    parser.add_argument("--warehouses", default="A,B,C", help="the ones it answers for (A,B,C)")
    arguments = parser.parse_args()
    served = [place.strip().upper() for place in arguments.warehouses.split(",")]
    catalogue = Catalogue()

    def stock_of(product, places):
        return {place: product.stock[place] for place in places}

    def lookup(request):
        fields = request.fields()
        warehouse = str(fields.get("warehouse", "")).upper()
        if warehouse and warehouse not in served:
            raise agent.Refusal(404, f"warehouse {warehouse} is not here; {', '.join(served)} are")
        places = [warehouse] if warehouse else served
        if "sku" in fields:
            product = catalogue.find(str(fields["sku"]))
            if product is None:
                raise agent.Refusal(404, f"no product {fields['sku']}")
            return {"sku": product.sku, "name": product.name, "stock": stock_of(product, places)}
        text = str(fields.get("text", "")) or request.text()
        if not text:
            raise agent.Refusal(400, "say which product: sku=A01-00 or text=red+bicycle")
        found = catalogue.search(text)
        return {
            "text": text,
            "found": len(found),
            "pieces": sum(sum(stock_of(product, places).values()) for product in found),
            "products": [
                {"sku": product.sku, "name": product.name, "stock": stock_of(product, places)}
                for product in found[:SHOWN_MAX]
            ],
        }

    agent.serve(arguments.port, {"/": lookup, "/lookup": lookup})


if __name__ == "__main__":
    main()
