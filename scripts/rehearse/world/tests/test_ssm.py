def test_debian_publishes_its_image(client):
    image = client("ssm").get_parameter(Name="/aws/service/debian/release/12/latest/arm64")["Parameter"]["Value"]
    assert image.startswith("ami-")
