alter table upload add column modified integer;
