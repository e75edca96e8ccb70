create table rendition(
  sha256 blob not null,
  recipe blob not null,
  width integer not null,
  height integer not null,
  bytes integer not null,
  used integer not null,
  preview blob not null,
  image blob not null,
  primary key(sha256, recipe)
);
create index rendition_used on rendition(used, bytes);
