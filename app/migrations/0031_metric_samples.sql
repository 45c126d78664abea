-- Why: what the processes of a campus said of themselves in the last day, for /ops: which alarms would ring, with or without CloudWatch.
-- Unlogged: a crash may lose it, and nothing of it is replicated or backed up.
create unlogged table metric_samples (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  process text not null,
  version text not null,
  -- [["SloEvents", {"slo": "scan", "good": "true"}, [12]], …]
  samples jsonb not null
);
create index metric_samples_at on metric_samples (at);
grant select, insert, delete on metric_samples to campus_app;
