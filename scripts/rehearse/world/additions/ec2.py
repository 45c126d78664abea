from moto.core.types import Base64EncodedString
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data

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


# A later version of a launch template holds its user data as plain text, and the machines of such a version cannot be made.
def user_data(self):
    value = self.data.get("UserData")
    return value if isinstance(value, Base64EncodedString) else parse_user_data(value)


LaunchTemplateVersion.user_data = property(user_data)


# A version that names its source holds only what was sent: AWS begins with what the source holds.
@around(LaunchTemplates)
def create_launch_template_version(original, self):
    get, source = self._get_param, self._get_param("SourceVersion")
    if source:
        name, template_id = get("LaunchTemplateName"), get("LaunchTemplateId")
        known = self.ec2_backend
        template = known.get_launch_template(template_id) if template_id else known.get_launch_template_by_name(name)
        data = {**template.get_version(source).data, **get("LaunchTemplateData", {})}
        self._get_param = lambda asked, *rest: data if asked == "LaunchTemplateData" else get(asked, *rest)
    return original(self)
