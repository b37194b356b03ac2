"""The proof page's table of repeats."""

from markupsafe import Markup

from concord.project.framework import variants
from concord.site.markup import render
from concord.site.results import Results


def repeats(results: Results) -> Markup:
    """For each comparison that was run several times in a row: how often its variants passed."""
    rows = []
    for file, document in results.documents("compare"):
        for recipe in dict.fromkeys(result["recipe"] for result in document["results"]):
            found = [result for result in document["results"] if result["recipe"] == recipe and result.get("repeats")]
            if not found:
                continue
            outcomes = {result["variant"]: [run["outcome"] for run in result["repeats"]] for result in found}
            wavering = {id: seen for id, seen in outcomes.items() if len(set(seen)) > 1}
            rows.append({
                "recipe": recipe,
                "document": document,
                "file": file,
                "times": max(map(len, outcomes.values())),
                "outcomes": outcomes,
                "wavering": [variants()[id].label if id in variants() else id for id in wavering],
            })  # fmt: skip
    rows.sort(key=lambda row: (row["recipe"], row["document"]["data"]["name"]))
    return render("repeats.html", rows=rows)
