-- Engines: what a producer is about, which run made a result, and outputs that are neither tags nor captions.
-- Truth: recorded in changesets, in snapshots, undone and restored.
-- `about`: JSON of what all results of a producer share (a measure's name and range; a vector's space and length).
alter table producer add column about text not null default '{}';
create table run(
  id integer primary key autoincrement not null,
  producer_id integer not null references producer(id),
  at integer not null
);
alter table done add column run_id integer references run(id);
create index done_error on done(producer_id, picture_id) where error is not null;
create index done_run on done(run_id) where run_id is not null;
-- A producer that counts until another has looked at all that it looked at, and then counts in its place.
create table succession(
  producer_id integer primary key not null references producer(id),
  by_id integer not null references producer(id),
  check(producer_id != by_id)
);
create table measure_output(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  value real not null,
  primary key(picture_id, producer_id)
) without rowid;
create index measure_output_value on measure_output(producer_id, value, picture_id);
-- `body`: numbers of f16, little-endian, of length 1.
create table vector_output(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  body blob not null,
  primary key(picture_id, producer_id)
) without rowid;
create index vector_output_producer on vector_output(producer_id, picture_id);
-- A labelled box, of a moving picture at a time in seconds; a face has a vector as above, too. `box`: JSON of left, top,
-- right and bottom as fractions of the upright image; `landmarks`: JSON of points.
create table region(
  id integer primary key autoincrement not null,
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  label text not null,
  box text not null,
  confidence real not null,
  time real,
  vector blob,
  landmarks text
);
create index region_picture on region(picture_id, producer_id);
