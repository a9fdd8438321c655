"""What a service costs beside the model."""
