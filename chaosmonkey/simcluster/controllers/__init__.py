"""The controllers: each reconciles the world with the objects of one kind."""
