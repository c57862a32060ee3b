"""Look at kept downloads."""

from __future__ import annotations

import shutil

import click

from anomed_client.cache import cache_folder
from anomed_client.cli.call import Call, command


@click.option("--clear", is_flag=True, help="Delete all of them.")
def _cache(call: Call, *, clear: bool) -> None:
    """Show where downloads are kept, and how much they take."""
    folder = cache_folder(None)
    files = [file for file in folder.rglob("*") if file.is_file()]
    size_bytes = sum(file.stat().st_size for file in files)
    n_files = sum(file.suffix == ".data" for file in files)
    if clear and folder.is_dir():
        shutil.rmtree(folder)
    told = {
        "folder": str(folder),
        "files": n_files,
        "size_bytes": size_bytes,
        "cleared": clear,
    }
    call.show(list(told), [list(told.values())], told)


cache = command("cache")(_cache)
