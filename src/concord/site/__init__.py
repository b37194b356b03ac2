"""The documentation site's generated pages, as plain functions from the project's files to pages.

Data flows one way: `source` and `results` read, `comparison`, `choose`, `features` and the others make pages of what
was read, `build` collects them. MkDocs only calls `build` from a hook, so that another generator can take over.
"""
