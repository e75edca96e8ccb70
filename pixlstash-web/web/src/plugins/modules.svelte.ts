/** The modules with which plugins extend the page. They have the owner's rights, so they are loaded for the owner only. */
import { call } from "../api/client";
import type { PageModuleInfo } from "../api/schema";
import { library } from "../state/library.svelte";

export type PagePlace = PageModuleInfo["place"];

class PageModules {
  #list = $state.raw<readonly PageModuleInfo[]>([]);
  #read = false;
  /** Whether the list has arrived. */
  known = $state(false);

  /** Ask the server once which modules there are. */
  read(): void {
    if (this.#read || !library.owner || library.past) return;
    this.#read = true;
    call("page_modules").then(
      (list) => {
        this.#list = list;
        this.known = true;
      },
      () => (this.#read = false),
    );
  }

  in(place: PagePlace): readonly PageModuleInfo[] {
    return this.#list.filter((module) => module.place === place);
  }

  /** The viewer for a kind of media, if a plugin has one. */
  viewerOf(kind: string | undefined): PageModuleInfo | undefined {
    return this.in("viewer").find((module) => module.kind === kind);
  }

  /** The page that an address names as `plugin/id`. */
  pageOf(about: string | null): PageModuleInfo | undefined {
    return this.in("page").find((module) => aboutOf(module) === about);
  }
}

/** How an address names a page of a plugin. */
export function aboutOf({ plugin, id }: PageModuleInfo): string {
  return `${plugin}/${id}`;
}

export const pageModules = new PageModules();
