"""Hands MkDocs what `concord.site` makes. Nothing is decided here."""

import json
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

from concord.project.errors import UserError
from concord.site import search
from concord.site.build import Site
from concord.site.markup import Held

GLOSSARY = "glossary.md"
site: Site
held: Held


def on_config(config):
    global site, held
    try:
        held = Held()
        site = Site(Path(config.docs_dir), (config.repo_url or "").rstrip("/"))
        config.nav = site.menu()
    except UserError as error:
        raise PluginError(str(error)) from None
    if config.repo_url:  # in the foot of the page: in its head the theme would ask GitHub for the stars
        config.extra["social"] = [{"icon": "fontawesome/brands/github", "link": config.repo_url, "name": "The sources"}]
        config.repo_url = None
    return config


def on_files(files, config):
    try:
        for place, content in site.files().items():
            files.append(File.generated(config, place, content=content))
    except UserError as error:
        raise PluginError(str(error)) from None
    return files


def on_page_markdown(markdown, page, config, files):
    filled = held.plain(site.fill(markdown))
    code_alone = page.meta.get("search", {}).get("exclude")
    return filled if code_alone or page.file.src_uri == GLOSSARY else filled + site.definitions(filled)


def on_page_content(html, page, config, files):
    return site.linked(html, get_relative_url("glossary.html", page.url))


def on_post_page(output, page, config):
    return held.back(output)


@event_priority(-50)  # after the index is written, before the offline plugin copies it
def on_post_build(config):
    file = Path(config.site_dir) / "search" / "search_index.json"
    try:
        index = search.prepare(json.loads(file.read_text(encoding="utf-8")))
    except UserError as error:
        raise PluginError(str(error)) from None
    file.write_text(json.dumps(index, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
