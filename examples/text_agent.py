#!/usr/bin/env python3
"""Text: summarises by scoring sentences, and counts words.

POST /summarize?sentences=2 with the text as body (or JSON {"text": ...}), POST /count, and POST
/stream, which sends the summary sentence by sentence as server-sent events. POST / summarises."""

import re
import time
from collections import Counter

import agent

FREQUENT = set("""a about after all also an and are as at be because been but by can could did do
does for from had has have he her his how i if in into is it its just like more
most no not of on one or other our out over she so some such than that the their
them then there these they this to up was we were what when which who will with
would you your""".split())


def sentences_of(text):
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part.strip()]


def words_of(text):
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower())


def summary_of(text, count):
    """The `count` sentences that say most, in their own order: a word weighs what it occurs in the
    whole text, a sentence the mean of its words; the first one gets a bonus, it often says what the
    text is about."""
    sentences = sentences_of(text)
    weights = Counter(word for word in words_of(text) if word not in FREQUENT)

    def score(item):
        position, sentence = item
        words = [word for word in words_of(sentence) if word not in FREQUENT]
        mean = sum(weights[word] for word in words) / (len(words) or 1)
        return mean * (1.3 if position == 0 else 1.0)

    best = sorted(enumerate(sentences), key=score, reverse=True)[:count]
    return [sentence for _, sentence in sorted(best)]


def main():
    parser = agent.arguments_of(__doc__)
    parser.add_argument("--pause", type=float, default=0.05,
                        help="seconds between the events of /stream (0.05)")
    arguments = parser.parse_args()

    def wanted(request):
        text = request.text()
        if not text.strip():
            raise agent.Refusal(400, "send a text as the body")
        try:
            count = int(request.fields().get("sentences", 3))
        except ValueError as error:
            raise agent.Refusal(400, "sentences is a whole number") from error
        return text, max(1, min(count, 50))

    def summarize(request):
        text, count = wanted(request)
        return {"summary": " ".join(summary_of(text, count)), "sentences": len(sentences_of(text)),
                "words": len(words_of(text))}

    def count(request):
        text, _ = wanted(request)
        words = words_of(text)
        often = Counter(word for word in words if word not in FREQUENT).most_common(5)
        return {"words": len(words), "sentences": len(sentences_of(text)),
                "characters": len(text), "most_frequent": dict(often)}

    def stream(request):
        text, count = wanted(request)

        def events():
            for number, sentence in enumerate(summary_of(text, count), 1):
                if number > 1:
                    time.sleep(arguments.pause)
                yield {"sentence": sentence, "number": number}
            yield {"done": True}

        return agent.Events(events())

    agent.serve(arguments.port, {"/": summarize, "/summarize": summarize, "/count": count,
                                 "/stream": stream})


if __name__ == "__main__":
    main()
