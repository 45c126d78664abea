import json
import re
import time
import uuid
from urllib.parse import unquote

from moto.backup import urls
from moto.backup.responses import BackupResponse

from .patch import add, around, kept

# Selections of a plan do not exist.


def selections(self):
    return kept(self.backup_backend, "selections")


def plan_and_selection(self):
    return re.search(r"/backup/plans/([^/]+)/selections/?([^/]*)", self.path).groups()


@add(BackupResponse)
def create_backup_selection(self):
    plan_id, _ = plan_and_selection(self)
    selection_id, now = str(uuid.uuid4()), time.time()
    selections(self)[selection_id] = {
        "BackupPlanId": plan_id,
        "SelectionId": selection_id,
        "CreationDate": now,
        "CreatorRequestId": selection_id,
        "BackupSelection": json.loads(self.body)["BackupSelection"],
    }
    return json.dumps({"BackupPlanId": plan_id, "SelectionId": selection_id, "CreationDate": now})


@add(BackupResponse)
def get_backup_selection(self):
    selection_id = plan_and_selection(self)[1]
    if selection_id not in selections(self):
        headers = {"status": 400, "x-amzn-errortype": "InvalidParameterValueException"}
        return 400, headers, json.dumps({"message": "Cannot find Backup plan"})
    return json.dumps(selections(self)[selection_id])


@add(BackupResponse)
def delete_backup_selection(self):
    selections(self).pop(plan_and_selection(self)[1], None)
    return "{}"


# Tags are listed only when the path ends in a slash, which the provider does not send.
@around(BackupResponse)
def list_tags(original, self):
    arn = unquote(self.path.split("/tags/")[1].strip("/"))
    return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})


# The recovery points of a vault cannot be listed, so a vault that may be destroyed with its backups cannot be destroyed. Ours has none.
@add(BackupResponse)
def list_recovery_points_by_backup_vault(self):
    return json.dumps({"RecoveryPoints": []})


for ending in ("", "/"):
    urls.url_paths[f"{{0}}/backup-vaults/(?P<vault_name>[^/]+)/recovery-points{ending}$"] = BackupResponse.dispatch
