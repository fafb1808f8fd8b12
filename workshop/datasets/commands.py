"""``python -m workshop data list | fetch NAME... | verify [NAME...]``."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from torch.utils.model_zoo import tqdm  # the bar that torchvision shows; a plain one where tqdm is missing

from workshop.datasets import fetch, shipped
from workshop.datasets.catalogue import CATALOGUE, find, is_here


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status.

    Raises:
        WorkshopError: an unknown name, no network, and whatever else the reader can mend.
    """
    parser = argparse.ArgumentParser(
        prog="python -m workshop data", description="The data sets of the workshop."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what there is, its licence and size, and whether it is here")
    fetching = commands.add_parser("fetch", help="download data sets by name")
    fetching.add_argument("names", nargs="+", metavar="NAME")
    verifying = commands.add_parser("verify", help="compare files with their checksums")
    verifying.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args(arguments)
    if options.command == "list":
        return _list()
    for name in options.names:
        find(name)  # a misspelt name stops the command before anything is done
    return _fetch(options.names) if options.command == "fetch" else _verify(options.names)


def _list() -> int:
    rows = [("name", "here", "size", "what", "licence")]
    for entry in CATALOGUE.values():
        here = "yes" if is_here(entry.name) else "no"
        rows.append((entry.name, here, entry.size, entry.title, entry.licence))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _fetch(names: list[str]) -> int:
    for name in names:
        entry = find(name)
        print(f"{name}: {entry.title}, {entry.size}, {entry.licence}", flush=True)
        bars = _Bars()
        try:
            where = fetch.fetch(name, on_progress=bars)
        except KeyboardInterrupt:
            print(f"{name}: interrupted; nothing was changed.", file=sys.stderr)
            return 130
        finally:
            bars.close()
        print(f"{name}: complete and verified, in {where}")
    return 0


def _verify(names: list[str]) -> int:
    """Good and absent files pass; an absent one fails when it was asked for by name."""
    failed = False
    for name in names or [None]:
        for each, state in fetch.verify(name):
            print(f"{each}: {state}")
            failed |= state != fetch.GOOD and not (state == fetch.ABSENT and name is None)
    if not names:
        wrong = [state for name in shipped.names() if (state := shipped.state(name)) != shipped.GOOD]
        print("\n".join(wrong) or f"tables: {shipped.GOOD}")
        failed |= bool(wrong)
    return int(failed)


@dataclass
class _Bars:
    """A progress bar for each file, in turn."""

    bar: tqdm | None = None
    file: str = ""

    def __call__(self, file: str, received: int, announced: int | None) -> None:
        if self.bar is None or file != self.file:
            self.close()
            self.file, self.bar = file, tqdm(desc=file, total=announced, unit="B", unit_scale=True)
        self.bar.update(received - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
