"""Model servers as the nodes see them."""
