def plan_of(backup):
    backup.create_backup_vault(BackupVaultName="vault")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    return backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]}, BackupPlanTags={"Project": "campus-pay"})


def test_a_selection_of_a_plan_is_kept_until_it_is_deleted(client):
    backup = client("backup")
    plan_id = plan_of(backup)["BackupPlanId"]
    wanted = {"SelectionName": "database", "IamRoleArn": "arn:aws:iam::123456789012:role/backup"}
    selection_id = backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=wanted)["SelectionId"]
    assert backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)["BackupSelection"]["SelectionName"] == "database"
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    try:
        backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    except backup.exceptions.InvalidParameterValueException:
        return
    raise AssertionError("the selection is still there")


def test_tags_are_listed_without_a_slash_at_the_end(client):
    backup = client("backup")

    def trim(request, **_):
        request.url = request.url.rstrip("/")

    arn = plan_of(backup)["BackupPlanArn"]
    backup.meta.events.register("before-sign.backup.ListTags", trim)
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"Project": "campus-pay"}


def test_a_vault_without_backups_says_so(client):
    backup = client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName="vault")["RecoveryPoints"] == []
