alter table jobs drop column is_rung;
