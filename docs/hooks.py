"""Hands MkDocs what `concord.site` makes. Nothing is decided here."""

import json
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

from concord.project.errors import UserError
from concord.site import search
from concord.site.build import Site

site: Site


def on_config(config):
    global site
    try:
        site = Site(Path(config.docs_dir) / "results")
        config.nav = site.menu()
    except UserError as error:
        raise PluginError(str(error)) from None
    return config


def on_files(files, config):
    try:
        for place, content in site.files().items():
            files.append(File.generated(config, place, content=content))
    except UserError as error:
        raise PluginError(str(error)) from None
    return files


def on_page_markdown(markdown, page, config, files):
    return site.fill(markdown)


@event_priority(-50)  # after the index is written, before the offline plugin copies it
def on_post_build(config):
    file = Path(config.site_dir) / "search" / "search_index.json"
    try:
        index = search.prepare(json.loads(file.read_text(encoding="utf-8")))
    except UserError as error:
        raise PluginError(str(error)) from None
    file.write_text(json.dumps(index, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
