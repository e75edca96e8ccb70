import { mount } from "svelte";
import "./app.css";
import { lookBack } from "./api/client";
import App from "./App.svelte";
import { parse } from "./state/address";
import { look } from "./state/look.svelte";

// A page looks at one time: going to another one loads it anew, so that nothing of the two is mixed.
lookBack(parse(location.search).asof ?? null);

look.apply();

export default mount(App, { target: document.body });
