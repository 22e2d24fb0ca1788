-- What `q` looks through: the words of a task in lower case and without accents, each between single spaces, in three
-- lines: title, tags, description. The first line is also the order of titles. Kept beside the task, since folding at each
-- query costs more than all the rest of it. src/tasks/search.ts folds what is searched for in the same way.
do $$
begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'the database is in %, and normalize() takes UTF8', current_setting('server_encoding')
      using hint = 'Make the database with: create database … encoding ''UTF8'' template template0';
  end if;
end $$;

-- Decomposed (NFKD), so that an accent is a character of its own and goes, as what is invisible does; letters that do not
-- decompose are spelt out; whatever is punctuation or a symbol becomes a space. Ranges instead of classes, which would
-- depend on the locale.
create function todo_search_words(content text) returns text
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

revoke all on function todo_search_words(text) from public;
grant execute on function todo_search_words(text) to :"app_role";

-- array_to_string is not immutable, as an array may be of anything; the text of a tsvector is, and its quotes are no words.
alter table tasks add column search_words text not null generated always as (
  todo_search_words(title)
  || E'\n' || todo_search_words(array_to_tsvector(array_remove(array_remove(tags, null), ''))::text)
  || E'\n' || todo_search_words(description)
) stored;
