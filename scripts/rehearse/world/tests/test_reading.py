import threading

PREFIX = "a" * 240
KEPT = 600
READS = 60


def alarm(cloudwatch, name):
    cloudwatch.put_metric_alarm(AlarmName=PREFIX + name, ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Threshold=1.0)


def test_what_is_read_while_others_are_made_is_answered(client):
    writer, reader = client("cloudwatch"), client("cloudwatch")
    for number in range(KEPT):
        alarm(writer, f"{number:04}")
    done = threading.Event()

    def make_and_delete():
        cloudwatch = client("cloudwatch")
        while not done.is_set():
            alarm(cloudwatch, "x")
            cloudwatch.delete_alarms(AlarmNames=[PREFIX + "x"])

    makers = [threading.Thread(target=make_and_delete) for _ in range(3)]
    for maker in makers:
        maker.start()
    try:
        # So many long names make a read last longer than a thread's turn.
        wanted = [f"{PREFIX}{number:04}" for number in range(KEPT - 100, KEPT)]
        for _ in range(READS):
            assert len(reader.describe_alarms(AlarmNames=wanted)["MetricAlarms"]) == 100
    finally:
        done.set()
        for maker in makers:
            maker.join()


# Whether moto alone loses it is a matter of its threads' turns.
test_what_is_read_while_others_are_made_is_answered.is_race = True
