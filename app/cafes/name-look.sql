-- What a name looks like at a glance: letters that are taken for one another are one (Cyrillic and Greek ones by their capitals, i, l and 1,
-- o and 0), and what stands between words does not count. Two names of one look are told to who approves; nothing is refused for it.
create or replace function name_look(given text) returns text language sql immutable parallel safe strict as $$
  select replace(replace(regexp_replace(translate(fold_text(normalize(given, NFKC)),
    'авеёѕіїјкмнорстухьһԁԛԝαβεζηικμνορςτυχ01iıłđɡɑ', 'abeeslljkmhopctyxbhdqwabezhlkmnopstyxolllldga'), '[^[:alnum:]]', '', 'g'), 'rn', 'm'), 'vv', 'w');
$$;
