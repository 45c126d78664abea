create or replace function refusal_period() returns timestamptz language sql stable parallel safe as $$
  select date_bin('10 minutes', now(), timestamptz '2000-01-01');
$$;

-- A card that is unknown, not active, or its student's no more: one answer for all. Each is counted for its café, and past the limit all
-- cards wait for the next ten minutes: a terminal that is shown hundreds of them is looking for one that is good.
create or replace function refuse_card(p_cafe_id uuid, p_limits scan_limits) returns open_outcome language plpgsql as $$
declare
  result open_outcome;
begin
  insert into refused_cards as r (cafe_id, period, cards) values (p_cafe_id, refusal_period(), 1)
    on conflict (cafe_id, period) do update set cards = r.cards + 1 where r.cards < p_limits.refused_cards;
  if found then
    result.outcome := 'card';
  else
    result.outcome := 'cards_capped';
    result.retry_after_seconds := greatest(1, ceil(extract(epoch from refusal_period() + interval '10 minutes' - now())));
  end if;
  return result;
end $$;
