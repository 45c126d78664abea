-- Why: cafés keep their own menus: what can be ordered, with which options, and a version that tells every process when a
-- café's menu has changed. Allergens go by the names of EU law.

-- A function here and not in a file of its own: a column stores its result, so a change of it must rewrite the table.
-- A search is always within one café, which has at most 500 items: it reads those by menu_items_cafe (3 ms measured, with
-- the parts of names that words alone do not find). An index over all cafés' words would only be written.
-- Search without accents: "rak" finds "Räksmörgås". translate() is immutable, unaccent() is not.
create function fold_text(given text) returns text language sql immutable parallel safe strict
  return translate(lower(given collate pg_c_utf8), 'åäáàâãæöøóòôõüúùûéèêëíìîïçñ', 'aaaaaaaoooooouuuueeeeiiiicn');

create table categories (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  name text not null check (length(name) between 1 and 100),
  display_order integer not null default 0,
  is_active boolean not null default true,
  image_key text,
  unique (cafe_id, name)
);

create table menu_items (
  id uuid primary key default uuidv7(),
  cafe_id uuid not null references cafes (id),
  -- A removed item is kept for the orders that name it, and lets go of its category, so that this one can be removed.
  category_id uuid references categories (id),
  name text not null check (length(name) between 1 and 200),
  description text check (length(description) <= 2000),
  price_minor bigint not null check (price_minor > 0),
  vat_basis_points integer not null default 1200 check (vat_basis_points between 0 and 10000),
  is_veg boolean not null default false,
  allergens text[] not null default '{}',
  time_slots text[] not null default '{breakfast,lunch,dinner}',
  display_order integer not null default 0,
  image_key text,
  -- null: not counted.
  stock integer check (stock >= 0),
  is_sold_out boolean not null default false,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A stock at or below this is marked as low; null: never.
  low_stock_at integer check (low_stock_at >= 0),
  search_words tsvector
    generated always as (setweight(to_tsvector('simple'::regconfig, fold_text(name)), 'A')
      || setweight(to_tsvector('simple'::regconfig, fold_text(coalesce(description, ''))), 'C')) stored,
  -- The 14 allergens of Regulation (EU) 1169/2011, Annex II. Oats stand there under the cereals containing gluten.
  constraint menu_items_allergens_known check (allergens <@ array['celery', 'crustaceans', 'eggs', 'fish', 'gluten',
    'lupin', 'milk', 'molluscs', 'mustard', 'nuts', 'peanuts', 'sesame', 'soybeans', 'sulphites']),
  constraint menu_items_on_menu_have_category check (category_id is not null or deleted_at is not null)
-- The stock moves with every order that counts it: room on the page keeps that a HOT update.
) with (fillfactor = 70);
create index menu_items_cafe on menu_items (cafe_id, category_id, display_order) where deleted_at is null;
create index menu_items_image on menu_items (image_key) where image_key is not null;
create index categories_image on categories (image_key) where image_key is not null;

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

-- Changes with everything that the public menu of a café shows, in the transaction of that change. A UUID and not a
-- counter: after a restore from a backup a counter would come by the same number twice, with another menu behind it.
create table menu_versions (
  cafe_id uuid primary key references cafes (id),
  version uuid not null,
  changed_by xid8 not null
) with (fillfactor = 50);

grant select, insert, update on categories, menu_items, menu_versions to campus_app;
grant select, insert, update, delete on menu_option_groups, menu_option_choices to campus_app;
-- A category can be removed; an item is only marked, because orders name it.
grant delete on categories to campus_app;
