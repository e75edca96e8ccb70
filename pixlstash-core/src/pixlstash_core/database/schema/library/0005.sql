-- When what engines found was weighed anew for all pictures at once: the moment the answers changed.
create table weighing(id integer primary key autoincrement not null, at integer not null);
