import io
import json
import zipfile


def function(client, **files):
    """The ARN of a function made of these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "."), text)
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    role = client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = client("lambda").create_function(
        FunctionName="made", Runtime="nodejs22.x", Handler="index.handler", Role=role, Timeout=60, Code={"ZipFile": archive.getvalue()}
    )
    return made["FunctionArn"]


def test_a_function_runs_on_this_machine(client):
    function(client, index__mjs="export const handler = async ({ name }) => `hello ${name}`;")
    answer = client("lambda").invoke(FunctionName="made", Payload=json.dumps({"name": "world"}))
    assert json.loads(answer["Payload"].read()) == "hello world"


def test_a_function_that_throws_says_so(client):
    function(client, index__mjs="export const handler = async () => { throw new Error('no'); };")
    answer = client("lambda").invoke(FunctionName="made", Payload="{}")
    assert answer["FunctionError"]
    assert "Error: no" in answer["Payload"].read().decode()
