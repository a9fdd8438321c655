"""`forethought report`: studies of policies and live evaluations, as one HTML page for people."""
