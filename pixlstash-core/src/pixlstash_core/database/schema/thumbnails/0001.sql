create table thumbnail(sha256 blob primary key not null, still blob not null);
