/** The least similarity of results: `likeness:>=0.6` in the query language. */
const TERM = /^likeness:(?:>=?)?(\d*\.?\d+)(%?)$/;

/** The least similarity that a term asks for, 0 to 1; null where it says something else. */
export function readCutoff(term: string): number | null {
  const [, number, percent] = TERM.exec(term) ?? [];
  const least = Number(number) / (percent ? 100 : 1);
  return least >= 0 && least <= 1 ? least : null;
}

/** The terms with another cutoff; 0: without one. */
export function withCutoff(terms: readonly string[], least: number): string[] {
  const others = terms.filter((term) => readCutoff(term) === null);
  return least > 0 ? [...others, `likeness:>=${Math.round(least * 100) / 100}`] : others;
}
