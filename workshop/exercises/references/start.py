"""Reference answer of lesson 00: counted, one label after the other."""


def labels_needed(classes, examples):
    """Every example of every class."""
    return sum(1 for _ in range(classes) for _ in range(examples))


REFERENCES = {"start-labels-needed": labels_needed}
