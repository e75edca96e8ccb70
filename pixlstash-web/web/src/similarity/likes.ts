/** What pictures are to be like, as the query language writes it: `like:picture:7*0.5`, `face:upload:TOKEN`. */
import { split } from "../pages/terms";
import { quoted } from "../sidebar/place";

export interface Like {
  by: "like" | "face";
  /** `picture`, `upload`, `words`, `face`, or a kind of group: `set`, `character`. */
  source: string;
  /** An id, a token, a name or words. */
  value: string;
  weight: number;
}

const SOURCES = ["picture", "upload", "words", "set", "character", "project", "query", "folder", "face"];
const TERM = /^(like|face):(.+)$/s;
const WEIGHT = /^(.+)\*(\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})$/s;

function bare(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1
    ? text.slice(1, -1).replace(/\\(["\\])/g, "$1")
    : text;
}

/** A term of a query as what it is to be like, or null where it says something else. */
export function readLike(term: string): Like | null {
  const found = TERM.exec(term);
  if (!found) return null;
  const by = found[1] as Like["by"];
  let rest = bare(found[2] ?? "");
  const weighed = WEIGHT.exec(rest);
  const weight = weighed ? Number(weighed[2]) : 1;
  rest = weighed?.[1] ?? rest;
  const at = rest.indexOf(":");
  const source = rest.slice(0, Math.max(0, at));
  if (at > 0 && SOURCES.includes(source)) return { by, source, value: bare(rest.slice(at + 1)), weight };
  return { by, source: by === "face" ? "face" : "words", value: rest, weight };
}

export function writeLike({ by, source, value, weight }: Like): string {
  const plain = source === "words" || (by === "face" && source === "face");
  // Words that begin like a source would be taken for one.
  const said = plain && !SOURCES.includes(value.split(":", 1)[0] ?? "") ? value : `${source}:${value}`;
  const whole = weight === 1 && !WEIGHT.test(said) ? said : `${said}*${weight}`;
  return `${by}:${/^[\p{L}\p{N}_.:*-]+$/u.test(whole) ? whole : quoted(whole)}`;
}

/** Words as something to be like: what they mean counts, not how they are spelled. */
export function meaning(words: string): string {
  const text = words.replace(/"/g, " ").replace(/\s+/g, " ").trim();
  return text ? writeLike({ by: "like", source: "words", value: text, weight: 1 }) : "";
}

export function isLike(term: string): boolean {
  return readLike(term) !== null;
}

/** The query with these added to what its pictures are to be like, or in place of that. */
export function likened(q: string, likes: readonly Like[], add: boolean): string {
  const terms = split(q).filter((term) => (add ? true : !isLike(term)));
  const fresh = likes.map(writeLike).filter((term) => !terms.includes(term));
  return [...terms, ...fresh].join(" ");
}

/** A weight as people type it: 0.1 to 9.9, or null. */
export function weightOf(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return value >= 0.05 && value < 10 ? Math.round(value * 10) / 10 || 0.1 : null;
}
