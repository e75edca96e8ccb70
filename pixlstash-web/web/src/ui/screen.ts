import { MediaQuery } from "svelte/reactivity";

/** Whether the screen is a phone's; read it where it matters and it notices a change. */
export const narrow = new MediaQuery("max-width: 640px");
