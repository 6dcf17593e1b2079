"""Faults on purpose: runs are killed, starved and damaged, and the next one must make it good.

    python -m tests.faults --times 3        or: make faults

`points.py` names where a run can be killed, `sabotage.py` is the `adv` command that dies there,
`company.py` the installation and its undisturbed twin, `campaign.py` the faults and what is
asked after each. Nothing here is part of the product.
"""
