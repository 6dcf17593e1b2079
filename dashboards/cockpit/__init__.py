"""The cockpit: pages over the published marts, for the people whose work they are about.

`pages/` holds a module per page, which declares it as data: figures, charts and tables, each with
the query that it shows. `reading` asks the marts, `views` puts the answers into words and links,
`charts` draws, `templates/` lays out, `app` knows the addresses. `publication` follows each
refresh, `access` decides who sees what, and `sheets` is the only module that writes anything.

Nothing here computes a business figure: a page selects from `kpi`, `core` and `meta`, and adds up
what may be added up. A rule that is missing belongs in the dbt project. Tables are those of
`reports/`, and so are numbers, days, labels and workbooks. Pages need no script in the browser.
"""
