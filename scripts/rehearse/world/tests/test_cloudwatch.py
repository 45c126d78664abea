def test_a_composite_alarm_is_kept_with_its_rule(client):
    cloudwatch = client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(one) AND ALARM(two)")
    alarms = cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [alarm["AlarmRule"] for alarm in alarms] == ["ALARM(one) AND ALARM(two)"]
