"""What runs on a simulated machine: its kubelet and the life of its pods."""
