"""The documents that the stores of this process have read and written, as their meter counts."""

from collections import Counter

from messaging.instruments.metrics import STORE_DOCUMENTS


def counted_documents() -> Counter[str]:
    """The documents so far, by `read`, `write` and `delete`."""
    documents: Counter[str] = Counter()
    for metric in STORE_DOCUMENTS.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                documents[sample.labels["kind"]] += int(sample.value)
    return documents
