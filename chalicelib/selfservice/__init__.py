"""What is shared with clients: benefits batches, their documents and the client's answer."""
