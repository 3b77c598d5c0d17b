"""The API Lambda: JSON API and hosted pages. Everything else lives in chalicelib; the workers never load this file."""

import gc
import os

gc.disable()  # a collection while importing costs a tenth of a cold start; see docs/decisions.md

from chalice import Chalice  # noqa: E402

from chalicelib import api, pages  # noqa: E402

app = Chalice(app_name="latchstring", configure_logs=False)
app.experimental_feature_flags.update({"BLUEPRINTS"})
app.api.binary_types = []
app.register_blueprint(api.blueprint)
app.register_blueprint(pages.blueprint)

if os.environ.get("AWS_CHALICE_CLI_MODE") == "true":  # while packaging, Chalice must know the workers; in Lambda never
    from chalicelib.consumers import deliver, facts_relay, feedback, react, relay, tick

    for module in (relay, deliver, feedback, facts_relay, react, tick):
        app.register_blueprint(module.blueprint)

gc.freeze()
gc.enable()
