from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.security_groups import SecurityGroupRule

from .patch import around

# The description of a rule whose source is a group is lost.
SecurityGroupRule.description = property(
    lambda self: self.ip_range.get("Description") or self.source_group.get("Description")
)


# Tags of the template itself turn up in the version's data, so the second plan removes them for ever.
@around(LaunchTemplate)
def __init__(original, self, backend, name, template_data, *rest):
    specifications = template_data.get("TagSpecifications")
    if specifications:
        kept = [one for one in specifications if one.get("ResourceType") != "launch-template"]
        template_data = {**template_data, "TagSpecifications": kept}
    original(self, backend, name, template_data, *rest)
