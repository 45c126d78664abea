-- cafes: the cafés as they are now
-- one row: a café
-- kept by: whole
-- sorted by: cafe_id
-- cafe_id string: the café
-- code string: its short name
-- name string: its name
-- time_zone string: whose clock its days and hours are read from
-- currency string: of its amounts
select id::text as cafe_id, code::text as code, name::text as name, time_zone::text as time_zone, currency::text as currency from cafes
