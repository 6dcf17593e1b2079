"""Reminders ready to be sent: a letter per customer and level, and a draft where it goes by e-mail.

Whom to remind of what, and which legal amounts may be claimed, stands in `kpi.dunning_worklist`.
Here it is put into words. Nothing is sent.
"""
