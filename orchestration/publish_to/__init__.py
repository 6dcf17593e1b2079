"""Copies of the publication that servers hold, for readers that keep a connection.

Belongs here: bringing a server of `publish_to` in sources.yaml to the publication in force, and
asking which one it holds. Does not belong here: the publication itself, which is files and stands
whatever becomes of its copies.
"""
