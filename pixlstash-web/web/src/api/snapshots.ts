/** Snapshots of the metadata and restores from them, field by field as the server names them. */

export type SnapshotKind = "MANUAL" | "DAILY" | "WEEKLY" | "MONTHLY" | "OPPORTUNISTIC";

/** `byte_size`: bytes if it stood alone; `frees`: what deleting it would free. */
export interface Snapshot {
  id: number;
  kind: SnapshotKind;
  label: string | null;
  created_at: string;
  picture_count: number;
  byte_size: number;
  is_compatible: boolean;
  picture_set_count: number;
  project_count: number;
  character_count: number;
  frees: number;
}

/** What is being done with snapshots. `progress` from 0 to 1. */
export interface SnapshotWork {
  kind: "TAKE" | "PRUNE" | "DELETE" | "VERIFY" | "RESTORE" | "BACKUP";
  snapshot_id: number | null;
  started_at: string;
  progress: number;
}

/** `size`: bytes of all on the disk; `problems`: sentences. */
export interface SnapshotStatus {
  active_job: SnapshotWork | null;
  automatic: boolean;
  failure: { at: string; sentence: string } | null;
  size: number;
  problems: string[];
}

/** `problem` is null when all of it is there and sound. */
export interface SnapshotCheck {
  id: number;
  problem: string | null;
}

export type ResourceType = "picture" | "picture_set" | "character" | "project";
export type RestoreKind = "tags" | "scores" | "captions" | "faces" | "membership";

export interface RestoreReport {
  snapshot_id: number;
  upserted_count: number;
  missing_files_count: number;
  safety_snapshot_id: number | null;
}

/** What is said now and what will be; null where nothing is. */
export interface Change {
  topic: string;
  now: string | null;
  then: string | null;
}

/** A picture that would change or come back, or a set or the like. */
export interface PreviewedResource {
  type: ResourceType;
  id: number;
  name: string;
  exists_in_live: boolean;
  exists_in_snapshot: boolean;
  changed_fields: string[];
  changes: Change[];
}

/** So many things of one topic change, come back and go. `now`: how many there are, where people know. */
export interface TopicChange {
  topic: string;
  now: number | null;
  change: number;
  come: number;
  go: number;
  examples: Change[];
}

export interface RestoreSummary {
  pictures_to_revert: number;
  pictures_to_recreate: number;
  pictures_to_delete: number;
  pictures_unchanged: number;
  missing_files: number;
  pictures_kept: number;
  permanently_deleted: number;
}

export interface RestorePreview {
  snapshot: Snapshot;
  resources: PreviewedResource[];
  summary: RestoreSummary;
  warnings: string[];
  topics: TopicChange[];
}

/** One thing that differs: whose it is, or the set and the like that it is itself; what was said then and since. */
export interface Difference {
  change: "added" | "removed" | "changed";
  picture: number | null;
  id: number | null;
  name: string;
  old: string | null;
  new: string | null;
}

export interface TopicDiff {
  topic: string;
  added: number;
  removed: number;
  changed: number;
  examples: Difference[];
}

/** From a snapshot to another one, or until now where `against` is null. */
export interface SnapshotDiff {
  id: number;
  against: number | null;
  topics: TopicDiff[];
}
