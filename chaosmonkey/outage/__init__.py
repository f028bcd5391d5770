"""What happened to the machines and their pods: detection, eviction, recovery and the story."""
