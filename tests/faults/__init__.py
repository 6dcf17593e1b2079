"""Faults on purpose: runs are killed, starved and damaged, and the next one must make it good.

    python -m tests.faults --times 3        or: make faults
    python -m tests.faults --home-of demo --scale 1 --times 10

`points.py` names where something can befall a run, `sabotage.py` is the `adv` command that it
befalls there, `disk.py` a disk that is full, `company.py` the installations and their undisturbed
twins, `campaign.py` the faults and what is asked after each, `readers.py` those who read while
it is published. Nothing here is part of the product.
"""
