-- Where a picture's sidecar and the library disagree because both were changed. Recorded in changesets. `place`: beside
-- the picture, or in the folder's mirror; `file`: the sidecar's key there; `mine` and `theirs` are JSON.
create table sidecar_conflict(
  picture_id integer not null references picture(id) on delete cascade,
  store_id integer not null references store(id) on delete cascade,
  place text not null check(place in ('beside', 'mirror')),
  file text not null,
  field text not null check(field in ('tags', 'caption', 'rating', 'faces')),
  mine text not null,
  theirs text not null,
  primary key(picture_id, store_id, place, file, field)
) without rowid;
create index sidecar_conflict_store on sidecar_conflict(store_id);
-- Derived: the folders whose sidecars are read or written, and pictures whose sidecars must be compared with the library.
-- `at` is the clock at the last change; it never repeats, so that a change during the comparison is noticed.
create table derived_sidecar_store(store_id integer primary key not null);
create table derived_sidecar_due(picture_id integer primary key not null, at integer not null);
create index derived_sidecar_due_at on derived_sidecar_due(at);
create table derived_sidecar_clock(id integer primary key not null check(id = 0), at integer not null);
insert into derived_sidecar_clock values (0, 0);
