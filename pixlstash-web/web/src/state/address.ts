/** The page's address as what it stands for, and back. */
import type { Mode } from "../grid/layout";

export interface Place {
  /** Query text; empty for the whole library. */
  q: string;
  /** Sort name; empty for the server's usual one. */
  sort: string;
  /** Id of the picture at the top of the screen. */
  at: number | null;
  /** Id of the picture open in the viewer. */
  open: number | null;
  size: number | null;
  mode: Mode | null;
  /** Id of the first picture under review, how many stand side by side, and the chosen ones where it is not the view. */
  review?: number | null;
  panes?: number | null;
  of?: string | null;
  /** A page in place of the table, and what it is about: an engine, a character, a tag. */
  page?: Page | null;
  about?: string | null;
  /** The snapshot whose library is looked at, instead of the present one. */
  asof?: number | null;
}

const PAGES = [
  "duplicates",
  "engines",
  "faces",
  "people",
  "plugin",
  "settings",
  "snapshots",
  "suggested",
  "tags",
] as const;
export type Page = (typeof PAGES)[number];

/** Read a `location.search`. What is not understood is left out, never an error: links come from anywhere. */
export function parse(search: string): Place {
  const asked = new URLSearchParams(search);
  const mode = asked.get("mode");
  return {
    q: asked.get("q") ?? "",
    sort: asked.get("sort") ?? "",
    at: whole(asked.get("at")),
    open: whole(asked.get("open")),
    size: whole(asked.get("size")),
    mode: mode === "justified" || mode === "square" ? mode : null,
    ...reviewed(asked),
    ...turned(asked),
    ...(whole(asked.get("asof")) !== null && { asof: whole(asked.get("asof")) }),
  };
}

function reviewed(asked: URLSearchParams): Pick<Place, "review" | "panes" | "of"> {
  const review = whole(asked.get("review"));
  if (review === null) return {};
  const panes = Number(/^[1-4]$/.exec(asked.get("panes") ?? "")?.[0] ?? 0) || null;
  return { review, panes, of: asked.get("of") };
}

function turned(asked: URLSearchParams): Pick<Place, "page" | "about"> {
  const page = PAGES.find((one) => one === asked.get("page"));
  return page ? { page, about: asked.get("about") } : {};
}

/** The address for a place: `/?q=…`, without what is as usual. */
export function write(place: Place): string {
  const parts = Object.entries(place).filter(([, value]) => value != null && value !== "");
  const text = parts.map(([name, value]) => `${name}=${encode(String(value))}`).join("&");
  return text ? `/?${text}` : "/";
}

/** Readable where addresses allow it: `q=score:>=4` and not `q=score%3A%3E%3D4`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%3A/g, ":").replace(/%2C/g, ",").replace(/%20/g, "+");
}

function whole(text: string | null): number | null {
  return text && /^\d{1,10}$/.test(text) ? Number(text) : null;
}
