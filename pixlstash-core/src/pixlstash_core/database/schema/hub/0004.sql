alter table token add column scope text;
