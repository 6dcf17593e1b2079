"""Lists that people act on, from the published marts: Excel to work in, PDF to print, CSV to load.

`writing` is the way in. Each module of `lists/` says what one list holds, each module of
`formats/` how a prepared list is written, and `wording` holds every phrase in three languages.
Nothing here knows Dagster, and nothing here decides what a number means: a list selects from
`kpi` and `core` and lays out what it finds. A rule that is missing belongs in the dbt project.
"""
