"""One module per group of URLs: what can be asked of the server."""
