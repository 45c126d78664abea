-- Why: pictures of the menu. What was uploaded is not shown before it was read, checked and resized.

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

grant select, insert, update, delete on images to campus_app;
