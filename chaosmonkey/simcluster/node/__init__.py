"""The simulated machines: their kubelets and their pods."""
