-- Whose wallet is closed has no use for a kept method nor for links into it: erasing a person closes the wallet.
create or replace function delete_saved_methods() returns trigger language plpgsql as $$
begin
  delete from saved_methods where student_id = new.student_id;
  update gift_links set revoked_at = now() where student_id = new.student_id and revoked_at is null;
  return null;
end $$;
create or replace trigger wallets_closed after update of status on wallets for each row
  when (new.status = 'closed') execute function delete_saved_methods();
