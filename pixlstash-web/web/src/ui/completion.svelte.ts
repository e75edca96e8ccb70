/** What a text field offers to choose from while one types: the options, and the one Enter takes. */
import { Resource, type Question } from "../state/resource.svelte";

export class Completion<T> extends Resource<readonly T[]> {
  /** Index of the option that Enter takes, or -1. */
  at = $state(-1);

  /** @param first index of the option marked when new ones arrive */
  constructor(private readonly first: 0 | -1 = -1) {
    super();
  }

  get options(): readonly T[] {
    return this.answer ?? [];
  }

  get marked(): T | undefined {
    return this.options[this.at];
  }

  /** Offer what `question` answers, or nothing for an empty text. */
  async find(text: string, question: Question<readonly T[]>): Promise<void> {
    const found = await this.ask(async (signal) => (text.trim() ? question(signal).catch(() => []) : []));
    if (found) this.at = found.length ? this.first : -1;
  }

  offer(options: readonly T[]): void {
    this.abort();
    this.answer = options;
    this.at = options.length ? 0 : -1;
  }

  close(): void {
    this.clear();
    this.at = -1;
  }

  /** ↓ and ↑ walk around; answers whether `key` was one of them. */
  walk(key: string): boolean {
    const { at } = this;
    const count = this.options.length;
    if (!count || (key !== "ArrowDown" && key !== "ArrowUp")) return false;
    this.at = key === "ArrowDown" ? (at + 1) % count : at <= 0 ? count - 1 : at - 1;
    return true;
  }
}
