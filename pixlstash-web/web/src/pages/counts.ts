import { request } from "../api/client";
import type { ViewHeader } from "../api/schema";
import { hiding } from "../state/hiding.svelte";

/** How many pictures pass `query`. Only the head of the view is read: the rest may be a megabyte. @throws ApiError */
export async function countOf(query: string, signal: AbortSignal): Promise<number> {
  const response = await request("view", { q: query, veil: hiding.parameter }, { signal });
  const reader = response.body?.getReader();
  if (!reader) return 0;
  let held = new Uint8Array();
  try {
    for (;;) {
      const length = held.length < 4 ? Infinity : new DataView(held.buffer).getUint32(0, true);
      if (held.length >= 4 + length) return header(held.subarray(4, 4 + length)).count;
      const { value, done } = await reader.read();
      if (done) throw new Error("The answer ended early");
      const longer = new Uint8Array(held.length + value.length);
      longer.set(held);
      longer.set(value, held.length);
      held = longer;
    }
  } finally {
    reader.cancel().catch(() => undefined); // given up already where somebody asked for something else
  }
}

function header(bytes: Uint8Array): ViewHeader {
  return JSON.parse(new TextDecoder().decode(bytes)) as ViewHeader;
}
