/** What engines suggest and nobody decided on: one tag or character across pictures, the most doubtful first. */
import { because } from "../engines/engines.svelte";

/** So many are looked at at once. */
export const AT_ONCE = 60;

/** A tag or a character: of how many suggestions nobody decided, and how many of these are doubtful. */
export interface Subject {
  key: string;
  name: string;
  waiting: number;
  doubtful: number;
}

export interface Suggested<T> {
  name: string;
  waiting: number;
  found: readonly T[];
}

/** Where suggestions come from, and where decisions go. */
export interface Source<T> {
  subjects: () => Promise<readonly Subject[]>;
  of: (key: string, subject: Subject | undefined) => Promise<Suggested<T>>;
  /** Whether it could be said. */
  say: (key: string, ones: readonly T[], yes: boolean) => Promise<boolean>;
}

export class Queue<T> {
  subjects = $state.raw<readonly Subject[] | null>(null);
  /** The subject whose suggestions these are. */
  key = $state<string | null>(null);
  name = $state("");
  found = $state.raw<readonly T[] | null>(null);
  waiting = $state(0);
  problem = $state<string | null>(null);
  #asked = 0;

  constructor(readonly source: Source<T>) {}

  async read(key: string | null): Promise<void> {
    const asked = ++this.#asked;
    try {
      const subjects = await this.source.subjects();
      const wanted = key ?? subjects[0]?.key ?? null;
      const of = subjects.find((one) => one.key === wanted);
      const told = wanted === null ? null : await this.source.of(wanted, of);
      if (asked !== this.#asked) return;
      this.subjects = subjects;
      this.key = wanted;
      this.name = told?.name ?? "";
      this.found = told?.found ?? [];
      this.waiting = told?.waiting ?? 0;
      this.problem = null;
    } catch (error) {
      if (asked === this.#asked) this.problem = because(error);
    }
  }

  /** Say of suggestions whether they are right. They leave at once, and come back where that could not be said. */
  async decide(ones: readonly T[], yes: boolean): Promise<void> {
    const { key, found, waiting } = this;
    if (key === null || !found || !ones.length) return;
    this.#asked += 1; // what is on its way knows nothing of this
    this.found = found.filter((one) => !ones.includes(one));
    this.waiting = waiting - ones.length;
    const said = await this.source.say(key, ones, yes);
    if (!said && this.key === key) [this.found, this.waiting] = [found, waiting];
    else if (this.key === key && !this.found.length) await this.read(this.waiting > 0 ? key : null);
  }
}
