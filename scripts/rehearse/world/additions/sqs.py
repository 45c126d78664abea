import json
import threading

from moto.sqs.models import Queue, SQSBackend

from .patch import around

# RedriveAllowPolicy and SqsManagedSseEnabled are accepted and never returned.
RETURNED = ("RedriveAllowPolicy", "SqsManagedSseEnabled")


@around(SQSBackend)
def get_queue_attributes(original, self, queue_name, attribute_names):
    ours = [name for name in attribute_names or [] if name in RETURNED]
    answer = dict(original(self, queue_name, [name for name in attribute_names or [] if name not in ours]))
    attributes = self.get_queue(queue_name).attributes
    return {**answer, **{name: attributes[name] for name in ours if attributes.get(name)}}


# Every SetQueueAttributes without a Policy throws the queue's policy away.
@around(Queue)
def _set_attributes(original, self, attributes, now=None):
    policy = getattr(self, "policy", None)
    original(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = policy
    remembered = self.__dict__.setdefault("world_attributes", {})
    remembered.update({name: attributes[name] for name in RETURNED if isinstance(attributes.get(name), str)})


# RedrivePolicy comes back with spaces, and the provider compares text.
moto_attributes = Queue.attributes.fget


def attributes(self):
    if getattr(sending, "now", False):
        return {"ContentBasedDeduplication": getattr(self, "content_based_deduplication", None)}
    answer = dict(moto_attributes(self))
    if self.redrive_policy:
        answer["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
    answer["SqsManagedSseEnabled"] = "false" if self.kms_master_key_id else "true"
    answer.update({name: value for name, value in getattr(self, "world_attributes", {}).items() if value})
    return answer


Queue.attributes = property(attributes)


# Every message sent counts all that wait, three times over, to learn one setting: 132 a second beside 600 waiting, 56 beside 2,000.
sending = threading.local()


@around(SQSBackend)
def send_message(original, self, *args, **kwargs):
    sending.now = True
    try:
        return original(self, *args, **kwargs)
    finally:
        sending.now = False


# A queue's address is the world's own. AWS's is the same for whoever asks, and machines are told it.
@around(Queue)
def url(original, self, request_url):
    return f"https://sqs.{self.region}.amazonaws.com/{self.account_id}/{self.name}"
