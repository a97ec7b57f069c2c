"""Compares the embeddings of reference.txt with what sentence-transformers' own pages print for the model."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as lines:
    vectors = [json.loads(line)["vector"] for line in lines]
assert len(vectors) == 5, f"{len(vectors)} sentences instead of 5"
for vector in vectors:
    assert len(vector) == 384
    assert abs(sum(x * x for x in vector) - 1) < 1e-4, "not of length one"


def cosine(a, b):
    return sum(x * y for x, y in zip(vectors[a], vectors[b]))


# The quickstart of sbert.net: two sentences about the weather, one about something else.
for pair, published in {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}.items():
    assert abs(cosine(*pair) - published) < 1e-4, f"{pair}: {cosine(*pair)}, published {published}"
assert cosine(0, 1) > 4 * cosine(0, 2)

# The first numbers which the model card's example gives.
for index, published in {
    3: [0.06765691, 0.06349594, 0.04871312, 0.07930496, 0.03744807, 0.00265277],
    4: [0.08643860, 0.10276265, 0.00539457, 0.00204443, -0.00996340, 0.02538552],
}.items():
    for got, want in zip(vectors[index], published):
        assert abs(got - want) < 2e-6, f"sentence {index}: {got}, published {want}"
