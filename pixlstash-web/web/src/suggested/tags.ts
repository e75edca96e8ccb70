/** Tags that engines suggest, as a queue. */
import { get, query } from "../api/client";
import type { ReviewedTag, TagReview, TagToReview } from "../api/people";
import type { Done } from "../api/types";
import { organise } from "../state/actions";
import { veiling } from "../state/veiling.svelte";
import { AT_ONCE, type Source } from "./queue.svelte";

export const suggestedTags: Source<ReviewedTag> = {
  subjects: async () => {
    const tags = await get<TagToReview[]>(`/review/tags${query({ limit: 200, veil: veiling.parameter })}`);
    return tags.map(({ name, waiting, doubtful }) => ({ key: name, name, waiting, doubtful }));
  },
  of: async (tag) => {
    const review = await get<TagReview>(`/review/tag${query({ tag, limit: AT_ONCE, veil: veiling.parameter })}`);
    return { name: review.tag, waiting: review.waiting, found: review.found };
  },
  say: async (tag, ones, yes) => {
    const ids = ones.map(({ picture }) => picture.id);
    return (await organise<Done>("POST", "/review/tag", { tag, [yes ? "yes" : "no"]: ids })) !== null;
  },
};
