/** Tags, field by field as the server names them. */

export type TagState = "yours" | "accepted" | "suggested" | "implied" | "unsure" | "rejected";

/** How sure, 0 to 1, an engine is of a tag. */
export interface EngineTag {
  engine: string;
  confidence: number;
  above: boolean;
}

/** A tag of one picture. `confidence`, 0 to 1: of the engine that counts. */
export interface PictureTag {
  id: number;
  name: string;
  category: string;
  state: TagState;
  effective: boolean;
  confidence: number | null;
  engines: EngineTag[];
}

/** A tag that begins like what was typed; `via` is the alias that does, where it is not the name itself. */
export interface Completion {
  id: number;
  name: string;
  category: string;
  pictures: number;
  via: string | null;
}

/** `active`: its captions are shown where nobody wrote one. */
export interface EngineCaption {
  engine: string;
  text: string;
  active: boolean;
}

/** `GET /pictures/{id}/caption`: as it is shown, a person's own, and what captioners wrote. */
export interface CaptionDetail {
  text: string | null;
  own: string | null;
  engines: EngineCaption[];
}

/** What a change of captions would do: how many would differ, and the first of them. */
export interface CaptionPreview {
  changed: number;
  samples: { id: number; name: string; before: string; after: string }[];
}

export interface CaptionProblem {
  id: number;
  name: string;
  kind: "missing" | "trigger" | "contradiction" | "tokens";
  detail: string;
}

/** How many descriptions have which problem, and the first of the problems. */
export interface CaptionReport {
  pictures: number;
  missing: number;
  trigger: number;
  contradiction: number;
  tokens: number;
  problems: CaptionProblem[];
}
