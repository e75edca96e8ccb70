import { expect, test } from "vitest";

const sources = import.meta.glob<string>(["./**/*.{ts,svelte}", "!./**/*.test.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const files = Object.keys(sources);

/** The file that `path` names in an import of `from`; undefined for packages. */
function resolved(from: string, path: string): string | undefined {
  const base = new URL(path, `file:///${from.slice(2)}`).pathname.slice(1);
  return files.find((file) => [base, `${base}.ts`, `${base}.svelte`].includes(file.slice(2)));
}

/** What a file imports when it is loaded: no types, and nothing that is loaded on demand. */
function importsOf(file: string): string[] {
  const statements = (sources[file] ?? "").matchAll(/^\s*(?:import|export)\s(?!type\s)[^;]*?from "(\.[^"]+)"/gm);
  return [...statements].flatMap(([, path = ""]) => resolved(file, path) ?? []);
}

/** The cycles met on a walk from each file, each as the files in it. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.add([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return [...found];
}

test("a cycle is found", () => {
  expect(cycles(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]]))).toEqual(["b → c → b"]); // prettier-ignore
});

test("no file imports itself through others", () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  expect(graph.get("./main.ts")).toContain("./App.svelte");
  expect(cycles(graph)).toEqual([]);
});
