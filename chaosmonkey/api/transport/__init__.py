"""How bytes come and go: the HTTP and websocket protocols, sockets, and their limits."""
