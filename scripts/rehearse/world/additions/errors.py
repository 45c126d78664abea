"""The provider retries a 500 up to 25 times, for minutes: it looks like a hang. So nothing answers 500."""

import json
import sys
import traceback

from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.exceptions import HTTPException


def never_500(dispatcher):
    """moto's application, with every exception and every 5xx answered as a logged 400."""
    application = dispatcher(create_backend_app_that_answers)

    def serve(environ, start_response):
        try:
            return application(environ, start_response)
        except Exception as error:
            log_gap(environ, error)
            body = refusal(environ, error)
            start_response("400 Bad Request", [("Content-Type", content_type(environ)), ("x-amzn-errortype", "WorldGap")])
            return [body.encode()]

    return serve


def create_backend_app_that_answers(service):
    app = create_backend_app(service)
    app.debug = False

    @app.errorhandler(Exception)
    def answer(error):
        from flask import request

        if isinstance(error, HTTPException) and (error.code or 500) < 500:
            return error
        log_gap(request.environ, error)
        return refusal(request.environ, error), 400, {"Content-Type": content_type(request.environ), "x-amzn-errortype": "WorldGap"}

    @app.after_request
    def downgrade(response):
        if response.status_code >= 500:
            from flask import request

            print(f"WORLD-GAP {describe(request.environ)} answered {response.status_code}", file=sys.stderr, flush=True)
            response.status_code = 400
        return response

    return app


def describe(environ):
    return f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')} {environ.get('HTTP_X_AMZ_TARGET', '')}".strip()


def log_gap(environ, error):
    print(f"WORLD-GAP {describe(environ)}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    if not isinstance(error, NotImplementedError):
        traceback.print_exception(error, file=sys.stderr)


def speaks_json(environ):
    return "json" in environ.get("CONTENT_TYPE", "")


def content_type(environ):
    return "application/json" if speaks_json(environ) else "text/xml"


def refusal(environ, error):
    message = f"{type(error).__name__}: {error}"
    if speaks_json(environ):
        return json.dumps({"__type": "WorldGap", "message": message})
    escaped = message.replace("&", "&amp;").replace("<", "&lt;")
    return f"<ErrorResponse><Error><Type>Sender</Type><Code>WorldGap</Code><Message>{escaped}</Message></Error></ErrorResponse>"
