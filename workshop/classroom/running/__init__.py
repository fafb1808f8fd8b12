"""A submission from top to bottom in the sandbox: evidence that it runs, and the page of what it showed."""
