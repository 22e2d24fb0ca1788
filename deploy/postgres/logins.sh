#!/bin/sh
# Creates the two logins and the database. The official image of PostgreSQL runs it once, when its data directory is empty.
set -eu

psql -v ON_ERROR_STOP=1 -v owner="$OWNER_PASSWORD" -v login="$LOGIN_PASSWORD" -U "${POSTGRES_USER:-postgres}" -d postgres <<'SQL'
create role todo_owner login createrole password :'owner';
create role todo_login login noinherit password :'login';
create database todo owner todo_owner encoding 'UTF8' template template0;
SQL
