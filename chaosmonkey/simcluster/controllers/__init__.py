"""The loops that make the world what its objects say it should be, one idea a module."""
