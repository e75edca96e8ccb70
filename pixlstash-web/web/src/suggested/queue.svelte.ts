/** Tags that engines suggest and nobody decided on: one tag across pictures, the most doubtful first. */
import { get, query } from "../api/client";
import type { ReviewedTag, TagReview, TagToReview } from "../api/people";
import type { Done } from "../api/types";
import { because } from "../engines/engines.svelte";
import { organise } from "../state/actions";

/** So many pictures are looked at at once. */
const AT_ONCE = 60;

export class Queue {
  tags = $state.raw<readonly TagToReview[] | null>(null);
  /** The tag whose pictures these are. */
  tag = $state<string | null>(null);
  found = $state.raw<readonly ReviewedTag[] | null>(null);
  waiting = $state(0);
  problem = $state<string | null>(null);
  #asked = 0;

  async read(tag: string | null): Promise<void> {
    const asked = ++this.#asked;
    try {
      const tags = await get<TagToReview[]>(`/review/tags${query({ limit: 200 })}`);
      const wanted = tag ?? tags[0]?.name ?? null;
      const review =
        wanted === null ? null : await get<TagReview>(`/review/tag${query({ tag: wanted, limit: AT_ONCE })}`);
      if (asked !== this.#asked) return;
      this.tags = tags;
      this.tag = wanted;
      this.found = review?.found ?? [];
      this.waiting = review?.waiting ?? 0;
      this.problem = null;
    } catch (error) {
      if (asked === this.#asked) this.problem = because(error);
    }
  }

  /** Say of pictures whether they have the tag. They leave at once, and come back where that could not be said. */
  async decide(ones: readonly ReviewedTag[], yes: boolean): Promise<void> {
    const { tag, found, waiting } = this;
    if (tag === null || !found || !ones.length) return;
    this.#asked += 1; // what is on its way knows nothing of this
    this.found = found.filter((one) => !ones.includes(one));
    this.waiting = waiting - ones.length;
    const ids = ones.map(({ picture }) => picture.id);
    const done = await organise<Done>("POST", "/review/tag", { tag, [yes ? "yes" : "no"]: ids });
    if (!done && this.tag === tag) [this.found, this.waiting] = [found, waiting];
    else if (this.tag === tag && !this.found.length) await this.read(this.waiting > 0 ? tag : null);
  }
}
