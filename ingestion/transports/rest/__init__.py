"""REST APIs: how a host is called, what any product's API can be asked, and how each is asked.

transport.py    tables read through an API, landed as those of files and databases are
api.py          what is asked of a product's API
<system>.py     one product's dialect of it: the one module that a further product takes
http.py         calls to one host, bounded in number, size and time
sign_in.py      the token by which the host knows us
"""
