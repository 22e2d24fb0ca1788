alter table tasks drop column search_words;
drop function todo_search_words(text);
