/** The addresses of pictures, for `src` and `href`. Grids need many at once: they are put together by hand. */
import { below } from "./client";
import { operations } from "./schema";

const THUMBNAIL = operations.thumbnail.slice("GET ".length);
const ORIGINAL = operations.original.slice("GET ".length);

/** A thumbnail. `version`: of all thumbnails, as a view names it; `turned`: what a turned picture is asked anew by. */
export function thumbnail(id: number, version = "", turned?: string): string {
  const again = turned === undefined ? "" : `&turned=${encodeURIComponent(turned)}`;
  return below(`${THUMBNAIL.replace("{id}", String(id))}?v=${version}${again}`);
}

/** The picture's file; to be saved rather than shown with `download`. */
export function original(id: number, download = false): string {
  return below(ORIGINAL.replace("{id}", String(id)) + (download ? "?download=1" : ""));
}
