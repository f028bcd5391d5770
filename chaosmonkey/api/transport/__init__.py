"""The transport: HTTP and websocket protocols, sockets, and their limits."""
