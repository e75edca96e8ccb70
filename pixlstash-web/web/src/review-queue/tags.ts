/** Tags that engines suggest, as a queue. */
import { call } from "../api/client";
import type { ReviewedTag } from "../api/schema";
import { organize } from "../state/actions";
import { hiding } from "../state/hiding.svelte";
import { AT_ONCE, type Source } from "./queue.svelte";
import type { Order } from "./words";

/** @param order the order that is chosen when pictures are read */
export const suggestedTags = (order: () => Order): Source<ReviewedTag> => ({
  subjects: async () => {
    const tags = await call("review_tags", { limit: 200, veil: hiding.parameter });
    return tags.map(({ name, waiting, doubtful }) => ({ key: name, name, waiting, doubtful }));
  },
  of: async (tag) => {
    const review = await call("review_tag", { tag, limit: AT_ONCE, order: order(), veil: hiding.parameter });
    return { name: review.tag, waiting: review.waiting, found: review.found, learned: review.learned };
  },
  say: async (tag, ones, yes) => {
    const ids = ones.map(({ picture }) => picture.id);
    return (await organize("decide_tag", { tag, [yes ? "yes" : "no"]: ids })) !== null;
  },
});
