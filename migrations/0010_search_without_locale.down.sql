-- The words that are kept stay: the version before looked for them with and without its capitals lowered.
create or replace function todo_search_words(content text) returns text
  language plpgsql immutable parallel safe
as $$
begin
  if octet_length(content) = char_length(content) then
    return ' ' || btrim(regexp_replace(lower(content collate "C"),
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g')) || ' ';
  end if;
  return ' ' || btrim(regexp_replace(
      translate(
        replace(replace(replace(
          lower(regexp_replace(
            normalize(coalesce(content, ''), nfkd), '[\u00ad\u0300-\u036f\u200b-\u200d\ufe00-\ufe0f]+', '', 'g')),
          'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
        'øłđıς', 'oldiσ'),
      '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff\u3000-\u3004\u3008-\u3020\u3030]+',
      ' ', 'g')) || ' ';
end
$$;
