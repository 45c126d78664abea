"""An AWS on loopback: moto's server and what it lacks (additions/), for the rehearsal.

    python world.py            listens on a free port and prints WORLD http://127.0.0.1:<port>
    python world.py --plain    moto alone: the tests use it to see whether a gap has closed

With --until-stdin-ends it ends with the process that started it, however that one ends.
GET /world/contents lists what stands in the rehearsal's account; ?account=<number> asks for another.
"""

import json
import logging
import os
import sys
import threading
from urllib.parse import parse_qs

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_ACM_VALIDATION_WAIT"] = "1"

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


def with_contents(application):
    def serve(environ, start_response):
        if environ.get("PATH_INFO") != "/world/contents":
            return application(environ, start_response)
        from contents import contents

        account = parse_qs(environ.get("QUERY_STRING", "")).get("account")
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(contents(*account or ())).encode()]

    return serve


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    if "--plain" not in sys.argv:
        import additions

        additions.install()
        from additions.errors import never_500

        application = with_contents(never_500(DomainDispatcherApplication))
    if "--until-stdin-ends" in sys.argv:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    print(f"WORLD http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
