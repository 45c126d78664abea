-- Why: somebody who reads slowly, or with a screen reader, asks for more time before a request to pay ends (WCAG 2.2.1): once a charge.

alter table charges add column more_time_at timestamptz;
