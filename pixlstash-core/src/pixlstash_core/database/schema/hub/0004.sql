alter table token add column scope text;
create table publication(
  id integer primary key autoincrement,
  sharer text not null,
  title text not null,
  place text not null,
  state text not null,
  pictures integer not null,
  left_out integer not null,
  created integer not null
);
