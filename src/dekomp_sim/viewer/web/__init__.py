"""The page: one case in a browser, on this machine or, where asked, on another.

`safety` says who may come in and what may be asked; `server` binds the page to an address and `browser` opens it;
`desk` answers what hands do, for the `case` that is open; `pumps` send pictures, the newest first; `page/` is what the
browser runs. Nothing is fetched from elsewhere.
"""
