-- What engines learned. Truth: recorded in changesets, in snapshots, restored. A training makes a producer.
-- `subject`: what it learned from; `vectors_of`: the producer of the vectors; `examples`: for each picture its id (i64)
-- and value (f32), little-endian; `report`: JSON about its quality; `state`: what the engine stores, weights as a rule.
create table training(
  producer_id integer primary key not null references producer(id),
  engine text not null,
  subject text not null,
  vectors_of integer not null references producer(id),
  at integer not null,
  examples blob not null,
  report text not null,
  state blob not null
);
create index training_engine on training(engine, at);
