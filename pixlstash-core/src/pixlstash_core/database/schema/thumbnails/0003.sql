alter table rendition add column marked integer not null default 0;
