-- What people said of tags lies beside what engines found, so that saying something of a hundred thousand pictures
-- rewrites no long rows. An entry here counts instead of the one of the same tag in `derived_tags`, which is what it
-- would be if nothing were said of the tag itself. `tags`: how many count; here, how many more or fewer.
create table derived_said(
  picture_id integer primary key not null,
  body blob not null,
  next blob,
  tags integer not null
);
drop view derived_tagged_pictures;
drop table derived_tags;
create table derived_tags(
  picture_id integer primary key not null,
  body blob not null,
  next blob,
  tags integer not null
);
create index derived_tags_tags on derived_tags(tags);
-- What was derived is derived anew, in slices, once the library is open.
delete from derived_tag where 1;
delete from derived_tag_count where 1;
delete from derived_meaning where version = 1;
insert into derived_meaning select 1, tag_id, means_id, how from derived_meaning where version = 0;
delete from derived_active where version = 1;
insert into derived_active select 1, producer_id, threshold, rank from derived_active where version = 0;
update derived_tagging set combine = (select combine from derived_tagging where version = 0) where version = 1;
update derived_tagging set phase = 1, position = 0 where version = 0
  and (exists (select 1 from said_tag) or exists (select 1 from tag_output));
