-- Why: cafés keep their own menus. Options of an item, allergens by the names of EU law, a log of every change of the
-- stock, search, pictures, and a version that tells every process when a café's menu has changed.

-- The 14 allergens of Regulation (EU) 1169/2011, Annex II. Oats stand there under the cereals containing gluten.
update menu_items set allergens = (
  select coalesce(array_agg(distinct case name when 'egg' then 'eggs' when 'oats' then 'gluten' when 'soy' then 'soybeans' else name end), '{}')
  from unnest(allergens) name)
where cardinality(allergens) > 0;
alter table menu_items add constraint menu_items_allergens_known check (allergens <@ array['celery', 'crustaceans', 'eggs', 'fish', 'gluten',
  'lupin', 'milk', 'molluscs', 'mustard', 'nuts', 'peanuts', 'sesame', 'soybeans', 'sulphites']);

-- A stock at or below this is marked as low; null: never.
alter table menu_items add column low_stock_at integer check (low_stock_at >= 0);

-- A search is always within one café, which has at most 500 items: it reads those by menu_items_cafe (3 ms measured, with
-- the parts of names that words alone do not find). An index over all cafés' words would only be written.
-- Search without accents: "rak" finds "Räksmörgås". translate() is immutable, unaccent() is not.
create function fold_text(given text) returns text language sql immutable parallel safe strict
  return translate(lower(given collate pg_c_utf8), 'åäáàâãæöøóòôõüúùûéèêëíìîïçñ', 'aaaaaaaoooooouuuueeeeiiiicn');
alter table menu_items add column search_words tsvector
  generated always as (setweight(to_tsvector('simple'::regconfig, fold_text(name)), 'A')
    || setweight(to_tsvector('simple'::regconfig, fold_text(coalesce(description, ''))), 'C')) stored;
-- The stock moves with every order that counts it: room on the page keeps that a HOT update.
alter table menu_items set (fillfactor = 70);

-- A removed item is kept for the orders that name it, and lets go of its category, so that this one can be removed.
alter table menu_items alter column category_id drop not null;
alter table menu_items add constraint menu_items_on_menu_have_category check (category_id is not null or deleted_at is not null);

-- What may be chosen with an item. min_choices and max_choices count the choices taken from this one group.
create table menu_option_groups (
  id uuid primary key default uuidv7(),
  item_id uuid not null references menu_items (id),
  name text not null check (length(name) between 1 and 100),
  is_required boolean not null default false,
  min_choices smallint not null default 0 check (min_choices >= 0),
  max_choices smallint not null default 1,
  display_order integer not null default 0,
  -- Checked at the end of a statement: two of an item's groups may swap their names.
  unique (item_id, name) deferrable initially immediate,
  check (max_choices between greatest(min_choices, 1) and 20),
  check (is_required = (min_choices > 0))
);

create table menu_option_choices (
  id uuid primary key default uuidv7(),
  group_id uuid not null references menu_option_groups (id) on delete cascade,
  name text not null check (length(name) between 1 and 100),
  -- Added to the item's price.
  price_minor bigint not null default 0 check (price_minor >= 0),
  is_available boolean not null default true,
  display_order integer not null default 0,
  unique (group_id, name) deferrable initially immediate
);

-- Every change of a counted stock. The sum of an item's changes is its stock.
create table stock_movements (
  id uuid primary key default uuidv7(),
  item_id uuid not null references menu_items (id),
  change integer not null check (change <> 0),
  -- Orders take (ordered) and give back; staff set the stock or add to it.
  reason text not null check (reason in ('ordered', 'order_changed', 'order_cancelled', 'order_expired', 'sale_voided', 'set', 'added')),
  order_id uuid references orders (id),
  staff_id uuid references staff (id),
  at timestamptz not null default now()
);
create index stock_movements_item on stock_movements (item_id, id desc);
create index stock_movements_order on stock_movements (order_id) where order_id is not null;
-- What is in stock before the first movement.
insert into stock_movements (item_id, change, reason) select id, stock, 'set' from menu_items where stock > 0;

-- One upload of a picture, for an item or a category. It is pending until its bytes were read, checked and resized.
create table images (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  item_id uuid references menu_items (id),
  category_id uuid references categories (id),
  content_type text not null check (content_type in ('image/jpeg', 'image/png', 'image/webp')),
  size_bytes integer not null check (size_bytes > 0),
  staff_id uuid references staff (id),
  -- Set once the resized pictures are stored: images/{cafe}/{item or category}/{hash}.
  image_key text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  done_at timestamptz,
  check ((item_id is null) <> (category_id is null)),
  check ((image_key is null) = (done_at is null))
);
create index images_created on images (created_at);
create index images_key on images (image_key) where image_key is not null;
create index menu_items_image on menu_items (image_key) where image_key is not null;
create index categories_image on categories (image_key) where image_key is not null;

-- Changes with everything that the public menu of a café shows, in the transaction of that change. A UUID and not a
-- counter: after a restore from a backup a counter would come by the same number twice, with another menu behind it.
create table menu_versions (
  cafe_id uuid primary key references cafes (id),
  version uuid not null,
  changed_by xid8 not null
) with (fillfactor = 50);

create function raise_menu_version(cafe uuid) returns void language sql as $$
  insert into menu_versions as v (cafe_id, version, changed_by) values (cafe, uuidv7(), pg_current_xact_id())
  on conflict (cafe_id) do update set version = excluded.version, changed_by = excluded.changed_by
  where v.changed_by <> excluded.changed_by
$$;

-- All triggers wait for the commit: the version's row is then the last lock that a transaction takes, so orders that sell
-- out two items never wait for each other in a circle, and nobody holds the row for longer than a commit takes.
create function menu_row_changed() returns trigger language plpgsql as $$
begin
  perform raise_menu_version(case when tg_op = 'DELETE' then old.cafe_id else new.cafe_id end);
  return null;
end $$;

create function menu_options_changed() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'menu_option_groups' then
    perform raise_menu_version(cafe_id) from menu_items where id = case when tg_op = 'DELETE' then old.item_id else new.item_id end;
  else
    perform raise_menu_version(m.cafe_id) from menu_option_groups g join menu_items m on m.id = g.item_id
    where g.id = case when tg_op = 'DELETE' then old.group_id else new.group_id end;
  end if;
  return null;
end $$;

create function menu_currency_changed() returns trigger language plpgsql as $$
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

grant select, insert, update on menu_versions to campus_app;
grant select, insert, update, delete on menu_option_groups, menu_option_choices, images to campus_app;
grant select, insert on stock_movements to campus_app;
-- A category can be removed; an item is only marked, because orders name it.
grant delete on categories to campus_app;
