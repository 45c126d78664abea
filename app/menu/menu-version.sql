-- The version of a café's menu, raised once a transaction.
create or replace function raise_menu_version(cafe uuid) returns void language sql as $$
  insert into menu_versions as v (cafe_id, version, changed_by) values (cafe, uuidv7(), pg_current_xact_id())
  on conflict (cafe_id) do update set version = excluded.version, changed_by = excluded.changed_by
  where v.changed_by <> excluded.changed_by
$$;

-- All triggers wait for the commit: the version's row is then the last lock that a transaction takes, so orders that sell
-- out two items never wait for each other in a circle, and nobody holds the row for longer than a commit takes.
create or replace function menu_row_changed() returns trigger language plpgsql as $$
begin
  perform raise_menu_version(case when tg_op = 'DELETE' then old.cafe_id else new.cafe_id end);
  return null;
end $$;

create or replace function menu_options_changed() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'menu_option_groups' then
    perform raise_menu_version(cafe_id) from menu_items where id = case when tg_op = 'DELETE' then old.item_id else new.item_id end;
  else
    perform raise_menu_version(m.cafe_id) from menu_option_groups g join menu_items m on m.id = g.item_id
    where g.id = case when tg_op = 'DELETE' then old.group_id else new.group_id end;
  end if;
  return null;
end $$;

create or replace function menu_currency_changed() returns trigger language plpgsql as $$
begin
  perform raise_menu_version(new.id);
  return null;
end $$;
create constraint trigger categories_change_menu after insert or update or delete on categories
  deferrable initially deferred for each row execute function menu_row_changed();
create constraint trigger menu_items_add_to_menu after insert or delete on menu_items
  deferrable initially deferred for each row execute function menu_row_changed();

-- Not for every portion sold: only when the last one goes or the first one comes back.
create constraint trigger menu_items_change_menu after update on menu_items
  deferrable initially deferred for each row
  when ((old.stock > 0) is distinct from (new.stock > 0)
    or (old.category_id, old.name, old.description, old.price_minor, old.vat_basis_points, old.is_veg, old.allergens, old.time_slots,
        old.display_order, old.image_key, old.is_sold_out, old.deleted_at)
      is distinct from
       (new.category_id, new.name, new.description, new.price_minor, new.vat_basis_points, new.is_veg, new.allergens, new.time_slots,
        new.display_order, new.image_key, new.is_sold_out, new.deleted_at))
  execute function menu_row_changed();
create constraint trigger menu_option_groups_change_menu after insert or update or delete on menu_option_groups
  deferrable initially deferred for each row execute function menu_options_changed();
create constraint trigger menu_option_choices_change_menu after insert or update or delete on menu_option_choices
  deferrable initially deferred for each row execute function menu_options_changed();
create constraint trigger cafes_change_menu after update of currency on cafes
  deferrable initially deferred for each row when (old.currency is distinct from new.currency) execute function menu_currency_changed();
