"""How a worker reaches the broker; `dagster_celery.app` looks for a module of this name.

The addresses hold passwords: written here by hand, or by `dagster-celery worker start`, which
copies them into DAGSTER_HOME, they would lie in a file.
"""

import os

broker_url = os.environ["ADV_CELERY_BROKER_URL"]
result_backend = os.environ["ADV_CELERY_RESULT_URL"]

worker_concurrency = 1
worker_prefetch_multiplier = 1  # what waits may be run by another worker
worker_max_tasks_per_child = 1  # a process to a run, as everywhere else
worker_hijack_root_logger = False
worker_redirect_stdouts = False
