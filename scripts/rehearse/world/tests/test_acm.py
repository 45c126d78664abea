def test_a_certificate_has_the_key_algorithm_that_was_asked_for(client):
    acm = client("acm")
    wanted = {"DomainName": "pay.campus.example", "ValidationMethod": "DNS", "KeyAlgorithm": "EC_prime256v1"}
    arn = acm.request_certificate(**wanted)["CertificateArn"]
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["KeyAlgorithm"] == "EC_prime256v1"
