from moto.core.responses import BaseResponse

from .patch import around

READS = ("Describe", "List", "Get")
TRIES = 50


# A list that is read while something is made beside it ends in an error: Python refuses to go on. A read may begin again.
@around(BaseResponse)
def call_action(original, self):
    for _ in range(TRIES):
        try:
            return original(self)
        except RuntimeError as error:
            if "changed size during iteration" not in str(error) or not self._get_action().startswith(READS):
                raise
    return original(self)
