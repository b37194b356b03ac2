"""Where Concord's own things lie: the recipes, the frameworks, and what a run leaves behind."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parents[1]
IS_CHECKOUT = (CHECKOUT / "recipes").is_dir() and (CHECKOUT / "frameworks").is_dir()

# A wheel carries these folders inside the package.
ROOT = CHECKOUT if IS_CHECKOUT else PACKAGE / "bundled"
RECIPES = ROOT / "recipes"
FRAMEWORKS = ROOT / "frameworks"
GOTCHAS = ROOT / "gotchas"
MUTANTS = ROOT / "mutants"
SYMPTOMS = ROOT / "symptoms"


def home() -> Path:
    """The folder for evidence and everything else that a run makes: `$CONCORD_HOME`, or `.concord` in the checkout,
    or the user's cache when Concord was installed from a wheel."""
    if chosen := os.environ.get("CONCORD_HOME"):
        return Path(chosen)
    if IS_CHECKOUT:
        return CHECKOUT / ".concord"
    from platformdirs import user_cache_path

    return user_cache_path("concord")
