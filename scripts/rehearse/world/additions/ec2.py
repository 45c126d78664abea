from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.security_groups import SecurityGroupRule

from .patch import around

# The description of a rule whose source is a group or a prefix list is lost.
@around(SecurityGroupRule)
def __init__(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    lists = [one for one in (*args, *kwargs.values()) if isinstance(one, dict) and "PrefixListId" in one]
    self.world_prefix_list = lists[0] if lists else {}


def description(self):
    return self.ip_range.get("Description") or self.source_group.get("Description") or self.world_prefix_list.get("Description")


SecurityGroupRule.description = property(description)


# Tags of the template itself turn up in the version's data, so the second plan removes them for ever.
@around(LaunchTemplate)
def __init__(original, self, backend, name, template_data, *rest):
    specifications = template_data.get("TagSpecifications")
    if specifications:
        kept = [one for one in specifications if one.get("ResourceType") != "launch-template"]
        template_data = {**template_data, "TagSpecifications": kept}
    original(self, backend, name, template_data, *rest)
