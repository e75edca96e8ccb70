/** Pictures that are searched with and not imported: sent, held by the server for a while, and shown in their chips. */
import { transmit } from "../api/client";

class QueryImages {
  /** Addresses of what was sent, by token, as long as this page is open. */
  stills = $state.raw<ReadonlyMap<string, string>>(new Map());

  /** Send a picture to search with; its token. @throws ApiError */
  async hold(file: File): Promise<string> {
    const name = file.name || "picture";
    const { token } = await transmit("hold", { name }, file, new AbortController().signal, () => {});
    this.stills = new Map(this.stills).set(token, URL.createObjectURL(file));
    return token;
  }
}

export const held = new QueryImages();

/** The picture in a paste or a drop, if that is what it brings. */
export function pictureIn(data: DataTransfer | null): File | null {
  return [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/")) ?? null;
}
