-- How a café sees a student: the first name and a letter.
create or replace function student_label(p_name text, p_phone text) returns text language sql immutable parallel safe as $$
  select coalesce(split_part(p_name, ' ', 1) || coalesce(' ' || left(nullif(split_part(p_name, ' ', 2), ''), 1) || '.', ''),
    'Student …' || right(p_phone, 2), 'Former student');
$$;
