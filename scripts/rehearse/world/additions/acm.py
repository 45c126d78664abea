from moto.acm.models import CertBundle
from moto.acm.responses import AWSCertificateManagerResponse

from .patch import around


# The key algorithm asked for is forgotten: every certificate says RSA_2048, so the second plan replaces it.
@around(AWSCertificateManagerResponse)
def request_certificate(original, self):
    answer = original(self)
    algorithm = self._get_param("KeyAlgorithm")
    if algorithm:
        self.acm_backend.get_certificate(answer.result["CertificateArn"]).world_key_algorithm = algorithm
    return answer


@around(CertBundle)
def describe(original, self):
    answer = original(self)
    if hasattr(self, "world_key_algorithm"):
        answer["Certificate"]["KeyAlgorithm"] = self.world_key_algorithm
    return answer
