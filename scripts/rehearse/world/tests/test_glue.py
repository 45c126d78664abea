CONNECTION = {"Name": "database", "ConnectionType": "JDBC", "ConnectionProperties": {"JDBC_CONNECTION_URL": "jdbc:postgresql://db/campus"}}


def test_a_connection_says_its_type(client):
    glue = client("glue")
    glue.create_connection(ConnectionInput=CONNECTION)
    assert glue.get_connection(Name="database")["Connection"]["ConnectionType"] == "JDBC"


def test_a_connection_can_be_deleted(client):
    glue = client("glue")
    glue.create_connection(ConnectionInput=CONNECTION)
    glue.delete_connection(ConnectionName="database")
    assert glue.get_connections()["ConnectionList"] == []
