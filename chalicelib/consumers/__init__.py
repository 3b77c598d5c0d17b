"""The Lambda functions beside the API, one module each. They stand alone: app, pages and web are never loaded here.

The ARNs in the decorators are placeholders: packaging puts the deployed ones in, by the function's name. Collecting
garbage while modules are loaded would cost a tenth of a cold start, so each switches it off until it is done.
"""
