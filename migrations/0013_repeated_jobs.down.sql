alter table jobs drop column runs_again;
