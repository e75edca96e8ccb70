-- What recipients of a link may do: give scores, and download originals, `stripped` of metadata or `untouched`.
alter table link add column scores integer not null default 0;
alter table link add column originals text not null default 'none' check(originals in ('none', 'stripped', 'untouched'));
-- Scores that recipients gave, kept apart from the owner's. `visitor` is random, from a signed cookie of one browser.
create table guest_score(
  link integer not null references link(id) on delete cascade,
  visitor blob not null,
  picture integer not null,
  score integer not null check(score between 1 and 5),
  at integer not null,
  primary key(link, visitor, picture)
) without rowid;
create index guest_score_picture on guest_score(picture);
