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
create table link(
  id integer primary key autoincrement,
  public_id text not null unique,
  version integer not null default 1,
  key_id text not null,
  title text not null,
  scope text not null,
  live integer not null,
  steps text not null,
  hidden integer not null,
  download integer not null,
  password text,
  created integer not null,
  expires integer,
  ended integer not null default 0,
  visits integer not null default 0,
  last_visit integer
);
