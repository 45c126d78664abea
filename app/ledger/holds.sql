-- Keeps back what a document may yet take from a wallet. The caller holds the wallet locked. Null where the amount is nothing.
create or replace function place_hold(p_student_id uuid, p_amount_minor bigint, p_document text, p_document_id uuid, p_expires_at timestamptz) returns uuid language plpgsql as $$
declare v_id uuid;
begin
  if p_amount_minor <= 0 then return null; end if;
  insert into wallet_holds (student_id, amount_minor, currency, document, document_id, expires_at)
    select student_id, p_amount_minor, currency, p_document, p_document_id, p_expires_at from wallets where student_id = p_student_id returning id into v_id;
  update wallets set held_minor = held_minor + p_amount_minor, updated_at = now() where student_id = p_student_id;
  return v_id;
end $$;

-- Ends a hold: posted where the money leaves for what it was kept for, voided where it stays, expired where nobody decided. Once;
-- what was held, or nothing.
create or replace function end_hold(p_document text, p_document_id uuid, p_status text) returns bigint language plpgsql as $$
declare h wallet_holds;
begin
  update wallet_holds set status = p_status, ended_at = now() where document = p_document and document_id = p_document_id and status = 'placed' returning * into h;
  if not found then return 0; end if;
  update wallets set held_minor = held_minor - h.amount_minor, updated_at = now() where student_id = h.student_id;
  return h.amount_minor;
end $$;
