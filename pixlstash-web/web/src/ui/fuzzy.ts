/** Fuzzy matching: all letters of what is typed, in their order, with gaps between them. */

const START = 8;
const NEXT = 9;
const ANY = 1;

/**
 * How well `text` matches, higher is better; null where a letter is missing. Letters at the beginning of words and right
 * after each other count more, and of equal ones the shorter text comes first. Both are folded; `typed` without spaces.
 */
export function match(text: string, typed: string): number | null {
  if (!typed) return 0;
  /** Best score with the letters so far, where the last one is at this index. */
  let scores = new Array<number>(text.length).fill(-Infinity);
  for (let n = 0; n < typed.length; n += 1) {
    const next = new Array<number>(text.length).fill(-Infinity);
    let before = n === 0 ? 0 : -Infinity;
    for (let i = 0; i < text.length; i += 1) {
      if (text[i] === typed[n]) {
        const starts = i === 0 || !/[\p{L}\p{N}]/u.test(text[i - 1] as string);
        const apart = before + (starts ? START : ANY);
        const joined = n > 0 && i > 0 ? (scores[i - 1] as number) + NEXT + (starts ? ANY : 0) : -Infinity;
        next[i] = Math.max(apart, joined);
      }
      if (n > 0) before = Math.max(before, scores[i] as number);
    }
    scores = next;
  }
  const best = Math.max(...scores);
  return best === -Infinity ? null : best - text.length / 100;
}
