drop function todo_search_words(text);
