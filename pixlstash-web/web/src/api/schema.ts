// Made from the table of operations and not edited by hand. To make it anew:
// python -m pixlstash_web.typescript pixlstash-web/web/src/api/schema.ts

/** Method and path of an operation, and behind `?` what of its arguments is in the query beside a body. */
export type Operation<Asks, Answers> = string & { readonly asks?: Asks; readonly answers?: Answers };

export type Right = "read" | "write" | "owner";

export type Policy = "all" | "new" | "asked";

export type FolderState = "ok" | "missing" | "unmounted" | "empty" | "unreadable";

export type SubfoldersAs = "nothing" | "tags" | "sets";

export type Watching = "live" | "polling" | "off";

export type CaptionMeaning = "tags" | "description" | "ignore";

export type JobState = "waiting" | "running" | "paused" | "done" | "failed" | "cancelled";

export type ReviewOrder = "doubtful" | "teaching" | "likely";

export type Presence = "present" | "missing" | "unreachable";

export type Combine = "mean" | "min" | "max" | "harmonic" | "geometric";

export type Originals = "none" | "stripped" | "untouched";

export type Keep = "mine" | "theirs" | "both";

export type SidecarField = "tags" | "caption" | "rating" | "faces";

export type SidecarFormat = "txt" | "xmp" | "json";

export type SidecarMode = "none" | "read" | "write" | "mirror";

export type SidecarNames = "usual" | "full" | "stem";

export type SidecarPlace = "beside" | "mirror";

export type SidecarText = "tags" | "caption" | "both";

export type ResourceType = "picture" | "picture_set" | "character" | "project";

export type RestoreKind = "tags" | "scores" | "captions" | "faces" | "membership";

export type SnapshotKind = "MANUAL" | "DAILY" | "WEEKLY" | "MONTHLY" | "OPPORTUNISTIC";

export type SnapshotTask = "TAKE" | "PRUNE" | "DELETE" | "VERIFY" | "RESTORE" | "BACKUP";

export type KeepRule = "larger" | "score" | "older" | "set";

export type StackRule = "raw" | "live" | "burst" | "prompt" | "seed" | "edit";

export type TagState = "yours" | "accepted" | "suggested" | "implied" | "unsure" | "rejected";

export type Installation = "docker" | "pip" | "electron" | "other";

export type Severity = "low" | "moderate" | "high" | "critical";

/** A set, character or project. `pictures` does not count those in the scrapheap. */
export interface GroupInfo {
  id: number;
  public_id: string;
  name: string;
  colour: string | null;
  icon: string | null;
  cover: number | null;
  note: string;
  created: string;
  pictures: number;
}

/**
 * The JSON header of a view's first response (`docs/http.md`). `beneath`: the number of further matches that are inside
 * stacks; counts of sets and other groups include them. `notes`: what people should know, such as that meaning could
 * not be searched.
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
  notes: string[];
}

export interface Section {
  label: string;
  start: number;
}

/** Pictures were added. As in all these events, `ids` has at most 1,000 of them and `count` is their number. */
export interface PicturesAdded {
  type: "pictures_added";
  revision: number;
  count: number;
  ids: number[];
}

/** Pictures changed. `fields` names what, such as `score`, `deleted` or `location`. */
export interface PicturesChanged {
  type: "pictures_changed";
  revision: number;
  count: number;
  ids: number[];
  fields: string[];
}

/** Pictures were permanently deleted. */
export interface PicturesRemoved {
  type: "pictures_removed";
  revision: number;
  count: number;
  ids: number[];
}

export interface LibraryInfo {
  name: string;
  public_id: string;
  version: string;
  pictures: number;
  scrapheap: number;
  revision: number;
  stores: StoreInfo[];
  running: Job[];
  demo: boolean;
  read_only: boolean;
}

export interface StoreInfo {
  name: string;
  scheme: string;
  state: Presence;
  read_only: boolean;
  pictures: number;
}

/**
 * Background work. `engine`: the id of the engine that is run, or whose weights are downloaded. `failed`: on how many
 * pictures a run that is over failed, and `reason`: why it did on one of them. `dropped`: how many of its tags could
 * not be stored (empty, too long, unprintable), and `dropped_reason`: why one could not. `note`: what a running job
 * waits for now, or which jobs a waiting one is behind; else empty.
 */
export interface Job {
  id: number;
  kind: string;
  label: string;
  lane: string;
  state: JobState;
  done: number;
  total: number | null;
  rate: number | null;
  error: string | null;
  started: string | null;
  finished: string | null;
  every: number | null;
  report: ImportReport | null;
  engine: string | null;
  failed: number;
  reason: string | null;
  dropped: number;
  dropped_reason: string | null;
  note: string;
}

export interface ImportReport {
  imported: number;
  duplicates: number;
  refused: Refusal[];
  seconds: number;
}

export interface Refusal {
  path: string;
  reason: string;
}

/** Queries for Hide and blur: pictures that `hide` finds are left out, those that `blur` finds are blurred. */
export interface HideAndBlur {
  hide: string;
  blur: string;
}

/** The result of a change that is committed and durable. */
export interface Done {
  revision: number;
  changed: number;
  sentence: string;
  undoable: boolean;
}

/** A completion of a query: `text` replaces everything from character `start` on; `count` pictures match it. */
export interface Suggestion {
  start: number;
  text: string;
  label: string;
  count: number | null;
}

export interface Rows {
  rows: Row[];
}

/** One row of a view's details. `stack`: the number of pictures in the stack that this one is the cover of. */
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
  stack: number | null;
}

/** One picture as lists show it. */
export interface Picture {
  id: number;
  public_id: string;
  name: string;
  kind: string;
  format: string;
  width: number;
  height: number;
  size: number;
  created: string;
  imported: string;
  score: number;
  deleted: string | null;
}

/** The pictures that a query finds, in order; `notes` as in a view. */
export interface Found {
  total: number;
  ids: number[];
  notes: string[];
}

/** The number of pictures that a query finds. */
export interface Total {
  total: number;
}

/** Statistics of a view. `tagged`: how many of `total` pictures have a tag; `tags`: how many tags they have. */
export interface Statistics {
  total: number;
  tagged: number;
  panels: Panel[];
  pairs: TagPair[];
  tags: number;
}

/** Bars that belong together. `fills`: if there are none, what would produce them. */
export interface Panel {
  name: string;
  label: string;
  bars: Bar[];
  fills: string | null;
}

/** A bar of a chart. `query` finds its pictures when added to the view's; `good`: those with four stars or more. */
export interface Bar {
  label: string;
  query: string | null;
  count: number;
  good: number | null;
}

/** Two tags that occur on the same pictures. */
export interface TagPair {
  one: string;
  other: string;
  count: number;
}

/**
 * A picture that a ranking query finds, with the engine's cosine similarity, and its value on the scale shared by all
 * engines. None where a word found it and nothing was compared. `face`: the one that is most alike, of `face:`.
 * `words`: of a query with words, how much of them is in what describes the picture (0: none, 1: every word, in its
 * name or tags).
 */
export interface Alike {
  picture: number;
  score: number | null;
  likeness: number | null;
  face: number | null;
  words: number | null;
}

/**
 * The smart score of a picture (1 to 5, None if it has none), and the pictures that you scored which are most similar
 * to it: with four or five stars (`good`), and with one or two (`bad`).
 */
export interface Liked {
  smart: number | null;
  good: Similar[];
  bad: Similar[];
}

/** A similar picture, its similarity (1: identical), and which of the given pictures it is most similar to. */
export interface Similar {
  picture: Picture;
  score: number;
  like: number;
}

/** The reasons why a query finds a picture; `found`: whether it does. */
export interface Why {
  picture: number;
  found: boolean;
  reasons: Reason[];
  notes: string[];
}

/**
 * One reason why a query finds a picture; `sentence` is the text to show. `words`: `text` is found in `place` (name,
 * prompt, caption, tag, text …). `meaning`: what `text` means is like what `engine` saw. `likeness`: it looks like
 * `picture`. `face`: its face `face` is like the face `like` of `picture`. `condition`: `text` is a condition of the
 * query. `score`: the cosine as the engine gives it; `likeness` is that on the scale that all engines share (0: like
 * any picture, 1: the same). `snippet`: of words and conditions that are found in the text in the picture, that part of
 * the text.
 */
export interface Reason {
  kind: "condition" | "face" | "likeness" | "meaning" | "words";
  sentence: string;
  text: string;
  place: string;
  engine: string;
  score: number | null;
  likeness: number | null;
  picture: number | null;
  face: FaceInfo | null;
  like: number | null;
  snippet: string;
}

/**
 * A face of a picture. `id`: the face an engine found; `said`: the user's assignment; either may be missing.
 * `character` is whose it is said to be, `not_characters` whose it is said not to be. `reference`: a person chose it to
 * tell the character by. `time`: of a moving picture, in seconds. `confidence` (0 to 1) and `engine`: None and "" where
 * a person drew it. `turn`: by how many quarters clockwise a person turned the picture, which its box is not.
 */
export interface FaceInfo {
  picture: number;
  box: [number, number, number, number];
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

/**
 * The text that an engine read in a picture. `engine`: empty if no engine has read any. `turn`: by how many quarters
 * clockwise a person rotated the picture, which the boxes are not.
 */
export interface PictureText {
  lines: TextLineInfo[];
  engine: string;
  turn: number;
}

/**
 * A line of text in a picture. `corners`: of a line that is not level, its four corners as fractions of the upright
 * picture, clockwise from the upper left corner of the text. `time`: of a moving picture, in seconds.
 */
export interface TextLineInfo {
  text: string;
  box: [number, number, number, number];
  confidence: number;
  corners: ([number, number])[];
  time: number | null;
}

/** The faces assigned to a character, and its references: at most ten, chosen ones or else the clearest. */
export interface CharacterFaces {
  faces: FaceInfo[];
  references: FaceInfo[];
}

/**
 * A picture that may show a character, because of a face, or (`face` is None) of its whole content. `likeness` is on
 * the scale of all engines; `like`: the picture it is most like. `doubt` (0 to 1): how little there is between yes and
 * no, or between this character and the next best, `rival`.
 */
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

/** Merge the characters `ids` into the character `into`; the former are deleted. */
export interface MergeCharacters {
  ids: readonly number[];
  into: number;
}

/** The largest groups first. `unassigned`: the number of all such faces; `ready`: false while grouping. */
export interface FaceClusters {
  ready: boolean;
  unassigned: number;
  clusters: FaceCluster[];
}

/** Unassigned faces that seem to show one person, the most certain first. `size`: their total number. */
export interface FaceCluster {
  size: number;
  faces: FaceInfo[];
}

/**
 * Assign faces to a character, by its id or by its `name`; a character of a new name is created. `pictures`: that these
 * show the character, too, wherever in them.
 */
export interface AssignFaces {
  faces?: readonly number[];
  said?: readonly number[];
  character?: number | null;
  name?: string | null;
  pictures?: readonly number[];
}

/** The result of a change that created something: its id. */
export interface Created {
  revision: number;
  changed: number;
  sentence: string;
  undoable: boolean;
  id: number;
}

/** Reject faces as the character's. They are not suggested for it again, whichever engine finds them. */
export interface RejectFaces {
  faces?: readonly number[];
  said?: readonly number[];
  character: number;
}

/** Faces: those that engines found (`faces`), and those with an assignment (`said`). */
export interface Faces {
  faces?: readonly number[];
  said?: readonly number[];
}

/** Use these faces of the character as its references (`yes`), or stop using them. */
export interface ReferFaces {
  faces?: readonly number[];
  said?: readonly number[];
  yes?: boolean;
}

/** Add a face of a character as a box in a picture. `time`: in seconds, for videos and animations. */
export interface DrawFace {
  picture: number;
  box: readonly [number, number, number, number];
  time?: number | null;
  character?: number | null;
  name?: string | null;
}

/** A tag to review: the number of pictures with an undecided suggestion, and how many of these are uncertain. */
export interface TagToReview {
  name: string;
  category: string;
  waiting: number;
  doubtful: number;
}

/**
 * The pictures to review for one tag, in the order that was asked for; `waiting`: their total number. `learned`: a
 * tagger that learns from your decisions has learned this tag, so that answers teach it.
 */
export interface TagReview {
  tag: string;
  waiting: number;
  found: ReviewedTag[];
  learned: boolean;
}

/**
 * A picture with an undecided suggestion of a tag, below or above the engine's threshold. `doubt` (0 to 1): how close
 * to the threshold it is, or how far engines disagree.
 */
export interface ReviewedTag {
  picture: Picture;
  confidence: number;
  effective: boolean;
  doubt: number;
  engines: EngineTag[];
}

/** An active engine's confidence (0 to 1) in a tag, and whether it reaches the threshold. */
export interface EngineTag {
  engine: string;
  confidence: number;
  above: boolean;
}

/** Accept a tag on some pictures and reject it on others, in one step. */
export interface DecideTag {
  tag: string;
  yes?: readonly number[];
  no?: readonly number[];
}

/** A character to review: the number of undecided faces, and how many of these are uncertain. */
export interface CharacterToReview {
  id: number;
  name: string;
  waiting: number;
  doubtful: number;
}

/** Assign some faces to a character and reject others, in one step. */
export interface DecideFaces {
  character: number;
  yes?: Faces;
  no?: Faces;
}

/**
 * One picture with all its metadata. `why` is the reason if it has no thumbnail. `turn`: quarters clockwise that a
 * person turned it by, on top of what its file says; `width` and `height` are of the turned picture. `created_in_file`:
 * what the file says, where a person says something else.
 */
export interface PictureDetail {
  id: number;
  public_id: string;
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
  predecessor: number | null;
  why: string | null;
  facts: ShownFact[];
  prompt: string | null;
  negative: string | null;
  payloads: string[];
  locations: Location[];
  turn: number;
  created_in_file: string | null;
  stack: InStack | null;
  groups: InGroups | null;
}

/** A fact of a picture. `query` finds the pictures with the same fact. */
export interface ShownFact {
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
  state: Presence;
}

/** The stack of a picture: its id, its number of pictures, and whether this one is its cover. */
export interface InStack {
  id: number;
  pictures: number;
  cover: boolean;
}

/** The ids of the groups that a picture is in. A project contains the pictures of its sets and characters. */
export interface InGroups {
  sets: number[];
  characters: number[];
  projects: number[];
}

export interface ScorePictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  score: number;
}

/** Move pictures to the scrapheap. */
export interface DeletePictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
}

/** Restore pictures from the scrapheap. */
export interface RestorePictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
}

/**
 * The contents of the sidebar. Counts leave out the scrapheap, whose own count is `scrapheap`. Pictures inside stacks
 * are counted, except in saved queries. `blurred`: which of the covers and newest pictures are to be blurred.
 * `waiting`: None for readers who cannot decide on all pictures.
 */
export interface Sidebar {
  revision: number;
  pictures: number;
  scrapheap: number;
  characters: CharacterInfo[];
  sets: SetInfo[];
  tree: Branch[];
  projects: ProjectInfo[];
  queries: SavedQuery[];
  folders: FolderInfo[];
  blurred: number[];
  waiting: Waiting | null;
}

/** A person or other recurring subject. */
export interface CharacterInfo {
  id: number;
  public_id: string;
  name: string;
  colour: string | null;
  icon: string | null;
  cover: number | null;
  note: string;
  created: string;
  pictures: number;
}

/** A set. Its `newest` pictures are shown if it has no icon. */
export interface SetInfo {
  id: number;
  public_id: string;
  name: string;
  colour: string | null;
  icon: string | null;
  cover: number | null;
  note: string;
  created: string;
  pictures: number;
  locked: boolean;
  newest: number[];
}

/** A node in the tree of set names that contain a `/`. `set` (an id) is missing if no set has this name. */
export interface Branch {
  label: string;
  path: string;
  set: number | null;
  branches: Branch[];
}

/** A project: its own pictures and those of the sets and characters (ids) in it. */
export interface ProjectInfo {
  id: number;
  public_id: string;
  name: string;
  colour: string | null;
  icon: string | null;
  cover: number | null;
  note: string;
  created: string;
  pictures: number;
  sets: number[];
  characters: number[];
  links: Link[];
}

/** A project's link to a web address. */
export interface Link {
  id: number;
  label: string;
  url: string;
}

/** A query with a name. `pictures`: how many it finds; None: not counted (yet), or ranked by similarity. */
export interface SavedQuery {
  id: number;
  public_id: string;
  name: string;
  text: string;
  pictures: number | null;
}

/** A store and the number of its pictures that are not in the scrapheap. */
export interface FolderInfo {
  id: number;
  name: string;
  scheme: string;
  pictures: number;
}

/**
 * How many pictures wait for a decision: those with unassigned faces, and with tags to review. None: not known yet; it
 * is being counted.
 */
export interface Waiting {
  faces: number | null;
  tags: number | null;
}

/** The name and appearance of a new set, character or project. `colour`: `#rrggbb`; `icon`: see `/icons`. */
export interface Create {
  name: string;
  colour?: string | null;
  icon?: string | null;
  note?: string;
}

/** The fields of a set to change. While it is `locked`, nothing else of it and of its pictures can be changed. */
export interface EditSet {
  name?: string;
  colour?: string | null;
  icon?: string | null;
  cover?: number | null;
  note?: string;
  locked?: boolean;
}

/** The pictures of a set, character or project that are not in the scrapheap; a set's in its order. */
export interface Members {
  ids: number[];
}

/**
 * A selection of pictures: either half-open index ranges of a view, or ids. `stacks`: and all that lie in a stack with
 * one of them.
 */
export interface Selection {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
}

/** Move these pictures, in their present order, before another one of the set; without one, to the end. */
export interface ArrangeSet {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  before?: number | null;
}

/** The fields of a character or project to change. `cover` is a picture's id. */
export interface Edit {
  name?: string;
  colour?: string | null;
  icon?: string | null;
  cover?: number | null;
  note?: string;
}

/**
 * Sets, characters and pictures to move to a project. With `add`, they stay in their other projects as well. Pictures
 * are named by id, or as everywhere; or there are none.
 */
export interface DropOnProject {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  sets?: readonly number[];
  characters?: readonly number[];
  pictures?: readonly number[];
  add?: boolean;
}

/** The result of a move: the pictures that were added, removed from other projects, or left there, and why. */
export interface Moved {
  revision: number;
  changed: number;
  sentence: string;
  undoable: boolean;
  came: number;
  left: number;
  stayed: number;
  why: string | null;
}

/** Sets, characters and pictures (by id or as a selection) to remove from a project. */
export interface TakeFromProject {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  sets?: readonly number[];
  characters?: readonly number[];
  pictures?: readonly number[];
}

/** A web address and its label. */
export interface AddLink {
  url: string;
  label?: string;
}

/** Save a query under a name. */
export interface SaveQuery {
  name: string;
  text: string;
}

/**
 * The fields of a saved query to change; None leaves a field unchanged. `before`: the id it moves in front of, 0 for
 * the end.
 */
export interface EditQuery {
  name?: string | null;
  text?: string | null;
  before?: number | null;
}

/** The pictures of a stack, the leader first. */
export interface Stack {
  id: number;
  rule: string;
  ids: number[];
}

/** Put these pictures, and the stacks they are in, on one stack. `leader`: the one on top. */
export interface StackPictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  leader?: number | null;
}

/**
 * Stack pictures that belong together by a rule: among these, or in the whole library. `raw`: camera raw and its JPEG;
 * `live`: a photo and its clip; `burst`: one camera within a second; `prompt`: one prompt and model; `seed`: one seed
 * as well; `edit`: a picture and what it was before. Pictures that are in a stack stay in it. `veil`: not what is
 * hidden.
 */
export interface StackByRule {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  rule: StackRule;
  veil?: boolean;
}

/** What a rule would stack. `examples` are the first stacks, at most 100, each with its leader first. */
export interface StackPreview {
  stacks: number;
  pictures: number;
  examples: number[][];
}

/** The pictures of a stack in their new order; the first one leads. */
export interface ArrangeStack {
  ids: readonly number[];
}

/** Rotate pictures by quarters: 1 is clockwise, -1 counterclockwise, 2 upside down. */
export interface TurnPictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  quarters: -1 | 1 | 2;
}

/**
 * Correct the dates of pictures in one of four ways. `set`: the moment; `shift`: so many seconds later; `zone`: their
 * clocks showed the time of this zone (`+02:00` or `Europe/Berlin`); `reset`: what their files say.
 */
export interface DatePictures {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  set?: string | null;
  shift?: number | null;
  zone?: string | null;
  reset?: boolean;
}

/**
 * Groups of pictures that look the same. The first of each group is the one to keep. `sets`: the sets of each picture
 * of them that is in one.
 */
export interface Duplicates {
  total: number;
  pictures: number;
  groups: number[][];
  sets: Record<string, number[]>;
}

/**
 * Keep the first of each group with the annotations of the others, which move to the scrapheap. `groups`: what
 * `duplicates` answered, or some of it; without it all that it finds by `rule`, `distance` and `veil`.
 */
export interface ResolveDuplicates {
  rule?: KeepRule;
  distance?: number;
  veil?: boolean;
  groups?: readonly (readonly number[])[] | null;
}

/** The result of keeping the first of each group. */
export interface DuplicatePreview {
  kept: number;
  thrown: number;
  bytes: number;
  sentence: string;
}

/** Mark these pictures as different, so that no two of them are shown as duplicates again. */
export interface NotDuplicates {
  ids: readonly number[];
}

/** Preview deleting pictures of the scrapheap permanently: all of them, or those selected. */
export interface PreviewEmpty {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
}

/**
 * What would be permanently deleted. `token` confirms exactly this and becomes invalid if anything changes. `files` are
 * deleted, of `bytes`; `forgotten` pictures lie only in folders that are never written to. Pictures in a locked set are
 * left where they are.
 */
export interface EmptyPreview {
  pictures: number;
  files: number;
  bytes: number;
  forgotten: number;
  locked: number;
  sentence: string;
  token: string;
}

/** Permanently delete what a preview with the same selection listed. */
export interface EmptyScrapheap {
  token: string;
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
}

/** A tag of one picture. `confidence` (0 to 1) is that of the engine that counts, None if none found the tag. */
export interface PictureTag {
  id: number;
  name: string;
  category: string;
  state: TagState;
  effective: boolean;
  confidence: number | null;
  engines: EngineTag[];
}

/** Add tags to pictures. */
export interface AddTags {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  tags: readonly string[];
}

/** Remove tags from pictures. A tag that an engine found is rejected, so that it does not come back. */
export interface RemoveTags {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  tags: readonly string[];
}

/** Accept these tags, or all that engines suggest. */
export interface AcceptTags {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  tags?: readonly string[] | null;
}

/** Reject tags of pictures, whatever engines find. */
export interface RejectTags {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  tags: readonly string[];
}

/** A tag of the vocabulary. `pictures`: the number that have it; `alias_of`: the tag it is an alias of. */
export interface TagInfo {
  id: number;
  name: string;
  category: string;
  pictures: number;
  alias_of: string | null;
  never: boolean;
}

/** A tag that completes the typed text. `via`: the alias that matches, if the name does not. */
export interface Completion {
  id: number;
  name: string;
  category: string;
  pictures: number;
  via: string | null;
}

/**
 * How sure engines are of one tag on the pictures of a view, whether the tag counts at that confidence or not. `bars`:
 * one for each twentieth from 0 to 1. `at_least`: the number of pictures with a confidence of at least 0, 0.01, …, 1.
 * `query`: finds those from a confidence on, such as `35%`, which replaces `{}`; None if the name of the tag cannot be
 * written with a confidence.
 */
export interface TagConfidences {
  tag: string;
  bars: Bar[];
  at_least: number[];
  query: string | null;
}

/** A tag with its aliases and implications. */
export interface TagDetail {
  tag: TagInfo;
  aliases: string[];
  implies: string[];
  implied_by: string[];
}

export interface RenameTag {
  tag: string;
  name: string;
}

/** Merge tags into another; their names become aliases of it. */
export interface MergeTags {
  tags: readonly string[];
  into: string;
}

export interface CategoriseTags {
  tags: readonly string[];
  category: string;
}

/** Make tags aliases of another; without `of`, remove their aliases. */
export interface AliasTags {
  tags: readonly string[];
  of?: string | null;
}

/** Add (`yes`) or remove implications of a tag. */
export interface ImplyTags {
  tag: string;
  implies: readonly string[];
  yes?: boolean;
}

/** Never take these tags from engines (`yes`), or take them again. */
export interface NeverTags {
  tags: readonly string[];
  yes?: boolean;
}

/** Lines of a booru CSV file: `name,category,count,"alias,alias"`, or `name,other` for aliases and implications. */
export interface ImportTags {
  text: string;
  kind?: "aliases" | "implications" | "tags";
}

/** The numbers of new tags, aliases and implications, and up to 50 skipped lines with the reasons. */
export interface ImportedTags {
  tags: number;
  aliases: number;
  implications: number;
  categories: number;
  skipped: number;
  problems: string[];
}

/** How engines are combined: any of them, most of them, or the preferred one decides. */
export interface Tagging {
  combine: "preferred" | "union" | "vote";
}

/** The caption of a picture that is shown, the user's own, and those of captioners. */
export interface CaptionDetail {
  text: string | null;
  own: string | null;
  engines: EngineCaption[];
}

/** A caption that an engine wrote. `active`: its captions are shown if nobody wrote one. */
export interface EngineCaption {
  engine: string;
  text: string;
  active: boolean;
}

/** Set the caption of pictures. An empty text removes it, so that an engine's caption is shown again. */
export interface SetCaption {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  text: string;
}

/**
 * Edit captions, in this order: replace a text by another (`words`: whole words only, `case`: match case), remove tags,
 * move tags to the front, and add a text in front. Tags are the parts between commas.
 */
export interface EditCaptions {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  find?: string;
  replace?: string;
  words?: boolean;
  case?: boolean;
  drop?: readonly string[];
  first?: readonly string[];
  prefix?: string;
}

/** How many captions would change, and the first 20. */
export interface CaptionPreview {
  changed: number;
  samples: CaptionSample[];
}

export interface CaptionSample {
  id: number;
  name: string;
  before: string;
  after: string;
}

/**
 * What to check: whether `trigger` is missing, more than `tokens` tokens, contradicting tags. Tokens are those of CLIP,
 * or of the `tokenizer`: the path of a model's tokenizer.json on the server, for its owner.
 */
export interface LintCaptions {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  trigger?: string;
  tokens?: number;
  tokenizer?: string | null;
}

/** The number of captions with each problem, and the first 200 problems. */
export interface CaptionReport {
  pictures: number;
  missing: number;
  trigger: number;
  contradiction: number;
  tokens: number;
  problems: CaptionProblem[];
}

export interface CaptionProblem {
  id: number;
  name: string;
  kind: "contradiction" | "missing" | "tokens" | "trigger";
  detail: string;
}

/**
 * An engine in this library. `default`: it is used for its kind if no engine is named. `done`, `errors`: pictures it
 * looked at with its present revision and settings, and failed on; `outdated`: those with results of an older revision,
 * other settings, or of the default before it. `active`: its results count; `loaded`: its model is in memory. `state`:
 * what is to be done first before it can be run: `set` what it cannot do without (`unset` says what), `allow` the host
 * it sends pictures to, `fetch` its weights (`size` bytes, 0 where that is not known), or nothing. `learns`: what it
 * learns from before it can run: `scores`, `tags`, or nothing.
 */
export interface EngineInfo {
  id: string;
  kind: string;
  label: string;
  revision: string;
  license: string;
  lane: string;
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
  state: "allow" | "fetch" | "ready" | "set";
  size: number;
  unset: string;
  learns: string;
}

/**
 * An engine with its settings, their JSON Schema, the names of secrets that are set, and up to 100 errors. In the form
 * `x-touches` of a field says what it concerns: `output`, `load` or `run`. `threshold` (0 to 1): how sure a tagger must
 * be for its tags to count, None for others and while none of its tags do. `sends`: of one that asks another machine,
 * which, and what it sends there. `secrets_elsewhere`: those that are set for another address only, so that they are
 * not sent to the one in the settings.
 */
export interface EngineDetail {
  engine: EngineInfo;
  params: Record<string, unknown>;
  form: Record<string, unknown>;
  secrets: string[];
  weights: WeightsInfo | null;
  errors: EngineError[];
  threshold: number | null;
  sends: SendsInfo | null;
  secrets_elsewhere: string[];
}

/**
 * The files that an engine needs: their size in bytes, license, folder, and those that are missing. `hosts`: the
 * machines they come from; `agree`: a person has to agree to the licence first.
 */
export interface WeightsInfo {
  size: number;
  license: string;
  folder: string;
  missing: string[];
  hosts: string[];
  agree: boolean;
}

/** A picture on which an engine failed. */
export interface EngineError {
  picture: number;
  name: string;
  error: string;
}

/**
 * Where an engine sends data, and which. `allowed`: hosts that the owner allowed; `on`: whether they are sufficient.
 */
export interface SendsInfo {
  hosts: string[];
  what: string;
  allowed: string[];
  on: boolean;
}

/**
 * An engine that is not installed: the command that installs it, the approximate size of its weights in bytes (0: none,
 * or depends on a setting), and their license.
 */
export interface UninstalledEngine {
  id: string;
  kind: string;
  label: string;
  license: string;
  lane: string;
  size: number;
  package: string;
  pip: string;
}

/**
 * Run an engine, or the default one of a `kind`, on some of a selection or of all pictures, without storing results.
 */
export interface RehearseEngine {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  engine?: string;
  kind?: string;
  params?: Record<string, unknown> | null;
  count?: number;
}

/**
 * The results of running an engine on some pictures, which are not stored. `seconds` excludes loading the model.
 * `total` pictures of the selection are left to do: that would take about `whole` seconds on this machine, and `size`
 * bytes. `agreement`: None for kinds of output that people say nothing about.
 */
export interface Rehearsal {
  engine: string;
  tried: number;
  total: number;
  seconds: number;
  whole: number;
  size: number;
  agreement: Agreement | null;
  pictures: Rehearsed[];
  errors: EngineError[];
}

/**
 * How far an engine's results agree with the user's decisions on these pictures. `of` `tags`: of those accepted how
 * many it `found`, and of those rejected how many it found `again`. `faces`: of those that people drew or named, how
 * many it found where they are. `words`: of people's own captions, how many are in its captions too.
 */
export interface Agreement {
  accepted: number;
  found: number;
  rejected: number;
  again: number;
  of: "faces" | "tags" | "words";
}

/** A picture, and an engine's result for it. */
export interface Rehearsed {
  picture: number;
  name: string;
  text: string;
}

/**
 * Run an engine, or the default one of a `kind`, on pictures that it has not processed: a selection, or all. `params`:
 * settings for this once, whose results count before others; without, its own. `retry`: also where it failed before. In
 * place of a selection, `outdated`: where its results are of an older revision or other settings; `failed`: everywhere
 * it failed before.
 */
export interface RunEngine {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  engine?: string;
  kind?: string;
  params?: Record<string, unknown> | null;
  retry?: boolean;
  outdated?: boolean;
  failed?: boolean;
}

/** Let an engine learn from your decisions. */
export interface TrainEngine {
  engine: string;
}

/**
 * What an engine has learned from. `examples`: the number of your decisions that it can learn from now, of which it
 * needs `fewest`; `vectors`: the preferred embedder. `policy`: unless `asked`, it learns again when they change.
 * `subject`: what it learns from: `scores`, or `tags`, each of which needs `fewest` decisions, at least `of_each` for
 * and against it. `tags`: up to 500 of them, those that it can learn first. `learned`: the embedder of its latest
 * training (empty: there is none), which had `count` examples and ended at `at`. `report`: its quality on examples that
 * it had not seen, as the engine reports it.
 */
export interface TrainingInfo {
  engine: string;
  fewest: number;
  examples: number;
  policy: Policy;
  vectors: string;
  learned: string;
  count: number;
  at: string | null;
  report: Record<string, unknown>;
  subject: string;
  of_each: number;
  tags: LearnedTag[];
}

/**
 * A tag with your decisions that an engine can learn from: on how many pictures you accepted (`yes`) and rejected
 * (`no`) it. `enough`: these are enough to learn the tag.
 */
export interface LearnedTag {
  id: number;
  name: string;
  yes: number;
  no: number;
  enough: boolean;
}

/**
 * Change an engine's settings; only the given fields change. `secrets`: by name, for the scheme, host and port that
 * these settings send to; an empty one is forgotten. `policy` `all` begins to run it on every picture at once.
 * `threshold`: how sure a tagger must be for its tags to count; nothing is looked at again for that.
 */
export interface SetEngine {
  engine: string;
  params?: Record<string, unknown> | null;
  secrets?: Record<string, string> | null;
  default?: boolean | null;
  policy?: Policy | null;
  threshold?: number | null;
}

/** Allow or forbid an engine to send pictures to a host, named as in the engine's settings. */
export interface AllowHost {
  engine: string;
  host: string;
  allowed?: boolean;
}

/** Download an engine's weights. `agree`: accept their license, if it requires that. */
export interface FetchWeights {
  engine: string;
  agree?: boolean;
}

/**
 * Find pictures similar to these among those that `q` finds, the most similar first. Of several the `mean`, the least
 * (`min`) or the greatest (`max`) likeness counts, or another mean.
 */
export interface FindSimilar {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  q?: string;
  combine?: Combine;
  limit?: number;
}

/** Similar pictures and the engine that found them; it has not processed `without` of the given pictures yet. */
export interface SimilarFound {
  engine: string;
  without: number;
  found: Similar[];
}

/**
 * A link. `path` is to be appended to the server's address; what follows `#` in it is secret. `path` is null for a link
 * that recipients cannot open: it `expired`, or it was made with another key file, as in a library restored from a
 * backup, and must be replaced. `left_out`: hidden and blurred pictures. `last_visit` is accurate to the minute.
 * `certificate` is that of the last visit by this server itself, which is repeated every day. `gained`: pictures that a
 * live link did not have when it was made. `scored`: pictures with scores of recipients.
 */
export interface LinkInfo {
  id: number;
  path: string | null;
  title: string;
  live: boolean;
  scope: Grant;
  pictures: number;
  left_out: number;
  download: boolean;
  password: boolean;
  created: string;
  expires: string | null;
  expired: boolean;
  visits: number;
  last_visit: string | null;
  certificate: Certificate | null;
  gained: number;
  originals: Originals;
  scores: boolean;
  scored: number;
}

/**
 * A part of the library: these pictures, and all pictures of these sets, characters, projects and of a query. What
 * groups and queries contain is determined at each request. Pictures in the scrapheap are not part of it.
 */
export interface Grant {
  pictures: number[];
  sets: number[];
  characters: number[];
  projects: number[];
  query: string | null;
}

/**
 * What a visitor with only a link's secret found, over HTTP. `pictures` were listed, `fetched` of them were loaded in
 * each way that is offered, `unreadable` show nothing. `places`, `prompts`, `names` and `others` count pictures with
 * such metadata. `marked`: how many have the watermark (null: none was asked for). `compared`: pictures drawn by `seed`
 * that were decoded and compared with the original. `tried`: attempts to reach something else: pictures that are not
 * shared (`outside` of them exist), files, and the owner's requests; `reached`: how many did. `problems` is empty if
 * all is as it must be; `changes` says what is different from the visit before. `originals`: what those tell (null:
 * they are not offered).
 */
export interface Certificate {
  at: string;
  seconds: number;
  requests: number;
  pictures: number;
  fetched: number;
  unreadable: number;
  places: number;
  prompts: number;
  names: number;
  others: number;
  marked: number | null;
  compared: number;
  seed: number;
  outside: number;
  tried: number;
  reached: number;
  problems: string[];
  changes: string[];
  originals: OriginalsFound | null;
}

/**
 * What a stranger found in originals that a link offers: `fetched` of them, and how many tell what. `absent`: pictures
 * without one, such as a video, which cannot be stripped. If they are offered `untouched`, what they tell is no
 * problem, because the owner chose so.
 */
export interface OriginalsFound {
  untouched: boolean;
  fetched: number;
  absent: number;
  places: number;
  prompts: number;
  names: number;
  others: number;
}

/**
 * Share pictures by a link: those of a `scope`, or of a `selection` as it is now. `live`: whatever the sets,
 * characters, projects and the query contain at each visit, instead of the pictures of now; by default, if there are
 * only sets, characters and projects. Recipients may save the pictures if `download`, give them stars if `scores`, and
 * download the `originals` if those are not `none`: `stripped` of metadata, or `untouched`. Originals cannot be offered
 * with a watermark, or any other step that changes more than the size.
 */
export interface CreateLink {
  scope?: Grant | null;
  selection?: Selection | null;
  title?: string;
  live?: boolean | null;
  steps?: readonly StepUse[] | null;
  hidden?: boolean;
  download?: boolean;
  originals?: Originals;
  scores?: boolean;
  expires?: string | null;
  password?: string | null;
}

/** A step that changes the pixels of renditions (`resize`, `watermark` or a plugin's), with its settings. */
export interface StepUse {
  id: string;
  params?: Record<string, unknown>;
}

/**
 * What recipients of a link think of one picture: how many `visitors` gave stars, and their `mean`. `score` is the mean
 * in whole stars, which accepting makes the owner's; `own` is what the owner gave (0: nothing).
 */
export interface GuestScore {
  link: number;
  title: string;
  picture: number;
  visitors: number;
  mean: number;
  score: number;
  own: number;
}

/** Take over what recipients think of these pictures; null: of all that they scored. */
export interface AcceptScores {
  pictures?: readonly number[] | null;
}

/** A picture, and the steps with which recipients would get it. */
export interface PreviewSteps {
  picture: number;
  steps: readonly StepUse[];
}

/**
 * Publish pictures as they are now with a sharer, such as `gallery` with `{"path"}`. Without `steps`, pictures are
 * reduced to 2,048 pixels. Hidden and blurred pictures are left out unless `hidden`.
 */
export interface Publish {
  sharer?: string;
  params?: Record<string, unknown>;
  scope: Grant;
  title?: string;
  steps?: readonly StepUse[] | null;
  hidden?: boolean;
}

/** What was published: where, how many pictures, and how many hidden or blurred ones were left out. */
export interface Publication {
  id: number;
  sharer: string;
  title: string;
  where: string;
  pictures: number;
  left_out: number;
  created: string;
}

export interface HistoryEntry {
  revision: number;
  at: string;
  sentence: string;
  state: "done" | "undone";
  undoable: boolean;
}

/** An upload in pieces. The first `received` bytes are stored durably. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  received: number;
  state: "done" | "receiving" | "taking";
  expires: string;
  result: Uploaded | null;
}

/** The result of importing a file. A readable zip file has the results of its files in `archive`. */
export interface Uploaded {
  status: "archive" | "duplicate" | "imported" | "refused" | "scrapheaped";
  id: number | null;
  reason: string | null;
  archive: Archive | null;
}

/** The results for the files in a zip file so far. `results` are the first 1,000, once it is finished. */
export interface Archive {
  upload: string;
  finished: boolean;
  files: number | null;
  imported: number;
  duplicates: number;
  refused: number;
  results: UploadedFile[];
}

/** The result of importing one of several files. `name` includes its folders in a zip file. */
export interface UploadedFile {
  name: string;
  status: "duplicate" | "imported" | "refused" | "scrapheaped";
  id: number | null;
  reason: string | null;
}

/**
 * Begin the upload of a file of `size` bytes in pieces. `key` is the client's own name for it. `modified`: when it was
 * last changed, in milliseconds since 1970, for pictures that do not say when they were made.
 */
export interface BeginUpload {
  name: string;
  size: number;
  key?: string;
  modified?: number | null;
}

/**
 * Import files and folders of the server's machine. `in_place`: index them without copying. `captions`: what the text
 * files beside pictures are; others named `x.txt` become tags or a description.
 */
export interface ImportPaths {
  paths: readonly string[];
  in_place?: boolean;
  captions?: readonly CaptionRule[];
}

/** What the text files beside pictures are. `suffix`: what follows the picture's name, such as `_tags.txt`. */
export interface CaptionRule {
  suffix: string;
  means: CaptionMeaning;
}

/**
 * A folder that is indexed in place. `pictures` are those not in the scrapheap; `missing` files have disappeared.
 * `problem` says what is wrong and what to do, `note` why it is not watched live. `job`: the scan that was last asked
 * for, until the next start.
 */
export interface ReferenceFolder {
  id: number;
  name: string;
  path: string;
  state: FolderState;
  problem: string;
  pictures: number;
  missing: number;
  watch: boolean;
  watching: Watching;
  note: string;
  scanned: string | null;
  captions: CaptionRule[];
  job: number | null;
  sidecars: SidecarPolicy;
  sidecar_state: SidecarState;
}

/**
 * What sidecars of a reference folder are read and written. `mirror`: the folder on the server's machine to which the
 * mode `mirror` writes. `engines`: also write tags and captions that only engines assigned.
 */
export interface SidecarPolicy {
  mode: SidecarMode;
  formats: SidecarFormat[];
  text: SidecarText;
  names: SidecarNames;
  engines: boolean;
  mirror: string;
}

/**
 * `due`: pictures whose sidecars wait to be compared or written. `conflicts`: pictures changed on both sides.
 * `problems`: sidecars that are left alone, or cannot be written; `problem` says why, of one of them or of all.
 */
export interface SidecarState {
  due: number;
  conflicts: number;
  problems: number;
  problem: string;
}

/**
 * Index a folder of the server's machine in place. `name`: by default, the folder's own. `captions`: what the text
 * files beside new pictures are; others named `x.txt` become tags or a description. `sidecars`: which files beside
 * pictures are kept in agreement with the library, in both directions.
 */
export interface AddFolder {
  path: string;
  name?: string;
  watch?: boolean;
  captions?: readonly CaptionRule[];
  sidecars?: SidecarPolicy;
}

/** What is to change of a reference folder; None leaves it as it is. `watch`: follow changes on disk. */
export interface EditFolder {
  name?: string | null;
  watch?: boolean | null;
  captions?: readonly CaptionRule[] | null;
}

/**
 * What removing a reference folder or a store does. `only_here`: pictures with no file elsewhere; `locked`: in locked
 * sets.
 */
export interface FolderRemoval {
  pictures: number;
  only_here: number;
  locked: number;
  sentence: string;
}

/** Where the files of a reference folder are now. `force`: even if fewer than half of them are there. */
export interface RelocateFolder {
  path: string;
  force?: boolean;
}

/** A sidecar that is left alone or cannot be written, and why. `file` is relative to the folder or its mirror. */
export interface SidecarProblem {
  file: string;
  place: SidecarPlace;
  problem: string;
}

/** A field that was changed in PixlStash (`mine`) and in a sidecar (`theirs`). Tags: those on which they differ. */
export interface SidecarConflict {
  picture: number;
  name: string;
  folder: string;
  file: string;
  place: SidecarPlace;
  field: SidecarField;
  mine: string;
  theirs: string;
}

/** Settle conflicts of pictures. `field`: of this one only; `file`: of this sidecar only. */
export interface ResolveConflicts {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  keep: Keep;
  field?: SidecarField | null;
  file?: string | null;
}

/** The folders directly in a folder of a reference folder. `here`: pictures directly in it. */
export interface FolderTree {
  path: string;
  here: number;
  branches: FolderBranch[];
}

/** A folder in a reference folder: `path` is relative to it; `pictures` includes those in folders below. */
export interface FolderBranch {
  name: string;
  path: string;
  pictures: number;
  has_folders: boolean;
}

/**
 * A folder whose files are copied into the library once they have settled. `imported`: files so far; `refused`: those
 * that are no pictures or cannot be read; `left`: those that were imported and could not be deleted. `problems`: some
 * of both, with the reasons. `delete`: delete files after they were imported and the copy was verified. `ignore`:
 * patterns such as `*.tmp` or `drafts/*`.
 */
export interface ImportFolder {
  id: number;
  name: string;
  path: string;
  state: FolderState;
  problem: string;
  imported: number;
  refused: number;
  left: number;
  problems: Refusal[];
  watch: boolean;
  watching: Watching;
  note: string;
  scanned: string | null;
  delete: boolean;
  subfolders: SubfoldersAs;
  rules: ImportRule[];
  ignore: string[];
  captions: CaptionRule[];
  job: number | null;
}

/**
 * What the pictures of an import folder get. `below`: only those in this folder in it, or below; empty for all. `set`
 * and `project` are ids; those that do not exist any more, and locked sets, are left out.
 */
export interface ImportRule {
  below: string;
  tags: string[];
  set: number | null;
  project: number | null;
}

/** Copy the files of a folder of the server's machine into the library, now and when more come. */
export interface AddImportFolder {
  path: string;
  name?: string;
  watch?: boolean;
  delete?: boolean;
  subfolders?: SubfoldersAs;
  rules?: readonly ImportRule[];
  ignore?: readonly string[];
  captions?: readonly CaptionRule[];
}

/** What is to change of an import folder; None leaves it as it is. */
export interface EditImportFolder {
  name?: string | null;
  watch?: boolean | null;
  delete?: boolean | null;
  subfolders?: SubfoldersAs | null;
  rules?: readonly ImportRule[] | null;
  ignore?: readonly string[] | null;
  captions?: readonly CaptionRule[] | null;
}

/** What can be added with `stores`, and imported from with `importers`. */
export interface SourceKinds {
  stores: SourceKind[];
  importers: SourceKind[];
}

/**
 * A kind of store, or an importer, that a plugin offers. `form` is the JSON Schema of its settings. A field with
 * `x-secret` takes `env:NAME` or `file:/path`, never the secret itself. `reaches`: the machines that an importer
 * connects to.
 */
export interface SourceKind {
  id: string;
  label: string;
  form: Record<string, unknown>;
  reaches: string;
}

/**
 * A store of a plugin. `pictures` are those not in the scrapheap; `missing` files have disappeared. `problem` says why
 * it does not answer. `job`: the scan that is waiting or running.
 */
export interface StoreState {
  id: number;
  name: string;
  scheme: string;
  settings: Record<string, unknown>;
  state: Presence;
  problem: string;
  read_only: boolean;
  pictures: number;
  missing: number;
  job: number | null;
}

/** Add a store of a plugin, whose files are indexed in place. `settings`: as its kind's form says. */
export interface AddStore {
  scheme: string;
  name: string;
  settings?: Record<string, unknown>;
}

/** Import from a plugin's importer. `settings`: as its form says. */
export interface ImportFrom {
  importer: string;
  settings?: Record<string, unknown>;
}

/**
 * The folders in a folder of the server's machine; without a path, those where browsing starts. `more`: how many were
 * left out. `suggested`: output folders of generators that exist on this machine.
 */
export interface ServerFolders {
  path: string;
  parent: string | null;
  folders: ServerFolder[];
  more: number;
  suggested: ServerFolder[];
}

/** A folder of the server's machine. `program`: the generator that writes its pictures there, if it looks so. */
export interface ServerFolder {
  name: string;
  path: string;
  program: string;
}

/**
 * A naming pattern of text files beside pictures in a folder. `means` is a guess from the sample. `files`: how many
 * there are; `name` is one of them, `sample` the beginning of its text, empty if it cannot be read.
 */
export interface CaptionPattern {
  suffix: string;
  files: number;
  name: string;
  sample: string;
  means: CaptionMeaning;
}

/** The number of files in a folder and their size in bytes; not `complete`: counting stopped after ten seconds. */
export interface FolderSize {
  path: string;
  files: number;
  bytes: number;
  complete: boolean;
}

/**
 * One snapshot. `byte_size`: bytes if it stood alone, compressed; `frees`: what deleting it would free on the disk,
 * given the others. `is_compatible`: whether this PixlStash can read the schema it is of, and it is of this library.
 */
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
  schema_version: number;
  frees: number;
}

export interface TakeSnapshot {
  label?: string | null;
}

/** `automatic`: whether they are taken automatically; `size`: bytes of all on the disk; `problems`: sentences. */
export interface SnapshotStatus {
  active_job: SnapshotWork | null;
  automatic: boolean;
  failure: SnapshotFailure | null;
  size: number;
  problems: string[];
}

/** What is being done with snapshots or a backup. `progress`: from 0 to 1, reported by `snapshots_changed`. */
export interface SnapshotWork {
  kind: SnapshotTask;
  snapshot_id: number | null;
  started_at: string;
  progress: number;
}

/** Why the last attempt to take a snapshot failed. The next success removes it. */
export interface SnapshotFailure {
  at: string;
  sentence: string;
}

/** Whether to take snapshots automatically: daily, weekly, monthly, and after the first import. */
export interface SetSnapshots {
  automatic: boolean;
}

/** The result of verifying a snapshot; `problem` is null if it is intact. */
export interface SnapshotCheck {
  id: number;
  problem: string | null;
}

export interface EditSnapshot {
  label: string | null;
}

/**
 * The differences between a snapshot and another one, or the present (`against` is null). Topics in which nothing
 * differs are left out.
 */
export interface SnapshotDiff {
  id: number;
  against: number | null;
  topics: TopicDiff[];
}

/** The differences in one topic: the numbers of added, removed and changed items, and the first few of each. */
export interface TopicDiff {
  topic: string;
  added: number;
  removed: number;
  changed: number;
  examples: Difference[];
}

/**
 * One difference. `picture`: the picture it belongs to; `id`: of the set, character or project itself. `name`: of the
 * picture, or of the thing; `old` and `new`: what was said then and since, as people would say it.
 */
export interface Difference {
  change: "added" | "changed" | "removed";
  picture: number | null;
  id: number | null;
  name: string;
  old: string | null;
  new: string | null;
}

/**
 * What a restore would do. `resources` are the first 200 pictures, and as many groups, that would change. What was
 * asked for by name and is not in the snapshot comes first. `topics`: everything, counted.
 */
export interface RestorePreview {
  snapshot: Snapshot;
  resources: PreviewedResource[];
  summary: RestoreSummary;
  warnings: string[];
  topics: TopicChange[];
}

/**
 * One picture, set, character or project that would change. `changed_fields`: the kinds of metadata that would.
 * `changes`: what exactly, as people would say it, in no more than a hundred lines.
 */
export interface PreviewedResource {
  type: ResourceType;
  id: number;
  name: string;
  exists_in_live: boolean;
  exists_in_snapshot: boolean;
  changed_fields: string[];
  changes: Change[];
}

/**
 * One difference. `now`: the present value, null if there is none; `then`: the restored value. `topic`: what it is
 * about, such as `scores`, `tags`, `captions` or `set_members`.
 */
export interface Change {
  topic: string;
  now: string | null;
  then: string | null;
}

/** What a restore would change. Only actual changes are counted; `kept`: things added since that stay. */
export interface RestoreSummary {
  pictures_to_revert: number;
  pictures_to_recreate: number;
  pictures_to_delete: number;
  pictures_unchanged: number;
  missing_files: number;
  pictures_kept: number;
  permanently_deleted: number;
  sets_to_revert: number;
  sets_to_recreate: number;
  sets_to_delete: number;
  characters_to_revert: number;
  characters_to_recreate: number;
  characters_to_delete: number;
  projects_to_revert: number;
  projects_to_recreate: number;
  projects_to_delete: number;
  tags_to_revert: number;
  sayings_to_revert: number;
  settings_to_revert: number;
}

/**
 * What a restore would do in one topic: the numbers of changes, restored and removed items, and the first of them.
 * `now`: how many there are, but for what engines and files say.
 */
export interface TopicChange {
  topic: string;
  now: number | null;
  change: number;
  come: number;
  go: number;
  examples: Change[];
}

/**
 * How to restore everything. `keep_added`: keep what was added since; `kinds`: restore only these kinds of metadata.
 * `allow_without_safety`: go on although no safety snapshot can be taken; `allow_missing_files`: although most files
 * are not where they should be; `dry_run`: change nothing, only count.
 */
export interface RestoreSnapshot {
  keep_added?: boolean;
  kinds?: readonly RestoreKind[] | null;
  allow_without_safety?: boolean;
  allow_missing_files?: boolean;
  dry_run?: boolean;
}

/** The result of a restore. `safety_snapshot_id`: the snapshot of the state before it. */
export interface RestoreReport {
  snapshot_id: number;
  resource_type: string;
  upserted_count: number;
  missing_files_count: number;
  permanently_deleted_count: number;
  errors: string[];
  dry_run: boolean;
  safety_snapshot_id: number | null;
}

/** What to restore. `confirm_restore_dependencies`: also restore the sets and the like that it needs. */
export interface RestoreResources {
  resources: readonly Resource[];
  confirm_restore_dependencies?: boolean;
}

/** One picture, set, character or project to restore. `topics`: restore only these topics of a picture. */
export interface Resource {
  type: ResourceType;
  id: number;
  topics?: readonly string[] | null;
}

/**
 * Where to write a backup: a folder, or a file whose name ends in `.zip`. `query`: back up only these pictures.
 * `access`: logins, tokens and the history go along. They are secrets, so by default they do not.
 */
export interface MakeBackup {
  path: string;
  query?: string;
  access?: boolean;
}

/**
 * The result of a backup. `copied`: new originals, of `bytes` in all; `dropped`: originals that were deleted from it.
 * `lost`: pictures whose original could not be read as it was; `missing`: the names of the first hundred.
 */
export interface BackupReport {
  path: string;
  pictures: number;
  originals: number;
  copied: number;
  bytes: number;
  dropped: number;
  lost: number;
  missing: string[];
}

/**
 * Which originals to download: a selection, or the pictures of a query `q`, in its order. `beside`: files to add beside
 * each picture. `name` is that of the zip file, without its extension. With `options`, the zip file is an export with
 * them, and `beside` is ignored.
 */
export interface PrepareDownload {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  q?: string | null;
  beside?: "captions" | "metadata" | "none";
  name?: string;
  options?: ExportOptions | null;
}

/**
 * How pictures are exported; docs/export.md describes each option. `side`: the longest side in pixels at most;
 * `bucket`: crop to resolution buckets of this side instead; `faces`: export crops of faces instead of whole pictures,
 * each with `margin` of its size around it. Without these and with `format` "original", files stay as they are, except
 * that `strip` removes their metadata. `text`: write a caption file beside each picture, made from `template`; `jsonl`:
 * also write `metadata.jsonl`; `metadata`: write a `.json` file with all that is known beside each picture. `captions`:
 * whose captions `{caption}` has, by preference: "you" or the id of an engine (empty: as displayed).
 */
export interface ExportOptions {
  layout?: "ai-toolkit" | "kohya" | "onetrainer" | "plain";
  side?: number | null;
  bucket?: number | null;
  faces?: boolean;
  margin?: number;
  format?: "jpeg" | "original" | "png" | "webp";
  quality?: number;
  strip?: boolean;
  text?: boolean;
  jsonl?: boolean;
  metadata?: boolean;
  template?: string;
  trigger?: string;
  class_word?: string;
  repeats?: number;
  captions?: readonly string[];
  several?: "all" | "first" | "turn";
  tags_by?: "all" | "engines" | "people";
  without?: readonly string[];
  underscores?: boolean;
  name?: string;
}

/** A prepared download, to be fetched within an hour. `bytes`: the sum of the originals' sizes. */
export interface Download {
  id: string;
  name: string;
  pictures: number;
  bytes: number;
}

/**
 * Preview an export of a selection, or of the pictures of a query `q`. Tokens are those of CLIP, or of the `tokenizer`:
 * the path of a model's tokenizer.json on the server, for its owner.
 */
export interface PreviewExport {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  q?: string | null;
  options?: ExportOptions;
  tokenizer?: string | null;
}

/**
 * What an export would have: the first 20 pictures, the 200 most frequent tags, and all resolution buckets. `empty`:
 * pictures whose caption would be empty; `long`: those with more than 75 tokens, which are estimated unless `exact`;
 * `left_out`: moving pictures, which cannot be resized.
 */
export interface ExportPreview {
  pictures: number;
  empty: number;
  long: number;
  left_out: number;
  samples: ExportSample[];
  tags: TagTotal[];
  buckets: BucketTotal[];
  layout: string[];
  exact: boolean;
}

/** One picture as it would be exported. `text` is its caption, or None. */
export interface ExportSample {
  id: number;
  name: string;
  text: string | null;
  tokens: number;
  width: number;
  height: number;
}

/** How many exported captions can have a tag. */
export interface TagTotal {
  name: string;
  pictures: number;
}

/** The number of pictures of one resolution bucket. */
export interface BucketTotal {
  width: number;
  height: number;
  pictures: number;
}

/**
 * Which pictures to export to where: a selection, or the pictures of a query `q`, in its order. `path`: a new or empty
 * folder, an earlier export of this library, or a new file whose name ends in `.zip`. With `again`, the path of a
 * manifest, its pictures are exported again with its options, names and captions.
 */
export interface MakeExport {
  view?: string | null;
  ranges?: readonly (readonly [number, number])[] | null;
  ids?: readonly number[] | null;
  stacks?: boolean;
  path: string;
  q?: string | null;
  options?: ExportOptions;
  again?: string | null;
}

/**
 * The result of an export. `written`: new or changed files, of `bytes` in all; `deleted`: files of the previous export
 * that are in this one no more. `problems`: the first hundred of the `left_out` pictures, with reasons; `differs`: the
 * first hundred files of an export from a manifest whose bytes are not the same.
 */
export interface ExportReport {
  path: string;
  pictures: number;
  files: number;
  written: number;
  bytes: number;
  deleted: number;
  left_out: number;
  problems: string[];
  differs: string[];
}

/**
 * The changes of a picture up to a snapshot, or to the present (`snapshot_id` is null), since the entry before.
 * `exists`: whether it was in the library; `problem`: why the snapshot cannot be read.
 */
export interface PictureMoment {
  snapshot_id: number | null;
  label: string | null;
  at: string | null;
  exists: boolean;
  changes: PictureChange[];
  problem: string | null;
}

/** One change of a picture: added (`old` is null), removed (`new` is null) or changed. */
export interface PictureChange {
  topic: string;
  old: string | null;
  new: string | null;
}

/** A token. `last_used` is accurate to the minute; without `scope`, it is for the whole library. */
export interface TokenInfo {
  id: number;
  label: string;
  right: Right;
  created: string;
  last_used: string | null;
  scope: Grant | null;
  expires: string | null;
}

/** `scope`: only this part of the library, for the rights to read and write. `expires`: a time with its zone. */
export interface CreateToken {
  rights?: Right;
  label?: string;
  scope?: Grant | null;
  expires?: string | null;
}

/** A new token with its secret, which is shown only this once. */
export interface NewToken {
  token: string;
  id: number;
  rights: Right;
  expires: string | null;
}

/**
 * A signed-in browser. `browser` is what it calls itself, in a few words; empty if unknown. `last_used` is accurate to
 * the minute. The session ends at `expires` unless it is used before. `token`: the name or number of the token that it
 * was signed in with; None for a password or a one-time link. `current`: the caller's own.
 */
export interface BrowserSession {
  id: number;
  browser: string;
  created: string;
  last_used: string;
  expires: string;
  token: string | null;
  current: boolean;
}

/** How many sessions were ended. */
export interface EndedSessions {
  ended: number;
}

/** A plugin: what it registers, or the problems that prevent it or parts of it from loading. */
export interface PluginInfo {
  name: string;
  distribution: string;
  version: string;
  hooks: string[];
  objects: string[];
  enabled: boolean;
  problems: string[];
}

/** The result of `pixlstash check`. `problems` is empty if there are none. */
export interface CheckReport {
  pictures: number;
  locations: number;
  verified: number;
  problems: string[];
}

/**
 * The update check and its last result. `releases` are newer ones, the newest first. `address` is the URL that a check
 * requests, `checked` the time of the last check; without one, nothing was checked. `problem` says why the last check
 * failed. `security` is the highest severity that affects this version.
 */
export interface Updates {
  enabled: boolean;
  version: string;
  installation: Installation;
  endpoint: string;
  address: string;
  checked: string | null;
  problem: string | null;
  releases: Release[];
  security: Severity | null;
  instruction: string;
  dismissed: boolean;
}

/**
 * A release that is newer than this one. `changes` is plain text. `security`: the severity of the vulnerability that it
 * fixes, in the versions `affected` (such as "<1.8.3"). `affects`: whether this version is one of them.
 */
export interface Release {
  version: string;
  date: string | null;
  changes: string;
  security: Severity | null;
  affected: string;
  affects: boolean;
}

/** Fields that are left out do not change. `endpoint`: another server to ask; "" is the default one. */
export interface SetUpdates {
  enabled?: boolean | null;
  endpoint?: string | null;
}

/** Do not show this release, or an older one, as a notice again. */
export interface DismissUpdate {
  version: string;
}

/** All outgoing connections and cookies, and the privacy policy with the date of its last change. */
export interface Privacy {
  connections: Connection[];
  cookies: CookieInfo[];
  policy: PolicySection[];
  updated: string;
}

/**
 * A kind of outgoing connection. `state`: `off` or `on` by a setting, or made only on `request`. `hosts`: where it goes
 * in this library, as far as that is known.
 */
export interface Connection {
  name: string;
  title: string;
  when: string;
  who: string;
  where: string;
  why: string;
  sends: string;
  state: "off" | "on" | "request";
  hosts: string[];
}

/** A kind of cookie. Names begin with `prefix`, or with `__Host-` before it under https; kept at most `days`. */
export interface CookieInfo {
  prefix: string;
  title: string;
  when: string;
  who: string;
  why: string;
  days: number;
}

export interface PolicySection {
  heading: string;
  paragraphs: string[];
}

/** The current login. `needs_password`: all other requests are refused until a password is set. */
export interface SessionInfo {
  principal: string;
  rights: Right;
  library: string;
  claimed: boolean;
  needs_password: boolean;
  read_only: boolean;
  public_id: string;
}

/** Exactly one credential: the secret of a one-time link, the password, or a token. */
export interface SignIn {
  claim?: string | null;
  password?: string | null;
  token?: string | null;
}

/** The new password; `current` is required if one is set. */
export interface SetPassword {
  password: string;
  current?: string | null;
}

/** A picture to search with that is not imported: `like:upload:TOKEN`, `face:upload:TOKEN`. */
export interface Held {
  token: string;
  until: string;
}

/**
 * What an engine found in a file that is not in the library: `tags` that would count, the surest first, for a tagger;
 * `text` is the caption, or the result of another kind as text.
 */
export interface Tried {
  engine: string;
  kind: string;
  tags: TriedTag[];
  text: string;
}

/** A tag that an engine found in a file, with its confidence from 0 to 1. */
export interface TriedTag {
  name: string;
  confidence: number;
}

/**
 * What a link shows. `pictures` are the names of the pictures in the paths below. `originals`: whether those are
 * offered. `scores`: the stars that this browser gave, by picture; null: no stars.
 */
export interface SharedPictures {
  title: string;
  pictures: string[];
  download: boolean;
  originals: Originals;
  scores: Record<string, number> | null;
}

/** `secret` is what follows `#` in the link. */
export interface OpenLink {
  secret: string;
  password?: string | null;
}

/** 1 to 5 stars; 0: none any more. */
export interface GiveScore {
  score: number;
}

/** A module as the browser interface loads it. `address` is its path on this server. */
export interface PageModuleInfo {
  plugin: string;
  place: "grid" | "menu" | "page" | "picture" | "viewer";
  id: string;
  title: string;
  kind: string | null;
  address: string;
}

export const operations = {
  reset_owner: "POST /owner/reset" as Operation<{}, string>,
  info: "GET /library" as Operation<{}, LibraryInfo>,
  view: "GET /views" as Operation<{ q?: string | null; sort?: string | null; at?: number | null; veil?: boolean | null }, ArrayBuffer>,
  veil: "GET /veil" as Operation<{}, HideAndBlur>,
  set_veil: "PUT /veil" as Operation<HideAndBlur, Done>,
  suggest: "GET /views/suggest" as Operation<{ q?: string | null; limit?: number | null; veil?: boolean | null }, Suggestion[]>,
  block: "GET /views/{view}/blocks/{b}" as Operation<{ view: string; b: number }, ArrayBuffer>,
  details: "GET /views/{view}/details/{b}" as Operation<{ view: string; b: number; veil?: boolean | null }, Rows>,
  pictures: "GET /pictures" as Operation<{ q?: string | null; sort?: string | null; offset?: number | null; limit?: number | null }, Picture[]>,
  find: "GET /pictures/find" as Operation<{ q?: string | null; sort?: string | null }, Found>,
  count: "GET /pictures/count" as Operation<{ q?: string | null; veil?: boolean | null }, Total>,
  statistics: "GET /pictures/statistics" as Operation<{ q?: string | null; veil?: boolean | null }, Statistics>,
  alike: "GET /pictures/alike" as Operation<{ q: string; limit?: number | null }, Alike[]>,
  liked: "GET /pictures/{id}/liked" as Operation<{ id: number }, Liked>,
  why: "GET /pictures/{id}/why" as Operation<{ id: number; q?: string | null }, Why>,
  picture_text: "GET /pictures/{id}/text" as Operation<{ id: number }, PictureText>,
  picture_faces: "GET /pictures/{id}/faces" as Operation<{ id: number }, FaceInfo[]>,
  character_faces: "GET /characters/{id}/faces" as Operation<{ id: number }, CharacterFaces>,
  suggest_character: "GET /characters/{id}/suggestions" as Operation<{ id: number; q?: string | null; limit?: number | null }, MaybeCharacter[]>,
  merge_characters: "POST /characters/merge" as Operation<MergeCharacters, Done>,
  face_clusters: "GET /faces/clusters" as Operation<{ q?: string | null; limit?: number | null; each?: number | null }, FaceClusters>,
  assign_faces: "POST /faces/assign" as Operation<AssignFaces, Created>,
  reject_faces: "POST /faces/reject" as Operation<RejectFaces, Done>,
  forget_faces: "POST /faces/forget" as Operation<Faces, Done>,
  refer_faces: "POST /faces/refer" as Operation<ReferFaces, Done>,
  draw_face: "POST /faces/draw" as Operation<DrawFace, Created>,
  review_tags: "GET /review/tags" as Operation<{ q?: string | null; limit?: number | null; veil?: boolean | null }, TagToReview[]>,
  review_tag: "GET /review/tag" as Operation<{ tag: string; q?: string | null; offset?: number | null; limit?: number | null; order?: ReviewOrder | null; veil?: boolean | null }, TagReview>,
  decide_tag: "POST /review/tag" as Operation<DecideTag, Done>,
  review_characters: "GET /review/characters" as Operation<{ q?: string | null; limit?: number | null; veil?: boolean | null }, CharacterToReview[]>,
  review_faces: "GET /review/faces" as Operation<{ q?: string | null; character?: number | null; limit?: number | null; veil?: boolean | null }, MaybeCharacter[]>,
  decide_faces: "POST /review/faces" as Operation<DecideFaces, Done>,
  picture: "GET /pictures/{id}" as Operation<{ id: number; veil?: boolean | null }, PictureDetail>,
  thumbnail: "GET /pictures/{id}/thumbnail" as Operation<{ id: number; v?: string | null; turned?: string | null }, ArrayBuffer>,
  original: "GET /pictures/{id}/original" as Operation<{ id: number; download?: string | null }, ArrayBuffer>,
  payload: "GET /pictures/{id}/payloads/{name}" as Operation<{ id: number; name: string }, string>,
  score: "POST /pictures/score" as Operation<ScorePictures, Done>,
  delete: "POST /pictures/delete" as Operation<DeletePictures, Done>,
  restore: "POST /pictures/restore" as Operation<RestorePictures, Done>,
  sidebar: "GET /sidebar" as Operation<{ veil?: boolean | null }, Sidebar>,
  icons: "GET /icons" as Operation<{}, string[]>,
  sets: "GET /sets" as Operation<{}, SetInfo[]>,
  create_set: "POST /sets" as Operation<Create, Created>,
  find_set: "GET /sets/{id}" as Operation<{ id: number }, SetInfo>,
  edit_set: "PATCH /sets/{id}" as Operation<{ id: number } & EditSet, Done>,
  delete_set: "DELETE /sets/{id}" as Operation<{ id: number }, Done>,
  set_members: "GET /sets/{id}/members" as Operation<{ id: number }, Members>,
  add_to_set: "POST /sets/{id}/add" as Operation<{ id: number } & Selection, Done>,
  take_from_set: "POST /sets/{id}/take" as Operation<{ id: number } & Selection, Done>,
  arrange_set: "POST /sets/{id}/arrange" as Operation<{ id: number } & ArrangeSet, Done>,
  characters: "GET /characters" as Operation<{}, CharacterInfo[]>,
  create_character: "POST /characters" as Operation<Create, Created>,
  find_character: "GET /characters/{id}" as Operation<{ id: number }, CharacterInfo>,
  edit_character: "PATCH /characters/{id}" as Operation<{ id: number } & Edit, Done>,
  delete_character: "DELETE /characters/{id}" as Operation<{ id: number }, Done>,
  character_members: "GET /characters/{id}/members" as Operation<{ id: number }, Members>,
  add_to_character: "POST /characters/{id}/add" as Operation<{ id: number } & Selection, Done>,
  take_from_character: "POST /characters/{id}/take" as Operation<{ id: number } & Selection, Done>,
  projects: "GET /projects" as Operation<{}, ProjectInfo[]>,
  create_project: "POST /projects" as Operation<Create, Created>,
  find_project: "GET /projects/{id}" as Operation<{ id: number }, ProjectInfo>,
  edit_project: "PATCH /projects/{id}" as Operation<{ id: number } & Edit, Done>,
  delete_project: "DELETE /projects/{id}" as Operation<{ id: number }, Done>,
  project_members: "GET /projects/{id}/members" as Operation<{ id: number }, Members>,
  add_to_project: "POST /projects/{id}/add" as Operation<{ id: number } & Selection, Done>,
  drop_on_project: "POST /projects/{id}/drop" as Operation<{ id: number } & DropOnProject, Moved>,
  take_from_project: "POST /projects/{id}/take" as Operation<{ id: number } & TakeFromProject, Done>,
  add_link: "POST /projects/{id}/links" as Operation<{ id: number } & AddLink, Created>,
  remove_link: "DELETE /projects/{id}/links/{link}" as Operation<{ id: number; link: number }, Done>,
  queries: "GET /queries" as Operation<{}, SavedQuery[]>,
  save_query: "POST /queries" as Operation<SaveQuery, Created>,
  edit_query: "PATCH /queries/{id}" as Operation<{ id: number } & EditQuery, Done>,
  delete_query: "DELETE /queries/{id}" as Operation<{ id: number }, Done>,
  picture_stack: "GET /pictures/{id}/stack" as Operation<{ id: number }, Stack>,
  stack: "POST /stacks" as Operation<StackPictures, Created>,
  unstack: "POST /stacks/dissolve" as Operation<Selection, Done>,
  take_from_stack: "POST /stacks/take" as Operation<Selection, Done>,
  preview_stacks: "POST /stacks/preview" as Operation<StackByRule, StackPreview>,
  stack_by_rule: "POST /stacks/rule" as Operation<StackByRule, Done>,
  arrange_stack: "POST /stacks/{id}/arrange" as Operation<{ id: number } & ArrangeStack, Done>,
  turn: "POST /pictures/turn" as Operation<TurnPictures, Done>,
  date: "POST /pictures/date" as Operation<DatePictures, Done>,
  duplicates: "GET /duplicates" as Operation<{ rule?: KeepRule | null; distance?: number | null; veil?: boolean | null }, Duplicates>,
  preview_duplicates: "POST /duplicates/preview" as Operation<ResolveDuplicates, DuplicatePreview>,
  resolve_duplicates: "POST /duplicates/resolve" as Operation<ResolveDuplicates, Done>,
  not_duplicates: "POST /duplicates/deny" as Operation<NotDuplicates, Done>,
  preview_empty: "POST /scrapheap/preview" as Operation<PreviewEmpty, EmptyPreview>,
  empty_scrapheap: "POST /scrapheap/empty" as Operation<EmptyScrapheap, Done>,
  picture_tags: "GET /pictures/{id}/tags" as Operation<{ id: number }, PictureTag[]>,
  add_tags: "POST /pictures/tags/add" as Operation<AddTags, Done>,
  remove_tags: "POST /pictures/tags/remove" as Operation<RemoveTags, Done>,
  accept_tags: "POST /pictures/tags/accept" as Operation<AcceptTags, Done>,
  reject_tags: "POST /pictures/tags/reject" as Operation<RejectTags, Done>,
  tags: "GET /tags" as Operation<{ limit?: number | null; offset?: number | null; never?: boolean | null }, TagInfo[]>,
  complete_tags: "GET /tags/complete" as Operation<{ text?: string | null; limit?: number | null; veil?: boolean | null }, Completion[]>,
  tag_confidences: "GET /tags/confidences" as Operation<{ name: string; q?: string | null; veil?: boolean | null }, TagConfidences>,
  tag: "GET /tags/named" as Operation<{ name: string }, TagDetail>,
  rename_tag: "POST /tags/rename" as Operation<RenameTag, Done>,
  merge_tags: "POST /tags/merge" as Operation<MergeTags, Done>,
  categorise_tags: "POST /tags/category" as Operation<CategoriseTags, Done>,
  alias_tags: "POST /tags/alias" as Operation<AliasTags, Done>,
  imply_tags: "POST /tags/imply" as Operation<ImplyTags, Done>,
  never_tags: "POST /tags/never" as Operation<NeverTags, Done>,
  import_tags: "POST /tags/import" as Operation<ImportTags, ImportedTags>,
  tagging: "GET /tags/combine" as Operation<{}, Tagging>,
  set_tagging: "PUT /tags/combine?combine" as Operation<{ combine: string }, undefined>,
  caption: "GET /pictures/{id}/caption" as Operation<{ id: number }, CaptionDetail>,
  set_caption: "POST /pictures/caption" as Operation<SetCaption, Done>,
  preview_captions: "POST /pictures/captions/preview" as Operation<EditCaptions, CaptionPreview>,
  edit_captions: "POST /pictures/captions/edit" as Operation<EditCaptions, Done>,
  lint_captions: "POST /pictures/captions/lint" as Operation<LintCaptions, CaptionReport>,
  engines: "GET /engines" as Operation<{}, EngineInfo[]>,
  engine: "GET /engines/named" as Operation<{ id: string }, EngineDetail>,
  uninstalled_engines: "GET /engines/uninstalled" as Operation<{}, UninstalledEngine[]>,
  rehearse_engine: "POST /engines/rehearse" as Operation<RehearseEngine, Job>,
  rehearsal: "GET /engines/rehearsals/{id}" as Operation<{ id: number }, Rehearsal>,
  run_engine: "POST /engines/run" as Operation<RunEngine, Job>,
  train_engine: "POST /engines/train" as Operation<TrainEngine, Job>,
  trained_engine: "GET /engines/trained" as Operation<{ id: string }, TrainingInfo>,
  set_engine: "POST /engines/settings" as Operation<SetEngine, EngineInfo>,
  allow_host: "POST /engines/allow" as Operation<AllowHost, EngineDetail>,
  fetch_weights: "POST /engines/fetch" as Operation<FetchWeights, Job>,
  similar: "POST /pictures/similar" as Operation<FindSimilar, SimilarFound>,
  job_errors: "GET /jobs/{id}/errors" as Operation<{ id: number }, EngineError[]>,
  retry_job: "POST /jobs/{id}/retry" as Operation<{ id: number }, Job>,
  revert_job: "POST /jobs/{id}/revert" as Operation<{ id: number }, Done>,
  links: "GET /links" as Operation<{}, LinkInfo[]>,
  create_link: "POST /links" as Operation<CreateLink, LinkInfo>,
  replace_link: "POST /links/{id}/replace" as Operation<{ id: number }, LinkInfo>,
  link_gained: "GET /links/{id}/gained" as Operation<{ id: number }, number[]>,
  visit_link: "POST /links/{id}/visit" as Operation<{ id: number }, LinkInfo>,
  revoke_link: "DELETE /links/{id}" as Operation<{ id: number }, undefined>,
  link_scores: "GET /links/{id}/scores" as Operation<{ id: number }, GuestScore[]>,
  accept_scores: "POST /links/{id}/scores/accept" as Operation<{ id: number } & AcceptScores, Done>,
  guest_scores: "GET /pictures/{id}/guest-scores" as Operation<{ id: number }, GuestScore[]>,
  preview_steps: "POST /publications/preview" as Operation<PreviewSteps, ArrayBuffer>,
  publish: "POST /publications" as Operation<Publish, Job>,
  publications: "GET /publications" as Operation<{}, Publication[]>,
  unpublish: "DELETE /publications/{id}" as Operation<{ id: number }, undefined>,
  undo: "POST /undo" as Operation<{}, Done>,
  redo: "POST /redo" as Operation<{}, Done>,
  history: "GET /history" as Operation<{ limit?: number | null }, HistoryEntry[]>,
  uploads: "GET /uploads" as Operation<{}, Upload[]>,
  upload: "POST /uploads?name&modified" as Operation<{ name: string; modified?: number | null }, Uploaded>,
  begin_upload: "POST /uploads/partial" as Operation<BeginUpload, Upload>,
  find_upload: "GET /uploads/{id}" as Operation<{ id: string }, Upload>,
  cancel_upload: "DELETE /uploads/{id}" as Operation<{ id: string }, undefined>,
  continue_upload: "PATCH /uploads/{id}?offset" as Operation<{ id: string; offset: number }, Upload>,
  uploaded_files: "GET /uploads/{id}/files" as Operation<{ id: string; offset?: number | null; limit?: number | null }, UploadedFile[]>,
  import_paths: "POST /imports" as Operation<ImportPaths, Job>,
  folders: "GET /folders" as Operation<{}, ReferenceFolder[]>,
  add_folder: "POST /folders" as Operation<AddFolder, ReferenceFolder>,
  edit_folder: "PATCH /folders/{id}" as Operation<{ id: number } & EditFolder, ReferenceFolder>,
  remove_folder: "DELETE /folders/{id}?keep" as Operation<{ id: number; keep?: boolean | null }, Done>,
  preview_remove_folder: "GET /folders/{id}/removal" as Operation<{ id: number }, FolderRemoval>,
  relocate_folder: "POST /folders/{id}/relocate" as Operation<{ id: number } & RelocateFolder, Done>,
  set_sidecars: "PUT /folders/{id}/sidecars" as Operation<{ id: number } & SidecarPolicy, ReferenceFolder>,
  sidecar_problems: "GET /folders/{id}/sidecars/problems" as Operation<{ id: number }, SidecarProblem[]>,
  conflicts: "GET /conflicts" as Operation<{ limit?: number | null; offset?: number | null }, SidecarConflict[]>,
  resolve_conflicts: "POST /conflicts/resolve" as Operation<ResolveConflicts, Done>,
  scan_folder: "POST /folders/{id}/scan" as Operation<{ id: number }, Job>,
  folder_tree: "GET /folders/{id}/tree" as Operation<{ id: number; path?: string | null }, FolderTree>,
  import_folders: "GET /import-folders" as Operation<{}, ImportFolder[]>,
  add_import_folder: "POST /import-folders" as Operation<AddImportFolder, ImportFolder>,
  edit_import_folder: "PATCH /import-folders/{id}" as Operation<{ id: number } & EditImportFolder, ImportFolder>,
  remove_import_folder: "DELETE /import-folders/{id}" as Operation<{ id: number }, Done>,
  scan_import_folder: "POST /import-folders/{id}/scan" as Operation<{ id: number }, Job>,
  source_kinds: "GET /stores/kinds" as Operation<{}, SourceKinds>,
  store_list: "GET /stores" as Operation<{}, StoreState[]>,
  create_store: "POST /stores" as Operation<AddStore, StoreState>,
  preview_remove_store: "GET /stores/{id}/removal" as Operation<{ id: number }, FolderRemoval>,
  remove_store: "DELETE /stores/{id}?keep" as Operation<{ id: number; keep?: boolean | null }, Done>,
  scan_store: "POST /stores/{id}/scan" as Operation<{ id: number }, Job>,
  import_from: "POST /imports/from" as Operation<ImportFrom, Job>,
  server_folders: "GET /server/folders" as Operation<{ path?: string | null }, ServerFolders>,
  caption_files: "GET /server/folders/captions" as Operation<{ path: string }, CaptionPattern[]>,
  measure_folder: "GET /server/folders/size" as Operation<{ path: string }, FolderSize>,
  jobs: "GET /jobs" as Operation<{}, Job[]>,
  job: "GET /jobs/{id}" as Operation<{ id: number }, Job>,
  cancel_job: "POST /jobs/{id}/cancel" as Operation<{ id: number }, Job>,
  hold_job: "POST /jobs/{id}/hold" as Operation<{ id: number }, Job>,
  pause_job: "POST /jobs/{id}/pause" as Operation<{ id: number }, Job>,
  resume_job: "POST /jobs/{id}/resume" as Operation<{ id: number }, Job>,
  snapshots: "GET /snapshots" as Operation<{}, Snapshot[]>,
  take_snapshot: "POST /snapshots" as Operation<TakeSnapshot, Snapshot>,
  snapshot_status: "GET /snapshots/status" as Operation<{}, SnapshotStatus>,
  set_snapshots: "PUT /snapshots/status" as Operation<SetSnapshots, SnapshotStatus>,
  verify_snapshots: "POST /snapshots/verify" as Operation<{}, SnapshotCheck[]>,
  snapshot: "GET /snapshots/{id}" as Operation<{ id: number }, Snapshot>,
  edit_snapshot: "PATCH /snapshots/{id}" as Operation<{ id: number } & EditSnapshot, Snapshot>,
  delete_snapshot: "DELETE /snapshots/{id}" as Operation<{ id: number }, undefined>,
  verify_snapshot: "POST /snapshots/{id}/verify" as Operation<{ id: number }, SnapshotCheck>,
  diff_snapshot: "GET /snapshots/{id}/diff" as Operation<{ id: number; against?: number | null }, SnapshotDiff>,
  preview_restore: "GET /snapshots/{id}/restore/preview" as Operation<{ id: number; keep_added?: boolean | null; kinds?: readonly RestoreKind[] | null }, RestorePreview>,
  restore_snapshot: "POST /snapshots/{id}/restore" as Operation<{ id: number } & RestoreSnapshot, RestoreReport>,
  preview_resources: "POST /snapshots/{id}/restore/preview/batch" as Operation<{ id: number } & RestoreResources, RestorePreview>,
  restore_resources: "POST /snapshots/{id}/restore/batch" as Operation<{ id: number } & RestoreResources, RestoreReport>,
  backup: "POST /backups" as Operation<MakeBackup, BackupReport>,
  prepare_download: "POST /downloads" as Operation<PrepareDownload, Download>,
  download: "GET /downloads/{id}" as Operation<{ id: string }, ArrayBuffer>,
  preview_export: "POST /exports/preview" as Operation<PreviewExport, ExportPreview>,
  export: "POST /exports" as Operation<MakeExport, ExportReport>,
  picture_history: "GET /pictures/{id}/history" as Operation<{ id: number }, PictureMoment[]>,
  tokens: "GET /tokens" as Operation<{}, TokenInfo[]>,
  create_token: "POST /tokens" as Operation<CreateToken, NewToken>,
  revoke_token: "DELETE /tokens/{id}" as Operation<{ id: number }, undefined>,
  sessions: "GET /sessions" as Operation<{}, BrowserSession[]>,
  end_session: "DELETE /sessions/{id}" as Operation<{ id: number }, undefined>,
  end_sessions: "POST /sessions/end?keep" as Operation<{ keep?: number | null }, EndedSessions>,
  plugin_list: "GET /plugins" as Operation<{}, PluginInfo[]>,
  check: "GET /check" as Operation<{ verify?: boolean | null }, CheckReport>,
  updates: "GET /updates" as Operation<{}, Updates>,
  set_updates: "PUT /updates" as Operation<SetUpdates, Updates>,
  dismiss_update: "POST /updates/dismiss" as Operation<DismissUpdate, Updates>,
  privacy: "GET /privacy" as Operation<{}, Privacy>,
  session: "GET /session" as Operation<{}, SessionInfo>,
  sign_in: "POST /session" as Operation<SignIn, SessionInfo>,
  sign_out: "DELETE /session" as Operation<{}, undefined>,
  set_password: "PUT /owner/password" as Operation<SetPassword, undefined>,
  hold: "POST /held?name" as Operation<{ name: string }, Held>,
  try_engine: "POST /engines/try?name&kind&engine" as Operation<{ name: string; kind?: string | null; engine?: string | null }, Tried>,
  events: "GET /events" as Operation<{ after?: number | null }, unknown>,
  export_snapshot: "GET /snapshots/{id}/export" as Operation<{ id: number }, ArrayBuffer>,
  shared_pictures: "GET /shared/{link}" as Operation<{ link: string }, SharedPictures>,
  open_link: "POST /shared/{link}/open" as Operation<{ link: string } & OpenLink, undefined>,
  shared_preview: "GET /shared/{link}/pictures/{picture}/preview" as Operation<{ link: string; picture: string }, ArrayBuffer>,
  shared_image: "GET /shared/{link}/pictures/{picture}/image" as Operation<{ link: string; picture: string; save?: boolean | null }, ArrayBuffer>,
  shared_original: "GET /shared/{link}/pictures/{picture}/original" as Operation<{ link: string; picture: string }, ArrayBuffer>,
  score_shared: "POST /shared/{link}/pictures/{picture}/score" as Operation<{ link: string; picture: string } & GiveScore, undefined>,
  page_modules: "GET /page-modules" as Operation<{}, PageModuleInfo[]>,
  page_module_file: "GET /page-modules/{plugin}/{id}/{file}" as Operation<{ plugin: string; id: string; file: string }, ArrayBuffer>,
};
