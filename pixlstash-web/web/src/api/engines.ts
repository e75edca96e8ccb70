/** Engines, field by field as the server names them. */

/** What an engine makes. */
export type OutputKind = "tag" | "caption" | "vector" | "face" | "region" | "measure";

/** On which pictures an engine is run by itself. */
export type Policy = "all" | "new" | "asked";

/** How the tags of several taggers are combined. */
export type Combine = "union" | "vote" | "preferred";

/**
 * One row of `GET /engines`. `done` and `errors`: pictures it looked at as it is now, and failed on; `outdated`: those
 * with results of what it was before. `active`: its results count; `default`: it is meant where none is named.
 */
export interface EngineInfo {
  id: string;
  kind: OutputKind;
  label: string;
  revision: string;
  license: string;
  lane: "gpu" | "cpu" | "net";
  plugin: string;
  package: string;
  version: string;
  default: boolean;
  policy: Policy;
  active: boolean;
  loaded: boolean;
  done: number;
  errors: number;
  outdated: number;
  /** What is to be done before it can be run. */
  state: "ready" | "set" | "allow" | "fetch";
  /** What has to be set, where that is so. */
  unset: string;
  /** Bytes of its weights; 0 where it has none or nobody knows. */
  size: number;
}

/** One of `GET /engines/uninstalled`: `pip` is the command that brings it. */
export interface UninstalledEngine {
  id: string;
  kind: OutputKind;
  label: string;
  license: string;
  lane: EngineInfo["lane"];
  size: number;
  package: string;
  pip: string;
}

/** Where an engine sends something, and what; `on`: all of its hosts are allowed. */
export interface SendsInfo {
  hosts: string[];
  what: string;
  allowed: string[];
  on: boolean;
}

/**
 * How an engine agrees with what people said: of `accepted` tags, `faces` drawn or named, or `words` of their own
 * captions so many were `found`; of rejected tags so many were found `again`.
 */
export interface Agreement {
  accepted: number;
  found: number;
  rejected: number;
  again: number;
  of: "tags" | "faces" | "words";
}

/** `GET /engines/rehearsals/{id}`: seconds for those tried, and for all that is left; `size` in bytes for these. */
export interface Rehearsal {
  engine: string;
  tried: number;
  total: number;
  seconds: number;
  whole: number;
  size: number;
  agreement: Agreement | null;
  pictures: { picture: number; name: string; text: string }[];
  errors: EngineError[];
}

/** `size` in bytes; `missing`: files that are not there yet; `agree`: somebody must agree to the licence first. */
export interface WeightsInfo {
  size: number;
  license: string;
  folder: string;
  missing: string[];
  hosts: string[];
  agree: boolean;
}

export interface EngineError {
  picture: number;
  name: string;
  error: string;
}

/**
 * `GET /engines/named`. `secrets`: names of those that are set, and `secrets_elsewhere` of those that are set for another
 * address than the present one only; `threshold`, 0 to 1: of a tagger whose tags count.
 */
export interface EngineDetail {
  engine: EngineInfo;
  params: Record<string, unknown>;
  form: Schema;
  secrets: string[];
  secrets_elsewhere: string[];
  weights: WeightsInfo | null;
  errors: EngineError[];
  threshold: number | null;
  sends: SendsInfo | null;
}

/** As much of JSON Schema as settings use. `x-touches`: what a setting concerns. */
export interface Schema {
  title?: string;
  description?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  $defs?: Record<string, Schema>;
  $ref?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  format?: string;
  writeOnly?: boolean;
  "x-touches"?: "output" | "load" | "run";
}

/** One row of `GET /plugins`. */
export interface PluginInfo {
  name: string;
  distribution: string;
  version: string;
  enabled: boolean;
  problems: string[];
}
