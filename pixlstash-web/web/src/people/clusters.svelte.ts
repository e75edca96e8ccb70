/** Faces that are nobody's yet, by who they seem to be. */
import { get, query } from "../api/client";
import type { FaceCluster, FaceClusters, FaceInfo } from "../api/people";
import { because } from "../engines/engines.svelte";
import { keyOf } from "./boxes";

/** So many faces of one are shown. */
const EACH = 24;

export class Clusters {
  list = $state.raw<readonly FaceCluster[] | null>(null);
  ready = $state(true);
  unassigned = $state(0);
  problem = $state<string | null>(null);
  /** Keys of faces that were left out of what is said of their group. */
  left = $state.raw<ReadonlySet<string>>(new Set());

  async read(): Promise<void> {
    try {
      const found = await get<FaceClusters>(`/faces/clusters${query({ each: EACH })}`);
      this.list = found.clusters;
      this.ready = found.ready;
      this.unassigned = found.unassigned;
      this.problem = null;
    } catch (error) {
      this.problem = because(error);
    }
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
