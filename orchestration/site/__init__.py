"""Pages of the documentation site that are written from what the project declares of itself.

Belongs here: pages in Markdown that nobody keeps, one per KPI, per published table and per Python
package, and the commands of `adv`; `hook` hands them to MkDocs, which `make docs` runs.
Does not belong here: pages that are kept in `docs/`, also those that `make docs` writes there.
Nothing of the product imports this package.
"""
