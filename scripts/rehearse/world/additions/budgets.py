import json

from moto.budgets.responses import BudgetsResponse

from .patch import add, around, kept


# The subscribers of a notification cannot be read back.
@add(BudgetsResponse)
def describe_subscribers_for_notification(self):
    budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
    wanted = self._get_param("Notification")
    found = [
        one.subscribers
        for one in budget.notifications
        if all(one.details[key] == wanted[key] for key in ("NotificationType", "ComparisonOperator", "Threshold"))
    ]
    return json.dumps({"Subscribers": found[0] if found else []})


# Budgets have no tags.


def tags(self, arn):
    return kept(self.backend, "tags").setdefault(arn, {})


def as_tags(pairs):
    return {pair["Key"]: pair["Value"] for pair in pairs or []}


@around(BudgetsResponse)
def create_budget(original, self):
    answer = original(self)
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{self._get_param('Budget')['BudgetName']}"
    tags(self, arn).update(as_tags(self._get_param("ResourceTags")))
    return answer


@around(BudgetsResponse)
def delete_budget(original, self):
    arn = f"arn:aws:budgets::{self._get_param('AccountId')}:budget/{self._get_param('BudgetName')}"
    kept(self.backend, "tags").pop(arn, None)
    return original(self)


@add(BudgetsResponse)
def tag_resource(self):
    tags(self, self._get_param("ResourceARN")).update(as_tags(self._get_param("ResourceTags")))
    return "{}"


@add(BudgetsResponse)
def untag_resource(self):
    for key in self._get_param("ResourceTagKeys", []):
        tags(self, self._get_param("ResourceARN")).pop(key, None)
    return "{}"


@add(BudgetsResponse)
def list_tags_for_resource(self):
    pairs = tags(self, self._get_param("ResourceARN")).items()
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in pairs]})
