"""A call that an SDK sends again, because its answer was lost, is the same call: it gets its first answer, and nothing is done twice.

Every AWS SDK sends one amz-sdk-invocation-id with all attempts of a call. AWS itself tells most repeated calls apart by tokens
of its own; moto does not, and answers AlreadyExists.
"""

import threading
import time

KEPT_SECONDS = 300
KEPT_ANSWERS = 5_000
# What a connection says for itself is no part of an answer; the server before us refuses it.
HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade")


class Answer:
    """One call: whoever asks again while it is answered waits for it."""

    def __init__(self):
        self.given = threading.Event()
        self.at = time.monotonic()
        self.status = self.headers = self.body = None


class Answers:
    def __init__(self):
        self.lock = threading.Lock()
        self.by_call = {}

    def claim(self, call):
        """The call's answer, and whether the caller is the one who has to give it."""
        with self.lock:
            self.forget_old()
            known = self.by_call.get(call)
            if known:
                return known, False
            mine = self.by_call[call] = Answer()
            return mine, True

    def forget_old(self):
        """The oldest come first, since a dictionary keeps its order."""
        oldest_kept = time.monotonic() - KEPT_SECONDS
        for call, answer in list(self.by_call.items()):
            if not answer.given.is_set() or (answer.at > oldest_kept and len(self.by_call) <= KEPT_ANSWERS):
                break
            del self.by_call[call]

    def forget(self, call):
        with self.lock:
            self.by_call.pop(call, None)


def once(application):
    """Remembers what changed something. A refusal changed nothing, so a call that was refused is asked anew."""
    answers = Answers()

    def serve(environ, start_response):
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        if not call or environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return application(environ, start_response)
        answer, ours = answers.claim(call)
        if ours:
            try:
                answer.status, answer.headers, answer.body = whole(application, environ)
            finally:
                if answer.status is None or not answer.status.startswith("2"):
                    answers.forget(call)
                answer.given.set()
        else:
            answer.given.wait()
            if answer.status is None or not answer.status.startswith("2"):
                return serve(environ, start_response)
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    return serve


def whole(application, environ):
    """An answer as (status, headers, body), read to its end."""
    said = {}

    def start_response(status, headers, exc_info=None):
        said["answer"] = (status, [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP])
        return lambda text: written.append(text)

    written = []
    chunks = application(environ, start_response)
    try:
        written.extend(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return (*said["answer"], b"".join(written))
