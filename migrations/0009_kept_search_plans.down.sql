create or replace function todo_search_words(content text) returns text
  language sql immutable parallel safe
as $$
  select ' ' || btrim(regexp_replace(
    translate(
      replace(replace(replace(
        lower(regexp_replace(
          normalize(coalesce(content, ''), nfkd), '[\u00ad\u0300-\u036f\u200b-\u200d\ufe00-\ufe0f]+', '', 'g')),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
      'øłđıς', 'oldiσ'),
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020\u3030]+',
    ' ', 'g')) || ' '
$$;
