import io
import json
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from moto.awslambda.models import LambdaFunction
from moto.sts.models import sts_backends

from .patch import around

PROJECT = Path(__file__).parents[4]

RUN = """
const [, file, name] = process.argv;
const { [name]: handler, default: module } = await import(file);
const event = JSON.parse(await new Response(process.stdin).text());
const answer = await (handler ?? module[name])(event);
process.stdout.write("\\n" + JSON.stringify(answer ?? null));
"""

# Lambda counts a function's time once its runtime is up. Here Node and the SDK come from a disk that others use: 50 s were seen.
STARTING_SECONDS = 240


# A function runs in Docker. Here this machine's Node runs it, with the project's AWS SDK where a runtime of Lambda has its own.
@around(LambdaFunction)
def _invoke_lambda(original, self, event=None):
    if not self.run_time.startswith("nodejs"):
        return original(self, event)
    cache = PROJECT / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="function-", dir=cache) as folder:
        zipfile.ZipFile(io.BytesIO(self.code_bytes)).extractall(folder)
        return run(self, Path(folder), event or {})


def run(function, folder, event):
    module, name = function.handler.split(".")
    (file,) = (path for path in folder.iterdir() if path.stem == module)
    command = ["node", "--input-type=module", "--eval", RUN, str(file), name]
    ended = subprocess.run(
        command,
        input=json.dumps(event),
        capture_output=True,
        text=True,
        timeout=STARTING_SECONDS + function.timeout,
        env=environment(function),
    )
    logs, _, answer = ended.stdout.rpartition("\n")
    if ended.returncode == 0:
        return answer, False, logs
    return json.dumps({"errorMessage": ended.stderr[-2000:]}), True, ended.stdout + ended.stderr


def environment(function):
    """What Lambda sets, with keys of the function's role: they tell the world whose account is meant."""
    role = sts_backends[function.account_id]["aws"].assume_role(function.region, function.function_name, function.role, None, 900, None)
    return {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['MOTO_PORT']}",
        "AWS_REGION": function.region,
        "AWS_ACCESS_KEY_ID": role.access_key_id,
        "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        "AWS_SESSION_TOKEN": role.session_token,
        **function.environment_vars,
    }
