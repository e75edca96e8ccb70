/** How this browser shows the product: theme, surround, and how dates and numbers are written. */

export type Theme = "system" | "dark" | "light";

/** The tone around pictures: the theme's own, or always the same. */
export type Surround = "theme" | "black" | "grey" | "white";
const SURROUNDS: readonly unknown[] = ["theme", "black", "grey", "white"];

/** A choice of a format: its name and the locale that writes so; the browser's own without one. */
export interface Format {
  name: string;
  locale?: string;
}

export const DATES: readonly Format[] = [
  { name: "system" },
  { name: "year first", locale: "sv-SE" },
  { name: "day first", locale: "en-GB" },
  { name: "month first", locale: "en-US" },
];
export const NUMBERS: readonly Format[] = [
  { name: "system" },
  { name: "comma", locale: "en-US" },
  { name: "point", locale: "de-DE" },
  { name: "space", locale: "fr-FR" },
];

const STORE = "pixlstash.look";
interface Kept {
  theme: Theme;
  surround: Surround;
  dates: string;
  numbers: string;
}

class Look {
  theme = $state<Theme>("system");
  surround = $state<Surround>("theme");
  dates = $state("system");
  numbers = $state("system");

  readonly #dateLocale = $derived(DATES.find(({ name }) => name === this.dates)?.locale);
  readonly numberLocale = $derived(NUMBERS.find(({ name }) => name === this.numbers)?.locale);
  readonly whole = $derived(new Intl.NumberFormat(this.numberLocale, { maximumFractionDigits: 0 }));
  readonly day = $derived(
    new Intl.DateTimeFormat(this.#dateLocale, { day: "numeric", month: "short", year: "numeric" }),
  );
  readonly dayTime = $derived(
    new Intl.DateTimeFormat(this.#dateLocale, {
      day: "numeric",
      month: "short",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
    }),
  );

  constructor() {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}") as Partial<Record<keyof Kept, unknown>>;
      if (kept.theme === "dark" || kept.theme === "light") this.theme = kept.theme;
      if (SURROUNDS.includes(kept.surround)) this.surround = kept.surround as Surround;
      if (DATES.some(({ name }) => name === kept.dates)) this.dates = kept.dates as string;
      if (NUMBERS.some(({ name }) => name === kept.numbers)) this.numbers = kept.numbers as string;
    } catch {
      // nothing kept, or not by us
    }
  }

  set(change: Partial<Kept>): void {
    Object.assign(this, change);
    this.apply();
    try {
      const { theme, surround, dates, numbers } = this;
      localStorage.setItem(STORE, JSON.stringify({ theme, surround, dates, numbers }));
    } catch {
      // private windows may refuse: then it holds until the page is left
    }
  }

  /** Before anything is drawn, and after each change. */
  apply(): void {
    const { dataset } = document.documentElement;
    dataset.theme = this.theme;
    dataset.surround = this.surround;
  }
}

export const look = new Look();
