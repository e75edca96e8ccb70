/** Looking for what is like pictures, or like the faces in them. */
import { because } from "../api/client";
import type { Entry } from "../sidebar/rows";
import { idsOf, type Selected } from "../state/actions";
import { route } from "../state/route.svelte";
import { toasts } from "../ui/toasts.svelte";
import { type Like, likened } from "./likes";

/** The server takes so many things to be like at once. */
const MOST = 50;

function first({ view, ranges, lost }: Selected): Selected {
  const some: [number, number][] = [];
  let left = MOST;
  for (const [from, to] of ranges) {
    if (left <= 0) break;
    some.push([from, Math.min(to, from + left)]);
    left -= to - from;
  }
  return { view, ranges: some, lost: lost?.slice(0, Math.max(0, left)) };
}

/** Show what is like these, by looks or by faces; `add`: beside what the search box holds. */
export async function similar(selected: Selected, by: Like["by"], add = false): Promise<void> {
  try {
    const ids = (await idsOf(first(selected))).slice(0, MOST);
    const likes = ids.map((id): Like => ({ by, source: "picture", value: String(id), weight: 1 }));
    route.go({ q: add ? likened(route.shown, likes, true) : likened("", likes, false), sort: "" });
  } catch (error) {
    toasts.bad(because(error));
  }
}

/** Show what is like all that is in a set, or like a character, and not there yet. */
export function likeEntry(entry: Entry): void {
  const like: Like = { by: "like", source: entry.kind, value: String(entry.id), weight: 1 };
  route.go({ q: likened(`-${entry.part}`, [like], false), sort: "" });
}
