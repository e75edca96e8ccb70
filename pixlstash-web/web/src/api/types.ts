/** What the server sends, field by field as it names them. Times are ISO 8601 in UTC; ids are below 2^32. */

export type Right = "read" | "write" | "owner";

export interface Session {
  principal: string;
  rights: Right;
  library: string;
  claimed: boolean;
  needs_password: boolean;
  read_only: boolean;
  public_id: string;
}

/** Comes with the 401 of `GET /session`. `password`: whether logging in by password is possible. */
export interface LoggedOut {
  detail: string;
  claimed: boolean;
  password: boolean;
}

export interface Section {
  label: string;
  start: number;
}

/**
 * The JSON header of `GET /views`. `beneath`: so many more are found beneath others in stacks. `notes`: what people
 * should know of it, such as that only words were searched.
 */
export interface ViewHeader {
  view: string;
  revision: number;
  count: number;
  at_index: number | null;
  at_block: number;
  thumbnails: string;
  query: string;
  sort: string;
  sections: Section[];
  beneath: number;
  notes?: string[];
}

/** One row of `GET /views/{view}/details/{b}`. `why`: why there is no still; `badge`: a duration. */
export interface Row {
  id: number;
  name: string;
  width: number;
  height: number;
  kind: string;
  format: string;
  size: number;
  created: string;
  score: number;
  badge: string | null;
  why: string | null;
}

export interface Fact {
  group: string;
  name: string;
  label: string;
  value: string;
  query: string | null;
}

export interface Location {
  id: number;
  store: string;
  key: string;
  size: number | null;
  state: "present" | "missing" | "unreachable";
}

/** `GET /pictures/{id}`. `width` and `height` in pixels, upright; `size` in bytes. */
export interface Picture {
  id: number;
  name: string;
  kind: string;
  format: string;
  mime: string;
  width: number;
  height: number;
  size: number;
  created: string;
  imported: string;
  score: number;
  deleted: string | null;
  sha256: string;
  why: string | null;
  /** Quarters clockwise that a person turned it by; its sizes are of the turned picture, its file is not. */
  turn: number;
  facts: Fact[];
  prompt: string | null;
  negative: string | null;
  payloads: string[];
  locations: Location[];
}

/** What became of a change to many pictures. */
export interface Done {
  revision: number;
  changed: number;
  sentence: string;
  undoable: boolean;
}

/** The answer of `POST /undo` and `POST /redo`. */
export interface Undone {
  revision: number;
  sentence: string;
  changed: number;
}

export interface HistoryEntry {
  revision: number;
  at: string;
  sentence: string;
  state: "done" | "undone";
  undoable: boolean;
}

export interface Store {
  name: string;
  scheme: string;
  state: "present" | "unreachable";
  read_only: boolean;
  pictures: number;
}

/** `rate` in pictures a second; `total` is null while nobody knows it. */
export interface Job {
  id: number | string;
  kind: string;
  label: string;
  lane: string;
  state: "waiting" | "running" | "paused" | "done" | "failed" | "cancelled";
  done: number;
  total: number | null;
  rate: number | null;
  error: string | null;
  started: string | null;
  finished: string | null;
  /** Seconds between runs of a repeating job. */
  every: number | null;
  /** The engine that is run, or whose weights are fetched. */
  engine: string | null;
  /** On how many pictures a run that is over failed, and why on one of them. */
  failed: number;
  reason: string | null;
  /** How many of its tags could not be stored, and why one of them could not. */
  dropped: number;
  dropped_reason: string | null;
  /** What a running job waits for, or which jobs a waiting one is behind. */
  note: string;
}

/** `GET /library`. */
export interface LibraryInfo {
  name: string;
  public_id: string;
  version: string;
  pictures: number;
  scrapheap: number;
  revision: number;
  stores: Store[];
  running: Job[];
  demo: boolean;
}

/** What became of a file that was sent. A zip file is an `archive` of others. */
export interface Uploaded {
  status: "imported" | "duplicate" | "scrapheaped" | "refused" | "archive";
  id: number | null;
  reason: string | null;
  archive: Archive | null;
}

/** `files` is null until they are counted; `results` are the first 1,000. */
export interface Archive {
  upload: string;
  finished: boolean;
  files: number | null;
  imported: number;
  duplicates: number;
  refused: number;
  results: UploadedFile[];
}

/** One file of a zip file, by its path in there. */
export interface UploadedFile {
  name: string;
  status: "imported" | "duplicate" | "scrapheaped" | "refused";
  id: number | null;
  reason: string | null;
}

/** A file that comes in pieces: the first `received` bytes are there for good. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  received: number;
  state: "receiving" | "taking" | "done";
  expires: string;
  result: Uploaded | null;
}

/** The data of the events `pictures_added`, `pictures_changed` and `pictures_removed`; at most 1,000 ids. */
export interface PicturesEvent {
  revision: number;
  count: number;
  ids: number[];
  fields?: string[];
}
