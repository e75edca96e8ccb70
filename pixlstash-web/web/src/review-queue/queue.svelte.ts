/** What engines suggest and nobody decided on: one tag or character across pictures, the most doubtful first. */
import { Resource } from "../state/resource.svelte";

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
  /** Decisions teach an engine that learns. */
  learned?: boolean;
}

/** Where suggestions come from, and where decisions go. */
export interface Source<T> {
  subjects: () => Promise<readonly Subject[]>;
  of: (key: string, subject: Subject | undefined) => Promise<Suggested<T>>;
  /** Whether it could be said. */
  say: (key: string, ones: readonly T[], yes: boolean) => Promise<boolean>;
}

interface Page<T> extends Suggested<T> {
  subjects: readonly Subject[];
  /** The subject whose suggestions these are. */
  key: string | null;
}

export class Queue<T> extends Resource<Page<T>> {
  constructor(readonly source: Source<T>) {
    super();
  }

  async read(key: string | null): Promise<void> {
    await this.ask(async () => {
      const subjects = await this.source.subjects();
      const wanted = key ?? subjects[0]?.key ?? null;
      const of = subjects.find((one) => one.key === wanted);
      const page = wanted === null ? { name: "", waiting: 0, found: [] } : await this.source.of(wanted, of);
      return { ...page, subjects, key: wanted };
    });
  }

  /** Say of suggestions whether they are right. They leave at once, and come back where that could not be said. */
  async decide(ones: readonly T[], yes: boolean): Promise<void> {
    const before = this.answer;
    if (!before || before.key === null || !ones.length) return;
    this.abort(); // what is on its way knows nothing of this
    const found = before.found.filter((one) => !ones.includes(one));
    this.answer = { ...before, found, waiting: before.waiting - ones.length };
    const said = await this.source.say(before.key, ones, yes);
    if (this.answer.key !== before.key) return;
    if (!said) this.answer = before;
    else if (!this.answer.found.length) await this.read(this.answer.waiting > 0 ? before.key : null);
  }
}
