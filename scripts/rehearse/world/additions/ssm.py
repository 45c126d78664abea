from moto.core.utils import utcnow
from moto.ssm.models import Parameter, ParameterDict

from .patch import around

# Debian publishes its images as AWS publishes its own: one public parameter for each release and processor.
debian_images = {f"/aws/service/debian/release/12/latest/{arch}": f"ami-0deb1a12{arch_code}0000000" for arch, arch_code in (("arm64", "a6"), ("amd64", "86"))}


@around(ParameterDict)
def _check_loading_status(original, self, key):
    original(self, key)
    image = debian_images.get(str(key or ""))
    if image is None or dict.__contains__(self, key):
        return
    about = {"description": None, "allowed_pattern": None, "keyid": None, "last_modified_date": utcnow(), "version": 1}
    parameter = Parameter(
        account_id=self.account_id, name=key, value=image, parameter_type="String", data_type="text", tier="Standard", **about
    )
    dict.__setitem__(self, key, [parameter])
