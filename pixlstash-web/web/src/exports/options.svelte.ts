/** What an export is asked for. It stays as it was until the page is loaded anew. */
import type { ExportOptions } from "../api/schema";

export type Shape = "original" | "side" | "bucket" | "faces";

export const LAYOUTS = [
  ["plain", "Plain"],
  ["kohya", "kohya"],
  ["ai-toolkit", "ai-toolkit"],
  ["onetrainer", "OneTrainer"],
] as const;
export const SHAPES: readonly (readonly [Shape, string])[] = [
  ["original", "Originals"],
  ["side", "Longest side"],
  ["bucket", "Buckets"],
  ["faces", "Faces"],
];
/** Fields of captions, in the order they are offered. */
export const FIELDS = ["{trigger}", "{caption}", "{tags:20}", "{text}", "{character}", "{prompt}", "{name}"] as const;

class Wanted {
  layout = $state<NonNullable<ExportOptions["layout"]>>("plain");
  shape = $state<Shape>("original");
  /** In pixels: of the longest side, or of buckets. Null while the field is empty. */
  pixels = $state<number | null>(1024);
  format = $state<NonNullable<ExportOptions["format"]>>("original");
  strip = $state(false);
  text = $state(true);
  jsonl = $state(false);
  metadata = $state(false);
  template = $state("{trigger}, {caption}, {tags:20}");
  trigger = $state("");
  class_word = $state("");
  repeats = $state<number | null>(10);
  several = $state<NonNullable<ExportOptions["several"]>>("first");
  tags_by = $state<NonNullable<ExportOptions["tags_by"]>>("all");
  without = $state("");
  underscores = $state(false);
  name = $state("{name}");

  /** As the server takes them. */
  get options(): ExportOptions {
    const { shape, layout, format, strip, text, jsonl, metadata, template, trigger, class_word, several, tags_by } =
      this;
    const pixels = this.pixels ?? 1024;
    const words = this.without.split(",").map((tag) => tag.trim());
    return {
      ...{ layout, format, strip, text, jsonl, metadata, template, trigger, class_word, several, tags_by },
      side: shape === "side" || shape === "faces" ? pixels : null,
      bucket: shape === "bucket" ? pixels : null,
      faces: shape === "faces",
      repeats: this.repeats ?? 1,
      without: words.filter(Boolean),
      underscores: this.underscores,
      name: this.name || "{name}",
    };
  }
}

export const wanted = new Wanted();
