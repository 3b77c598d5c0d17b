"""The local runtime, around an application that stands in for ours."""
