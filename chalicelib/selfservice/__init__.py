"""What is shared with clients: benefits batches with the answer to them, records of accounts, the documents of both."""
