"""Two dashboards for Apache Superset on the published marts, and what brings them into one.

`metadata.yaml`, `databases/`, `datasets/`, `charts/` and `dashboards/` are Superset's own import
format. `bundle` packs them, `environment` installs Superset apart from the product, `inside` is
run by Superset's own Python.
"""
