"""What stands between HTTP and the flows: guard, parse, call, render. The pages and the JSON API share it."""
