/** What pictures are gathered in, field by field as the server names it. */
import type { Done } from "./types";

/** A set, character or project. `colour`: `#rrggbb`; `cover`: a picture. */
export interface Group {
  id: number;
  name: string;
  colour: string | null;
  icon: string | null;
  cover: number | null;
  note: string;
  pictures: number;
}

/** `newest`: pictures to show until it has an icon. */
export interface SetInfo extends Group {
  locked: boolean;
  newest: number[];
}

export interface Link {
  id: number;
  label: string;
  url: string;
}

/** `sets` and `characters` are ids of those in it. */
export interface ProjectInfo extends Group {
  sets: number[];
  characters: number[];
  links: Link[];
}

export interface SavedQuery {
  id: number;
  name: string;
  text: string;
}

/** A part of the tree that names with a `/` make. `set` is null where no set is called so. */
export interface Branch {
  label: string;
  path: string;
  set: number | null;
  branches: Branch[];
}

/** A store, and how many live pictures it has. */
export interface FolderInfo {
  id: number;
  name: string;
  scheme: string;
  pictures: number;
}

/** `GET /sidebar`. `blurred`: those of the covers and newest that shall not lie open. */
export interface SidebarInfo {
  revision: number;
  pictures: number;
  scrapheap: number;
  characters: Group[];
  sets: SetInfo[];
  tree: Branch[];
  projects: ProjectInfo[];
  queries: SavedQuery[];
  folders: FolderInfo[];
  blurred: number[];
}

/** The answer to a write that made something. */
export interface Made extends Done {
  id: number;
}

/** The answer of `POST /stacks/preview`: ids of the first stacks, each with its leader first. */
export interface StackPreview {
  stacks: number;
  pictures: number;
  examples: number[][];
}

/** What a drop on a project did. */
export interface Dropped extends Done {
  came: number;
  left: number;
  stayed: number;
  why: string | null;
}
