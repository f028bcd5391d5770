"""What drivers are tried against: devices, or programs, that speak as the real ones do."""
