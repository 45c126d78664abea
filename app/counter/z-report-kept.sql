create or replace function keep_z_report() returns trigger language plpgsql as $$
begin
  raise exception 'a Z-report is never changed nor removed';
end $$;
create or replace trigger z_reports_are_kept before update or delete or truncate on z_reports for each statement execute function keep_z_report();
