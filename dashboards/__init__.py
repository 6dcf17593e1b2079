"""What is shown of the publication: the cockpit, and dashboards of BI tools, kept as code.

Nothing here computes a business figure: that is dbt's, and a chart adds up columns of the marts.
Nothing of the pipeline imports this package, but for the command that starts the cockpit, and a BI
tool is never a dependency of the product.
"""
