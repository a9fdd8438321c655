"""Which strategy a question gets."""
