ACCOUNT = "123456789012"
NAMED = {"AccountId": ACCOUNT, "BudgetName": "month"}
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/month"
BUDGET = {"BudgetName": "month", "TimeUnit": "MONTHLY", "BudgetType": "COST", "BudgetLimit": {"Amount": "250", "Unit": "USD"}}
AT_80 = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0, "ThresholdType": "PERCENTAGE"}
AT_100 = {**AT_80, "Threshold": 100.0}
BY_MAIL = {"SubscriptionType": "EMAIL", "Address": "owner@campus.example"}
BY_TOPIC = {"SubscriptionType": "SNS", "Address": "arn:aws:sns:eu-north-1:123456789012:alarms"}


def test_each_notification_gives_its_own_subscribers(client):
    budgets = client("budgets")
    notifications = [{"Notification": AT_80, "Subscribers": [BY_MAIL]}, {"Notification": AT_100, "Subscribers": [BY_TOPIC]}]
    budgets.create_budget(AccountId=ACCOUNT, Budget=BUDGET, NotificationsWithSubscribers=notifications)
    assert budgets.describe_subscribers_for_notification(**NAMED, Notification=AT_100)["Subscribers"] == [BY_TOPIC]


def test_tags_of_a_budget_are_kept(client):
    budgets = client("budgets")
    budgets.create_budget(AccountId=ACCOUNT, Budget=BUDGET, ResourceTags=[{"Key": "Project", "Value": "campus-pay"}])
    budgets.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Owner", "Value": "finance"}])
    budgets.untag_resource(ResourceARN=ARN, ResourceTagKeys=["Project"])
    assert budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == [{"Key": "Owner", "Value": "finance"}]


def test_tags_go_with_their_budget(client):
    budgets = client("budgets")
    budgets.create_budget(AccountId=ACCOUNT, Budget=BUDGET, ResourceTags=[{"Key": "Project", "Value": "campus-pay"}])
    budgets.delete_budget(**NAMED)
    assert budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"] == []
