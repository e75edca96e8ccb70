/** The form that an engine's settings ask for, read from their JSON Schema. */

export type Kind = "number" | "switch" | "choice" | "choices" | "text" | "words" | "secret" | "json";

/** As much of JSON Schema as settings use. `x-touches`: what a setting concerns. */
export interface Schema {
  title?: string;
  description?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  $defs?: Record<string, Schema>;
  $ref?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  format?: string;
  writeOnly?: boolean;
  "x-touches"?: "output" | "load" | "run";
}

/** One setting as a form shows it. */
export interface Field {
  name: string;
  label: string;
  hint: string;
  kind: Kind;
  /** Nothing may be said. */
  nullable: boolean;
  whole: boolean;
  min: number | null;
  max: number | null;
  step: number | null;
  options: readonly string[];
  longest: number | null;
  /** Other values are another producer: what was found with these is kept beside it. */
  remakes: boolean;
}

/** A name of a program as words: `max_new_tokens` as "Max new tokens". */
export function spelled(name: string): string {
  const words = name.replace(/[_-]+/g, " ").replace(/([a-z])([A-Z])/g, "$1 $2");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** The fields of a form, in the order they are declared in. */
export function fieldsOf(form: Schema): Field[] {
  return Object.entries(form.properties ?? {}).map(([name, schema]) => fieldOf(name, schema, form.$defs ?? {}));
}

function fieldOf(name: string, declared: Schema, parts: Record<string, Schema>): Field {
  const parted = (schema: Schema): Schema => ({ ...parts[schema.$ref?.split("/").at(-1) ?? ""], ...schema });
  const whole = parted(declared);
  const some = whole.anyOf?.map(parted).filter(({ type }) => type !== "null") ?? [];
  const nullable = Boolean(whole.anyOf?.some(({ type }) => type === "null"));
  const schema = some.length === 1 ? { ...whole, ...some[0] } : whole;
  const items = schema.items ? parted(schema.items) : null;
  const options = (schema.type === "array" ? items?.enum : schema.enum)?.filter((one) => one !== null) ?? [];
  return {
    name,
    label: whole.title && whole.title !== schema.$ref ? whole.title : spelled(name),
    hint: whole.description ?? "",
    kind: kindOf(schema, items, some.length > 1),
    nullable: nullable || Boolean(schema.enum?.includes(null)),
    whole: schema.type === "integer",
    min: schema.minimum ?? schema.exclusiveMinimum ?? null,
    max: schema.maximum ?? schema.exclusiveMaximum ?? null,
    step: schema.multipleOf ?? null,
    options: options.map(String),
    longest: schema.maxLength ?? null,
    remakes: declared["x-touches"] !== "run" && !schema.writeOnly,
  };
}

function kindOf(schema: Schema, items: Schema | null, several: boolean): Kind {
  if (schema.writeOnly) return "secret";
  if (several) return "json";
  const texts = schema.enum?.every((one) => one === null || typeof one === "string");
  if (schema.enum) return texts ? "choice" : "json";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "string") return "text";
  if (schema.type === "array" && items?.enum?.every((one) => typeof one === "string")) return "choices";
  if (schema.type === "array" && items?.type === "string") return "words";
  return "json";
}

/** How far a slider goes with one press of a key. */
export function stepOf({ whole, step, min, max }: Field): number {
  if (step !== null) return step;
  if (whole) return 1;
  const span = min !== null && max !== null ? max - min : 1;
  return 10 ** Math.floor(Math.log10(Math.max(span, 1e-6) / 50));
}

/** What somebody typed as a number; undefined where it is none. */
export function numberOf(
  text: string,
  { whole, nullable }: Pick<Field, "whole" | "nullable">,
): number | null | undefined {
  const plain = text.trim().replace(",", ".");
  if (!plain) return nullable ? null : undefined;
  const value = Number(plain);
  return Number.isFinite(value) && (!whole || Number.isInteger(value)) ? value : undefined;
}

/** Of what the server found wrong with settings: with which, and what. "Expected … - at `$.top`." is about `top`. */
export function faultOf(detail: string): { field: string | null; text: string } {
  const at = /^(.*?)\s*-\s*at `\$\.([^`.[\]]+)[^`]*`\.?$/s.exec(detail);
  if (!at) return { field: null, text: detail };
  const [, text = "", field = ""] = at;
  return {
    field,
    text: text
      .slice(text.lastIndexOf(": ") + 1)
      .trim()
      .replace(/`/g, ""),
  };
}

/** Of settings those that differ. */
export function changed(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
