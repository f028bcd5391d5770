"""Simulated chips on the bench's I2C bus, register by register, after their data sheets."""
