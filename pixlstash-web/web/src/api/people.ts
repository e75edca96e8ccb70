/** Faces, people, the review queue and reasons, field by field as the server names them. */
import type { Picture } from "./types";
import type { EngineTag } from "./tags";

/** left, top, right, bottom as fractions of the upright picture. */
export type Box = readonly [number, number, number, number];

/**
 * A face of a picture. `id`: of what an engine found; `said`: of what a person said; one of the two may be missing.
 * `character`: whose it is said to be; `time`: of what moves, in seconds. `turn`: by how many quarters clockwise a person
 * turned the picture, which the box is not.
 */
export interface FaceInfo {
  picture: number;
  box: Box;
  id: number | null;
  said: number | null;
  time: number | null;
  confidence: number | null;
  engine: string;
  character: number | null;
  name: string | null;
  not_characters: number[];
  reference: boolean;
  turn: number;
}

export interface FaceCluster {
  size: number;
  faces: FaceInfo[];
}

/** `ready`: else they are still being put together. */
export interface FaceClusters {
  ready: boolean;
  unassigned: number;
  clusters: FaceCluster[];
}

/** A picture that may show a character: by a face of it, or (`face` is null) by all it looks like. */
export interface MaybeCharacter {
  character: number;
  name: string;
  picture: Picture;
  likeness: number;
  like: number;
  face: FaceInfo | null;
  rival: string | null;
  doubt: number;
}

export interface CharacterFaces {
  faces: FaceInfo[];
  references: FaceInfo[];
}

/** A tag that engines suggest: of how many pictures nobody decided, and how many of these are doubtful. */
export interface TagToReview {
  name: string;
  category: string;
  waiting: number;
  doubtful: number;
}

/** A character that faces are suggested for: of how many nobody decided, and how many of these are doubtful. */
export interface CharacterToReview {
  id: number;
  name: string;
  waiting: number;
  doubtful: number;
}

export interface ReviewedTag {
  picture: Picture;
  confidence: number;
  effective: boolean;
  doubt: number;
  engines: EngineTag[];
}

export interface TagReview {
  tag: string;
  waiting: number;
  found: ReviewedTag[];
}

/** One thing that speaks for a picture; `likeness`, 0 to 1, on the scale that all engines share. */
export interface Reason {
  kind: "words" | "meaning" | "likeness" | "face" | "condition";
  sentence: string;
  likeness: number | null;
  picture: number | null;
}

export interface Why {
  picture: number;
  found: boolean;
  reasons: Reason[];
  notes: string[];
}
