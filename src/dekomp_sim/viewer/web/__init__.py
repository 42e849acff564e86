"""The page: one case in a browser, on this machine or, where asked, on another.

`safety` says who may come in and what may be asked; `desk` answers what hands do; `pumps` send pictures, the newest
first; `server` binds them to an address; `page/` is what the browser runs. Nothing is fetched from elsewhere.
"""
