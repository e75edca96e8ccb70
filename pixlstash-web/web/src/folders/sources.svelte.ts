/** The kinds of stores and the importers of plugins, asked once: plugins are loaded when the server starts. */
import { call } from "../api/client";
import type { SourceKind, SourceKinds } from "../api/schema";
import { fieldsOf, type Schema } from "../engines/fields";

class Sources {
  kinds = $state.raw<SourceKinds | null>(null);

  /** Ask, unless they are known; without an answer there are none. */
  async read(): Promise<void> {
    if (!this.kinds) this.kinds = await call("source_kinds", {}).catch(() => null);
  }
}

export const sources = new Sources();

/** The settings that a form begins with: the defaults; texts that must be written are empty. */
export function defaultsOf({ form }: SourceKind): Record<string, unknown> {
  const schema = form as Schema;
  const required = schema.required ?? [];
  return Object.fromEntries(
    fieldsOf(schema).map(({ name, kind, options }) => {
      const standard = schema.properties?.[name]?.default;
      const first = kind === "text" ? "" : kind === "switch" ? false : kind === "choice" ? options[0] : undefined;
      return [name, standard ?? (required.includes(name) ? first : standard)];
    }),
  );
}

/** Of what the server found wrong with settings: with which, and what. */
export function sourceFault(detail: string, names: readonly string[]): { field: string | null; text: string } {
  const field =
    /at `\$\.([^`.[\]]+)[^`]*`/.exec(detail)?.[1] ??
    /field `([^`]+)`/.exec(detail)?.[1] ??
    /^(\w+): /.exec(detail)?.[1];
  const text = detail.replace(/ - at `\$[^`]*`/, "").replace(/`/g, "");
  return { field: field && names.includes(field) ? field : null, text: text.replace(/^\w+: /, "") };
}
