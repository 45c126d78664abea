-- dishes: every dish that ever stood on a menu, with its name of now
-- one row: a dish
-- kept by: whole
-- sorted by: menu_item_id
-- menu_item_id string: the dish
-- cafe_id string: its café
-- name string: as it stands on the menu now
select id::text as menu_item_id, cafe_id::text as cafe_id, name::text as name from menu_items
