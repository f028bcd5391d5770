"""Pretend chips on the bench's I2C bus, register by register as their data sheets have them."""
