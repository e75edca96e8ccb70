/** Faces that are nobody's yet, by who they seem to be. */
import { call } from "../api/client";
import type { FaceCluster, FaceClusters, FaceInfo } from "../api/schema";
import { Resource } from "../state/resource.svelte";
import { keyOf } from "./boxes";

/** So many faces of one are shown. */
const EACH = 24;

export class Clusters extends Resource<FaceClusters> {
  /** Keys of faces that were left out of what is said of their group. */
  left = $state.raw<ReadonlySet<string>>(new Set());

  get list(): readonly FaceCluster[] | null {
    return this.answer?.clusters ?? null;
  }

  /** Otherwise they are still being grouped. */
  get ready(): boolean {
    return this.answer?.ready ?? true;
  }

  async read(): Promise<void> {
    await this.ask((signal) => call("face_clusters", { each: EACH }, signal));
  }

  toggle(face: FaceInfo): void {
    const key = keyOf(face);
    const left = new Set(this.left);
    if (!left.delete(key)) left.add(key);
    this.left = left;
  }

  /** The faces of a group that are meant. */
  meant({ faces }: FaceCluster): FaceInfo[] {
    return faces.filter((face) => !this.left.has(keyOf(face)));
  }
}
