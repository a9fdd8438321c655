"""`POST /v1/chat/completions`: OpenAI's JSON on the outside, our values within."""
