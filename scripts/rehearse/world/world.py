"""An AWS on loopback: moto's server and what it lacks (additions/), for the rehearsal.

    python world.py                  listens on a free port and prints WORLD http://127.0.0.1:<port>
    python world.py --plain          moto alone: the tests use it to see whether a gap has closed
    python world.py --lose-every 9   a second port, NETWORK http://127.0.0.1:<port>, loses every ninth answer, and says LOST each time

With --until-stdin-ends it ends with the process that started it, however that one ends.
GET /world/contents lists what stands in the rehearsal's account; ?account=<number> asks for another.
GET /world/judged tells by role which actions it used, which it asked without being allowed, and which it may and never used.
POST /world/machines?region=<region> says that somebody runs the machines there: launch hooks wait, what ends drains.
  With &patience=<times> hooks wait so many times as long as they say.
POST /world/health?region=<region> says what a load balancer found: {target group: {instance: [state, reason, description]}}.
"""

import json
import logging
import os
import sys
import threading
from urllib.parse import parse_qs

os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_ACM_VALIDATION_WAIT"] = "1"

from cut import Relay
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from once import once
from waitress import create_server

# Some calls wait for others: a function that runs calls the world, a reader of a queue holds its call for 20 s.
THREADS = 64
# As moto itself reads it; moto's DEFAULT_ACCOUNT_ID is the other one, whatever the environment says.
ACCOUNT = os.environ.get("MOTO_ACCOUNT_ID", "123456789012")
# The client ends a connection, never we: a call that is on its way when a connection ends is a lost one.
IDLE_SECONDS = 86_400


def with_doors(application):
    """What no API of AWS says or is told: what stands here, and what whoever runs the machines has to say."""

    def serve(environ, start_response):
        door = environ.get("PATH_INFO", "")
        if not door.startswith("/world/"):
            return application(environ, start_response)
        asked = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        answer = behind(door, asked, environ["wsgi.input"].read())
        start_response("200 OK" if answer is not None else "404 Not Found", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]

    return serve


def behind(door, asked, body):
    from additions.lifecycle import run_by_somebody, say_health
    from contents import contents
    from judge import verdict

    account = asked.get("account", ACCOUNT)
    if door == "/world/contents":
        return contents(account)
    if door == "/world/judged":
        return verdict(account)
    if door == "/world/machines":
        run_by_somebody(account, asked["region"], float(asked.get("patience", 1)))
        return {}
    if door == "/world/health":
        say_health(account, asked["region"], json.loads(body))
        return {}
    return None


def as_it_was_sent(application):
    """moto reads a path before its percent signs are taken away, under the name that other servers give it."""

    def serve(environ, start_response):
        environ["RAW_URI"] = environ["REQUEST_URI"]
        return application(environ, start_response)

    return serve


def listen(application):
    """A server that keeps its connections. moto's own, for development, closes them under the client's next call."""
    return create_server(
        as_it_was_sent(application),
        host="127.0.0.1",
        port=0,
        threads=THREADS,
        channel_timeout=IDLE_SECONDS,
        connection_limit=1_000,
        asyncore_use_poll=True,
    )


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


def main():
    for server in ("werkzeug", "waitress"):
        logging.getLogger(server).setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    if "--plain" not in sys.argv:
        import additions

        additions.install()
        from additions.errors import never_500
        from judge import judged

        application = with_doors(judged(once(never_500(DomainDispatcherApplication)), ACCOUNT))
    if "--until-stdin-ends" in sys.argv:
        threading.Thread(target=end_with_stdin, daemon=True).start()
    server = listen(application)
    port = server.effective_port
    os.environ["MOTO_PORT"] = str(port)
    if "--lose-every" in sys.argv:
        every = int(sys.argv[sys.argv.index("--lose-every") + 1])
        print(f"NETWORK http://127.0.0.1:{Relay(port, every, on_loss=lambda: print('LOST', flush=True)).port}", flush=True)
    print(f"WORLD http://127.0.0.1:{port}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
