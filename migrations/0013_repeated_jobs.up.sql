-- expand

-- Whether a job was asked for while it was running. Then it runs again, because what it was asked for may have happened after it
-- looked. A process of an earlier version deletes such a job when it ends: it runs none of the kinds that are asked for like this.
alter table jobs add column runs_again boolean not null default false;
grant update (runs_again) on jobs to :"system_role";
