"""`POST /v1/responses`: OpenAI's newer JSON on the outside, our values within."""
